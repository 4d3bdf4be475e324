// <details class="menu"> opens by itself; here it closes: on Escape (focus goes back), on a click outside, on leaving.
(() => {
  const open = () => document.querySelectorAll("details.menu[open]");

  function closeAll(except) {
    for (const menu of open()) if (menu !== except) menu.open = false;
  }

  document.addEventListener("click", (event) => closeAll(event.target.closest("details.menu")));
  document.addEventListener("focusin", (event) => closeAll(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
})();
