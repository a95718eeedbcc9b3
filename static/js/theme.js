// Runs in the head, before the first paint, so that a chosen theme never flashes.
(() => {
  const root = document.documentElement;
  const order = ["auto", "light", "dark"];
  const chosen = () => localStorage.getItem("theme") ?? "auto";

  function show() {
    root.dataset.theme = chosen();
    for (const label of document.querySelectorAll("[data-theme-name]")) label.textContent = label.dataset[chosen()];
  }

  root.dataset.theme = chosen();
  addEventListener("DOMContentLoaded", show);
  addEventListener("storage", show);
  addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-act=theme]")) return;
    localStorage.setItem("theme", order[(order.indexOf(chosen()) + 1) % order.length]);
    show();
  });
})();
