// data-show-password: the eye in a password box. data-submit-on-change: a filter without htmx. data-focus-first: the
// error summary takes the focus, so that it is read and Tab goes on to the fields.
(() => {
  document.addEventListener("DOMContentLoaded", () => {
    for (const eye of document.querySelectorAll("[data-show-password]")) eye.hidden = false;
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
    event.target.closest("form[data-submit-on-change]")?.requestSubmit();
  });
})();
