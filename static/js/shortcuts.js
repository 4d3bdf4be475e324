// "/" goes to the search: the page's own if it has one, else the top bar's (data-search-shortcut).
(() => {
  const isTyping = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const search = document.querySelector("main input[type=search]") || document.querySelector("[data-search-shortcut]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
})();
