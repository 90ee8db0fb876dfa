// Follows the theme that Airflow's UI was set to, or else the system's; before the first paint, hence no module.
//
// Airflow 3 keeps it by next-themes in localStorage under "theme": light, dark or system. The page has the same origin,
// and hears of a change in the frame around it by the event "storage". Says "themechange" when colours are others.
(() => {
  const KEY = "theme";
  const root = document.documentElement;

  function chosen() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // a browser that blocks storage
    }
  }

  function apply() {
    const theme = chosen();
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    document.dispatchEvent(new Event("themechange"));
  }

  apply();
  addEventListener("storage", (event) => {
    if (event.key === KEY || event.key === null) apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
})();
