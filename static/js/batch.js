// The preview of a batch (form[data-batch]): its figures ([data-figure], "£" before those with data-sign) and the button
// follow what is ticked. Documents the page does not list are always raised; their part is what the figures began with.
(() => {
  const form = document.querySelector("form[data-batch]");
  if (!form) return;
  const boxes = [...form.querySelectorAll("tbody input[name=document]")];
  const figures = [...form.querySelectorAll("[data-figure]")];
  const button = form.querySelector("[data-batch-raise]");
  const pence = (text) => Math.round(Number(text) * 100);
  const whole = (number) => number.toLocaleString("en-GB");
  const pounds = (amount) => (amount / 100).toLocaleString("en-GB", { minimumFractionDigits: 2 });

  function sums(chosen) {
    const sum = (read) => chosen.reduce((total, box) => total + read(box.dataset), 0);
    const [amount, vat] = [sum((box) => pence(box.amount)), sum((box) => pence(box.vat))];
    return { count: chosen.length, bookings: sum((box) => Number(box.bookings)), amount, vat, total: amount + vat };
  }

  function shownAtFirst() {
    const read = (figure) => Number(figure.textContent.replace(/[^\d.]/g, ""));
    const isMoney = (figure) => ["amount", "vat", "total"].includes(figure.dataset.figure);
    return Object.fromEntries(figures.map((figure) => [figure.dataset.figure, isMoney(figure) ? pence(read(figure)) : read(figure)]));
  }

  const [atFirst, listed] = [shownAtFirst(), sums(boxes)];

  function show() {
    const ticked = sums(boxes.filter((box) => box.checked));
    const now = (name) => atFirst[name] - listed[name] + ticked[name];
    for (const figure of figures) {
      const name = figure.dataset.figure;
      const text = name === "count" || name === "bookings" ? whole(now(name)) : pounds(now(name));
      figure.textContent = `${figure.dataset.sign || ""}${text}`;
    }
    const noun = now("count") === 1 ? "invoice" : "invoices";
    for (const word of form.querySelectorAll("[data-noun]")) word.textContent = noun;
    button.textContent = `Raise ${whole(now("count"))} ${noun}`;
    button.disabled = now("count") === 0;
  }

  document.addEventListener("ticks-changed", show);
  window.addEventListener("pageshow", show);
  // Enter in a problem's field saves that field; it never raises the batch.
  form.addEventListener("keydown", (event) => {
    const row = event.target.closest(".problem-row");
    if (event.key !== "Enter" || !row || !event.target.matches("input")) return;
    event.preventDefault();
    row.querySelector("button[name=mend]").click();
  });
})();
