// The Transfer desk ([data-desk]) has the focus where the work goes on: at the field a refused press asks for, at the title
// of the transfer that was opened, or at the first row of another page or state. The row that is open stands in sight.
(() => {
  const ERROR = "#transfer [aria-invalid=true]";

  function wanted(desk) {
    const error = document.querySelector("#transfer [data-focus-first]");
    if (desk.classList.contains("desk-opened")) return document.querySelector(ERROR) || error || document.getElementById("transfer-title");
    const asked = new URLSearchParams(location.search);
    const isTurned = [...asked.keys()].some((name) => name !== "q");
    return isTurned ? desk.querySelector(".desk-row") || desk.querySelector("#results a, #results button") : null;
  }

  function showRow(desk) {
    const [list, row] = [desk.querySelector("#results"), desk.querySelector(".desk-row[aria-current]")];
    if (!row || list.scrollHeight <= list.clientHeight) return;
    const [box, place] = [list.getBoundingClientRect(), row.getBoundingClientRect()];
    if (place.top < box.top || place.bottom > box.bottom) list.scrollTop += place.top - box.top - (box.height - place.height) / 2;
  }

  document.addEventListener("DOMContentLoaded", () => {
    const desk = document.querySelector("[data-desk]");
    if (!desk) return;
    const target = wanted(desk);
    // What was typed into is brought into view; a title stands at the top already.
    target?.focus({ preventScroll: !target.matches(ERROR) });
    if (target?.matches(ERROR)) target.scrollIntoView({ block: "center" });
    showRow(desk);
  });
})();
