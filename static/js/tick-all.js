// A box with data-tick-all ticks every box of its table's "tick" cells and shows when only some are; Shift ticks a range.
(() => {
  const boxesOf = (table) => [...table.querySelectorAll("tbody > tr > .tick > input[type=checkbox]:not(:disabled)")];
  let last = null;

  function showAll(table) {
    const all = table.querySelector("[data-tick-all]");
    if (!all) return;
    const boxes = boxesOf(table);
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = boxes.length > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    all.disabled = boxes.length === 0;
  }

  function announce(table) {
    showAll(table);
    table.dispatchEvent(new CustomEvent("ticks-changed", { bubbles: true }));
  }

  function tickRange(table, box) {
    const boxes = boxesOf(table);
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    if (from < 0) return;
    for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
  }

  document.addEventListener("click", (event) => {
    const box = event.target;
    const table = box.closest("table");
    if (!table || !box.matches("input[type=checkbox]")) return;
    if (box.matches("[data-tick-all]")) {
      for (const each of boxesOf(table)) each.checked = box.checked;
    } else if (box.parentElement.matches("tbody .tick")) {
      if (event.shiftKey && last) tickRange(table, box);
      last = box;
    } else {
      return;
    }
    announce(table);
  });

  const showEverywhere = () => document.querySelectorAll("table:has([data-tick-all])").forEach(showAll);
  document.addEventListener("DOMContentLoaded", showEverywhere);
  document.addEventListener("bulk-restored", showEverywhere);
})();
