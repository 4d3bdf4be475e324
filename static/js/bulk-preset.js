// "Select all 120 that match": the page brings {value: pence} in #bulk-preset, which joins what the grey box remembers.
// Runs before the box restores itself. The address then forgets it, so that a reload does not tick again what was cleared.
(() => {
  const preset = document.getElementById("bulk-preset");
  const form = document.querySelector("form[data-bulk]");
  if (!preset || !form) return;
  const key = `bulk:${location.pathname}:${form.dataset.bulk}`;
  const remembered = JSON.parse(sessionStorage.getItem(key) || "{}");
  sessionStorage.setItem(key, JSON.stringify({ ...remembered, ...JSON.parse(preset.textContent) }));
  const address = new URL(location.href);
  address.searchParams.delete("tick");
  history.replaceState(history.state, "", address);
})();
