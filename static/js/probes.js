// Probes: a result is cited in the rationale at hand. What is being written is kept by keep.js.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  // Cite: into the field that was written in last, else into the criterion at hand.
  const rationales = "[data-why], form[data-adjudication] #reason";
  let last = null;
  addEventListener("focusin", (event) => event.target.matches?.(rationales) && (last = event.target));

  addEventListener("click", (event) => {
    const button = one("[data-cites]") ? null : event.target.closest?.("[data-cite-text]"); // else review.js cites it
    const at = one("[data-crit].on");
    const field = button && (last?.isConnected && (!at || at.contains(last) || last.id === "reason") ? last : one("[data-why]", at ?? document));
    if (!field) return;
    field.value = [field.value.trimEnd(), button.dataset.citeText].filter(Boolean).join("\n");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.scrollIntoView({ block: "nearest" });
    document.dispatchEvent(new CustomEvent("app:toast", { detail: { text: button.dataset.cited, tone: "ok" } }));
  });
})();
