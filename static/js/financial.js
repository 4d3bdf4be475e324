// The Financial tab. form[data-sum="id"]: the sum of its ticked boxes' data-pounds stands in #id. [data-flash]: rows that
// changed when htmx replaced the list flash once. [data-print]: opens the browser's print dialog.
(() => {
  const pence = (text) => Math.round(Number(text) * 100);
  const pounds = (amount) => `£${(amount / 100).toLocaleString("en-GB", { minimumFractionDigits: 2 })}`;

  function sum(form) {
    const boxes = [...form.querySelectorAll("[data-pounds]:checked")];
    const total = boxes.reduce((all, box) => all + pence(box.dataset.pounds), 0);
    document.getElementById(form.dataset.sum).textContent = pounds(total);
  }

  const rowsOf = (list) => new Map([...list.querySelectorAll("tr[id]")].map((row) => [row.id, row.textContent]));

  let before = new Map();
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.matches("[data-flash]")) before = rowsOf(event.target);
  });
  document.addEventListener("htmx:afterSettle", () => {
    const list = document.querySelector("[data-flash]");
    for (const [id, text] of list && before.size ? rowsOf(list) : []) {
      if (before.has(id) && before.get(id) !== text) document.getElementById(id).classList.add("flash");
    }
    before = new Map();
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-sum]");
    if (form) sum(form);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sum]").forEach(sum));
  document.addEventListener("click", (event) => event.target.closest("[data-print]") && window.print());
})();
