// data-show-password: the eye in a password box. data-submit-on-change: a filter without htmx;
// (data-place: the page it comes back to, where that is not its own address; its buttons keep the place too)
// the page that answers keeps the place and the focus, so that several boxes can be ticked in a row. data-focus-first: the
// error summary takes the focus, so that it is read and Tab goes on to the fields.
(() => {
  const CONTROLS = "input:not([type=hidden]), select, textarea, button, a[href]";

  document.addEventListener("DOMContentLoaded", () => {
    for (const eye of document.querySelectorAll("[data-show-password]")) eye.hidden = false;
    backToPlace();
    document.querySelector("[data-focus-first]")?.focus({ preventScroll: true });
  });

  document.addEventListener("click", (event) => {
    const eye = event.target.closest("[data-show-password]");
    if (!eye) return;
    const field = eye.parentElement.querySelector("input");
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    eye.setAttribute("aria-pressed", String(!shown));
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-submit-on-change]");
    if (!form) return;
    remember(form, event.target);
    form.requestSubmit();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-place]");
    if (form && event.submitter) remember(form, event.submitter);
  });

  // The control and what it stands in, inmost first: the answer may have no such row any more.
  function remember(form, control) {
    const path = form.dataset.place ?? new URL(form.action).pathname;
    const ids = [];
    for (let one = control.closest("[id]"); one; one = one.parentElement?.closest("[id]")) ids.push(one.id);
    sessionStorage.setItem("place", JSON.stringify({ path, ids, top: scrollY }));
  }

  // data-covers: a box that stays at the bottom; what has the focus comes out from under it.
  document.addEventListener("focusin", (event) => {
    const box = document.querySelector("[data-covers]");
    if (!box || box.contains(event.target)) return;
    const under = event.target.getBoundingClientRect().bottom - box.getBoundingClientRect().top;
    if (under > 0 && event.target.getBoundingClientRect().top < innerHeight) scrollBy({ top: under + 8, behavior: "instant" });
  });

  function backToPlace() {
    const place = JSON.parse(sessionStorage.getItem("place"));
    sessionStorage.removeItem("place");
    if (place?.path !== location.pathname) return;
    const found = place.ids.map((id) => document.getElementById(id)).find(Boolean);
    const box = found?.matches(CONTROLS) ? found : found?.querySelector(CONTROLS);
    if (!box) return;
    for (let fold = box.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    box.focus({ preventScroll: true });
    scrollTo(0, place.top);
  }
})();

/* A search asks while one types. Leaving the field must not ask again: the list would be replaced under the
   pointer, between pressing on a row and letting go, and the click be lost. */
document.addEventListener(
  "change",
  (event) => {
    if (event.target.matches(".filter-bar[hx-get] input[type=search]")) {
      event.stopPropagation();
    }
  },
  true,
);
