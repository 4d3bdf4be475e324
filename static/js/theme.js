// Runs before the page is drawn. "As this computer" follows the computer, also when that changes while we look.
// <html data-theme-choice="computer|light|dark">; a radio with data-theme-choose shows its choice at once and keeps
// it in the cookie `theme` for pages without a login.
(() => {
  const root = document.documentElement;
  const darkComputer = matchMedia("(prefers-color-scheme: dark)");

  function show(choice) {
    root.dataset.themeChoice = choice;
    root.dataset.bsTheme = choice === "computer" ? (darkComputer.matches ? "dark" : "light") : choice;
  }

  show(root.dataset.themeChoice || "computer");
  darkComputer.addEventListener("change", () => show(root.dataset.themeChoice));
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-theme-choose]")) return;
    show(event.target.value);
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${event.target.value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  });
})();
