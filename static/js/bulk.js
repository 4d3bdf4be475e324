// The grey box (includes/_bulk_box.html): counts and sums what is ticked, also on the other pages of the list.
// The choice is kept in sessionStorage as {value: pence}; on sending, what is not on this page goes along hidden.
(() => {
  const pounds = new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP" });

  const keyOf = (form) => `bulk:${location.pathname}:${form.dataset.bulk}`;
  const boxesOf = (form) => [...document.querySelectorAll(`input[type=checkbox][form="${form.id}"]`)];
  const load = (form) => new Map(Object.entries(JSON.parse(sessionStorage.getItem(keyOf(form)) || "{}")));
  const save = (form, chosen) => sessionStorage.setItem(keyOf(form), JSON.stringify(Object.fromEntries(chosen)));

  function takeTicks(form) {
    const chosen = load(form);
    for (const box of boxesOf(form)) {
      if (box.checked) chosen.set(box.value, Number(box.dataset.amount || 0));
      else chosen.delete(box.value);
    }
    save(form, chosen);
    show(form, chosen);
  }

  function restore(form) {
    const chosen = load(form);
    for (const box of boxesOf(form)) {
      if (box.disabled) chosen.delete(box.value);
      else if (box.checked || chosen.has(box.value)) {
        box.checked = true;
        chosen.set(box.value, Number(box.dataset.amount || 0));
      }
    }
    save(form, chosen);
    show(form, chosen);
    document.dispatchEvent(new CustomEvent("bulk-restored"));
  }

  function show(form, chosen) {
    const here = new Set(boxesOf(form).map((box) => box.value));
    const elsewhere = [...chosen.keys()].filter((value) => !here.has(value)).length;
    const pence = [...chosen.values()].reduce((sum, amount) => sum + amount, 0);
    const hasSum = chosen.size > 0 && boxesOf(form).some((box) => box.dataset.amount);
    const part = (name) => form.querySelector(`[data-bulk-${name}]`);

    part("count").textContent = chosen.size ? `${chosen.size} selected` : "Nothing selected";
    part("sum").textContent = pounds.format(pence / 100);
    part("sum").parentElement.hidden = !hasSum;
    part("elsewhere").textContent = `${elsewhere} on other pages`;
    part("elsewhere").hidden = elsewhere === 0;
    part("clear").hidden = chosen.size === 0;
    for (const button of form.querySelectorAll(".bulk-actions .btn")) button.disabled = chosen.size === 0;
  }

  function clear(form) {
    for (const box of boxesOf(form)) box.checked = false;
    save(form, new Map());
    restore(form);
  }

  function addHidden(form) {
    const here = new Set(boxesOf(form).map((box) => box.value));
    for (const stale of form.querySelectorAll("[data-bulk-hidden]")) stale.remove();
    for (const value of load(form).keys()) {
      if (here.has(value)) continue;
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: form.dataset.bulkField, value });
      field.dataset.bulkHidden = "";
      form.append(field);
    }
  }

  const forms = () => document.querySelectorAll("form[data-bulk]");
  const restoreAll = () => forms().forEach(restore);

  document.addEventListener("DOMContentLoaded", restoreAll);
  document.addEventListener("htmx:afterSettle", restoreAll);
  // Coming back with the Back button shows the page as it was left, while the choice may have changed since.
  window.addEventListener("pageshow", (event) => event.persisted && restoreAll());
  document.addEventListener("ticks-changed", () => forms().forEach(takeTicks));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-bulk-clear]");
    if (button) clear(button.form);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-bulk]")) return;
    addHidden(event.target);
    if (event.submitter?.matches("[data-bulk-forget]")) save(event.target, new Map());
  });
})();
