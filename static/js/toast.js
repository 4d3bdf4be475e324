// Toasts go after eight seconds, not while pointed at or focused; data-toast-stays (errors) waits to be closed.
(() => {
  const SHOWN_FOR = 8000;

  function expire(toast) {
    setTimeout(() => (toast.matches(":hover, :focus-within") ? expire(toast) : toast.remove()), SHOWN_FOR);
  }

  function start() {
    for (const toast of document.querySelectorAll(".toasts > [data-toast]:not([data-toast-stays], [data-toast-timed])")) {
      toast.dataset.toastTimed = "";
      expire(toast);
    }
  }

  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("htmx:afterSettle", start);
  document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove());
})();
