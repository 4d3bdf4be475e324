// A part of the page that htmx puts anew keeps the focus: on the link or field of the answer that says the same address or
// name and value. htmx itself does so for what has an id, and only for that.
(() => {
  const SAME = ["href", "name", "value"];
  let kept = null;

  function describe(element) {
    const said = SAME.filter((name) => element.hasAttribute(name));
    return said.map((name) => `[${name}="${CSS.escape(element.getAttribute(name))}"]`).join("");
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const element = document.activeElement;
    const isLeaving = event.detail.target.contains(element) && element !== document.body && !element.id;
    const same = isLeaving ? describe(element) : "";
    kept = same && event.detail.target.id ? `#${CSS.escape(event.detail.target.id)} ${element.localName}${same}` : null;
  });

  document.addEventListener("htmx:afterSwap", () => {
    if (kept && document.activeElement === document.body) document.querySelector(kept)?.focus({ preventScroll: true });
  });
})();
