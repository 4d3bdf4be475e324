// data-dialog-open="id" opens the <dialog>; data-dialog-close closes the one it stands in. Escape is the browser's.
(() => {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog-open]");
    if (opener) document.getElementById(opener.dataset.dialogOpen)?.showModal();
    event.target.closest("[data-dialog-close]")?.closest("dialog")?.close();
  });
  // A refused decision comes back with its dialog open and what was typed in it.
  document.addEventListener("DOMContentLoaded", () => document.querySelector("dialog[data-dialog-opens]")?.showModal());
})();
