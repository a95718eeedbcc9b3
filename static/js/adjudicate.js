// Adjudication by keyboard: a and b take that person's answer, digits another; y (why) leads to the cause, where digits
// choose it and go on; r writes to the author, m marks differing words or not, d shows disagreements only.
// Moving and citations are review.js, saving is autosave.js; the page loads both.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = () => one("form[data-adjudication]");
  const usable = (el) => el.checkVisibility({ visibilityProperty: true });
  const rows = () => all("[data-crit]", form()).filter(usable); // disagreements first, then what everyone agrees on
  const current = () => document.activeElement?.closest("[data-crit]") ?? one("[data-crit].on") ?? rows()[0];
  const answers = (row) => all(":scope > .seg input", row);
  const causes = (row) => all("[data-cause] input", row);
  const chosen = (inputs) => inputs.find((input) => input.checked);
  const isOpen = (row) => [answers(row), causes(row)].some((inputs) => inputs.length && !chosen(inputs));

  function focusOn(inputs) {
    const input = chosen(inputs) ?? inputs[0];
    input?.focus({ preventScroll: true });
    input?.closest("[data-cause], .crit").scrollIntoView({ block: "nearest" });
  }

  function take(letter) {
    const chip = all(":scope > .seg .who", current()).find((el) => el.textContent.trim().toLowerCase() === letter);
    const input = chip && one("input", chip.closest("label"));
    input?.click();
    input?.focus({ preventScroll: true });
  }

  function choose(number) {
    const row = current();
    const inCause = document.activeElement?.closest("[data-cause]");
    const input = (inCause ? causes(row) : answers(row))[number - 1];
    input?.click();
    input?.focus({ preventScroll: true });
    if (inCause && input) goOn(row);
  }

  // On to the next one that still needs something, if any does.
  function goOn(from) {
    const list = rows();
    const later = [...list.slice(list.indexOf(from) + 1), ...list];
    const next = later.find(isOpen);
    if (next) focusOn(answers(next));
  }

  function write() {
    const words = one("[data-why]", current());
    const folded = words?.closest("details");
    if (folded) folded.open = true;
    words?.focus();
  }

  const actions = {
    a: () => take("a"),
    b: () => take("b"),
    y: () => current() && focusOn(causes(current())),
    r: write,
    m: () => form().classList.toggle("split-view"),
    d: () => one("#only-disputes")?.click(),
  };

  // In the capture phase, so that digits come here before review.js takes them for answers.
  document.addEventListener(
    "app:key",
    (event) => {
      const { key } = event.detail;
      const action = /^[1-9]$/.test(key) ? () => choose(Number(key)) : actions[key];
      if (!action || !form() || (!rows().length && !"md".includes(key))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      action();
    },
    true,
  );

  // A question that could not be asked is shown open again, as a dialog.
  const asked = one("dialog#ask[open]");
  if (asked) {
    asked.close();
    asked.showModal();
  }
})();
