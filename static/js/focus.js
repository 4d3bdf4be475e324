// A part of the page that htmx puts anew keeps the focus: on the field of the same name and value, on the link to the same
// address, or to the same page where only what was searched for has changed. htmx itself keeps it by id alone.
(() => {
  let left = null;
  let partId = "";

  const isSameField = (one) => one.name && one.name === left.name && one.value === left.value;
  const sameLink = (links) => {
    const toSamePage = links.filter((one) => one.pathname === left.pathname);
    return links.find((one) => one.href === left.href) || (toSamePage.length === 1 ? toSamePage[0] : null);
  };

  function same(part) {
    const alike = [...part.querySelectorAll(left.localName)];
    return left.localName === "a" ? sameLink(alike) : alike.find(isSameField);
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const [part, element] = [event.detail.target, document.activeElement];
    const isLeaving = part.id && part.contains(element) && element !== part && !element.id;
    left = isLeaving ? element : null;
    partId = part.id;
  });

  document.addEventListener("htmx:afterSwap", () => {
    if (!left || document.activeElement !== document.body) return;
    const part = document.getElementById(partId);
    if (part) same(part)?.focus({ preventScroll: true });
  });
})();
