// A row opens in place. data-opens="name": shows the rows with data-row="name" that follow. data-opens-from="address":
// fetches the inside of the row once (a link there without a script), then shows and hides it.
(() => {
  function show(opener, rows, isOpen) {
    for (const row of rows) row.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
    opener.closest("tr").classList.toggle("opened", isOpen);
  }

  const isOpen = (opener) => opener.getAttribute("aria-expanded") === "true";

  async function fetchInside(opener) {
    const row = opener.closest("tr");
    opener.setAttribute("aria-expanded", "true");
    await htmx.ajax("GET", opener.dataset.opensFrom, { target: row, swap: "afterend" });
    row.classList.add("opened");
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens], [data-opens-from]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (opener.dataset.opens) {
      show(opener, document.querySelectorAll(`[data-row="${opener.dataset.opens}"]`), !isOpen(opener));
      return;
    }
    const inside = opener.closest("tr").nextElementSibling;
    if (inside?.matches(".details")) show(opener, [inside], !isOpen(opener));
    else if (!isOpen(opener)) fetchInside(opener);
  });
})();
