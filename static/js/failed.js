// A press that got no answer, or an error, says so: the toast in <template id="press-failed">, once, until one works.
(() => {
  const shown = () => document.querySelector("#toasts > [data-press-failed]");

  function tell() {
    if (shown()) return;
    const toast = document.getElementById("press-failed").content.firstElementChild.cloneNode(true);
    toast.dataset.pressFailed = "";
    document.getElementById("toasts").append(toast);
  }

  document.addEventListener("htmx:responseError", tell);
  document.addEventListener("htmx:sendError", tell);
  document.addEventListener("htmx:afterRequest", (event) => event.detail.successful && shown()?.remove());
})();
