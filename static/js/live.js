// Behaviour that every page shares: polls, focus after a swap, toasts, copying, file drops.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const region = () => one("#toasts");

  // Polls rest while nobody looks, and catch up at once.
  addEventListener("htmx:config:request", (event) => {
    if (document.hidden && event.detail.ctx.sourceEvent?.type === "every") event.preventDefault();
  });
  addEventListener("visibilitychange", () => {
    if (!document.hidden) for (const el of all("[hx-trigger*=every]")) htmx.trigger(el, "every", {}, false);
  });

  // Focus: a part that arrives with data-autofocus takes it, once. On a plain load only a form's error summary does.
  const seen = new WeakSet();
  function focusArrivals() {
    const fresh = all("[data-autofocus]").filter((el) => !seen.has(el));
    fresh.forEach((el) => seen.add(el));
    fresh.at(-1)?.focus({ preventScroll: fresh.at(-1).matches("h1") });
  }
  all("[data-autofocus]").forEach((el) => el.matches("h1") && seen.add(el));
  focusArrivals();
  addEventListener("htmx:after:swap", focusArrivals);
  document.addEventListener("app:arrived", focusArrivals);

  // Toasts: document.dispatchEvent(new CustomEvent("app:toast", {detail: {text, tone}})), or the server's HX-Trigger.
  function leave(toast) {
    if (toast.hasAttribute("data-stays")) return;
    setTimeout(() => (toast.matches(":hover, :focus-within") ? leave(toast) : toast.remove()), 8000);
  }

  function toast(text, tone = "accent") {
    if (all(".toast", region()).some((el) => el.textContent.includes(text))) return;
    const el = one("#toast-template").content.firstElementChild.cloneNode(true);
    one("span", el).textContent = text;
    el.classList.add(`tone-${tone}`);
    region().append(el);
    leave(el);
  }

  all(".toast", region()).forEach(leave);
  document.addEventListener("app:toast", (event) => toast(event.detail.text, event.detail.tone));
  const polling = (event) => event.detail.ctx?.sourceEvent?.type === "every";
  addEventListener("htmx:error", (event) => polling(event) || toast(region().dataset.offline, "warn"));
  addEventListener("htmx:response:error", (event) => {
    if (event.detail.ctx.response.status >= 500 && !polling(event)) toast(region().dataset.failed, "bad");
  });

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    source.select?.();
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    toast(region().dataset.copied, "ok");
  }

  addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-copy], [data-act=dismiss], [data-opens], [data-select-all]");
    if (!target) return;
    if (target.dataset.copy) copy(target);
    else if (target.dataset.opens) document.getElementById(target.dataset.opens).showModal();
    else if (target.dataset.act) target.closest(".toast").remove();
    else target.select();
  });

  // File drops: the field inside stays an ordinary file input.
  const zone = (event) => event.target.closest?.("[data-drop]");
  addEventListener("dragover", (event) => {
    if (!zone(event)) return;
    event.preventDefault();
    zone(event).classList.add("over");
  });
  addEventListener("dragleave", (event) => zone(event)?.classList.remove("over"));
  addEventListener("drop", (event) => {
    if (!zone(event)) return;
    event.preventDefault();
    const field = one("input[type=file]", zone(event));
    zone(event).classList.remove("over");
    field.files = event.dataTransfer.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  addEventListener("change", (event) => {
    const limit = event.target.dataset?.maxBytes;
    if (!limit) return;
    const tooBig = [...event.target.files].some((file) => file.size > Number(limit));
    event.target.setCustomValidity(tooBig ? event.target.dataset.tooBig : "");
    event.target.reportValidity();
  });

  // The second of two clicks sends nothing: its answer would be "exists already" and hide the first one's.
  const sent = new WeakMap();
  addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.method !== "post") return;
    if (event.timeStamp - sent.get(event.target) < 5000) event.preventDefault();
    else sent.set(event.target, event.timeStamp);
  });
  addEventListener("pageshow", (event) => event.persisted && all("form").forEach((form) => sent.delete(form)));

  // Signing out forgets what was kept in this browser.
  addEventListener("submit", (event) => {
    if (!event.target.matches("[data-clears-drafts]")) return;
    indexedDB.deleteDatabase("drafts");
  });
})();
