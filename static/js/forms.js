// data-show-password: the eye in a password box. data-submit-on-change: a filter without htmx;
// (data-place: the page it comes back to, where that is not its own address)
// the page that answers keeps the place and the focus, so that several boxes can be ticked in a row. data-focus-first: the
// error summary takes the focus, so that it is read and Tab goes on to the fields.
(() => {
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
    const path = form.dataset.place ?? new URL(form.action).pathname;
    const place = { path, id: event.target.id, top: scrollY };
    sessionStorage.setItem("place", JSON.stringify(place));
    form.requestSubmit();
  });

  function backToPlace() {
    const place = JSON.parse(sessionStorage.getItem("place"));
    sessionStorage.removeItem("place");
    const box = place?.id && place.path === location.pathname && document.getElementById(place.id);
    if (!box) return;
    for (let fold = box.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    box.focus({ preventScroll: true });
    scrollTo(0, place.top);
  }
})();
