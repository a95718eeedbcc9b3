// Adjudication: a and b take that person's answer, m splits or unites the texts, d shows disagreements only.
// Moving, answering by number and the reason are review.js, which the page loads too.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);

  function take(letter) {
    const dispute = document.activeElement?.closest("[data-crit]") ?? one("[data-crit].on") ?? one("[data-crit]");
    const chip = [...(dispute?.querySelectorAll(".seg .who") ?? [])].find((el) => el.textContent.trim().toLowerCase() === letter);
    chip?.closest("label").querySelector("input").click();
  }

  const actions = {
    a: () => take("a"),
    b: () => take("b"),
    m: () => one("form[data-adjudication]").classList.toggle("split-view"),
    d: () => one("#only-disputes")?.click(),
  };

  // Nothing is saved before the case is settled, so leaving asks first.
  let unsaved = Boolean(one("form[data-adjudication] #form-errors .note"));
  addEventListener("input", (event) => (unsaved ||= Boolean(event.target.closest("form[data-adjudication]") && event.target.name)));
  addEventListener("submit", (event) => event.defaultPrevented || (unsaved = false));
  addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

  document.addEventListener("app:key", (event) => {
    const action = actions[event.detail.key];
    if (!action || !one("form[data-adjudication]")) return;
    event.preventDefault();
    action();
  });
})();
