// What people type stays in this browser until the server has it. Autosave.js keeps its copies here; and every
// <form data-keeps="USER:PLACE"> that saves nothing by itself is kept as it is typed, and filled again when it comes back:
// after a refusal (data-refused) the server has put the words there itself. data-keeps-once: where it comes back, nothing was sent.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  // Each copy is on disk when its promise ends, so a browser that is killed keeps it, which localStorage would not. A full
  // or forbidden store only costs the copy.
  const database = new Promise((resolve) => {
    const opening = indexedDB.open("drafts", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("drafts");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => resolve(null);
  });
  database.then((open) => open && (open.onversionchange = () => open.close())); // live.js deletes it at sign-out

  async function ask(mode, act) {
    try {
      const asked = act((await database).transaction("drafts", mode, { durability: "strict" }).objectStore("drafts"));
      return await new Promise((resolve, reject) => {
        if (mode === "readwrite") asked.transaction.oncomplete = () => resolve(asked.result);
        else asked.onsuccess = () => resolve(asked.result);
        asked.transaction.onabort = reject;
      });
    } catch {
      return undefined;
    }
  }

  // The newest copy waits while one is being written.
  const waiting = new Map();
  async function put(key, copy) {
    const isBusy = waiting.has(key);
    waiting.set(key, { ...copy, at: Date.now() });
    if (isBusy) return;
    for (let next; (next = waiting.get(key)); ) {
      waiting.set(key, null);
      await ask("readwrite", (store) => store.put(next, key));
    }
    waiting.delete(key);
  }

  function forget(key) {
    if (waiting.has(key)) waiting.set(key, null);
    ask("readwrite", (store) => store.delete(key));
  }

  const find = (key) => ask("readonly", (store) => store.get(key));
  window.drafts = { put, forget, find };

  // Copies that nobody came back for.
  async function prune() {
    const oldest = Date.now() - 14 * 24 * 3600 * 1000;
    for (const key of (await ask("readonly", (store) => store.getAllKeys())) ?? []) if ((await find(key))?.at < oldest) forget(key);
  }

  // Forms
  const keyOf = (form) => `draft:${form.dataset.keeps}`;
  const typed = (form) => [...form.elements].filter((el) => el.name && (el.matches("textarea, select, input:is([type=text], :not([type]))") || (el.type === "radio" && el.checked)));
  const keep = (form) => put(keyOf(form), { fields: typed(form).map((el) => [el.name, el.value]) });

  function fill(form, fields) {
    for (const [name, value] of fields) {
      const field = form.elements.namedItem(name);
      if (field && (!field.value || !field.matches?.("textarea"))) field.value = value; // a group of radios takes a value too
    }
    const folded = form.closest("details");
    if (folded) folded.open = true;
  }

  const met = new WeakSet();
  async function bringBack() {
    for (const form of all("form[data-keeps]").filter((el) => !met.has(el))) {
      met.add(form);
      const copy = await find(keyOf(form));
      if (!copy || form.hasAttribute("data-refused")) continue;
      if (copy.fields.some(([, value]) => value)) fill(form, copy.fields);
    }
  }

  addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-keeps]");
    if (form) keep(form);
  });

  // What the browser sent by itself is done with once a page answers, unless it is the sign-in's or an error's.
  const sends = "form[data-keeps]:not([hx-post], [data-keeps-once])";
  addEventListener("submit", (event) => !event.defaultPrevented && event.target.matches(sends) && sessionStorage.setItem("sent", keyOf(event.target)));

  function settle(isRestored) {
    const sent = sessionStorage.getItem("sent");
    sessionStorage.removeItem("sent");
    const isAnswer = !isRestored && performance.getEntriesByType("navigation")[0].type === "navigate" && !one("body.entrance");
    if (sent && isAnswer) forget(sent);
  }

  // What htmx sent is done with once it is answered, unless by the sign-in page, which is not to take the form's place.
  const keeping = (event) => event.detail.ctx?.sourceElement?.closest?.("form[data-keeps]");
  const isSignIn = ({ redirected, url }) => redirected && new URL(url).pathname === one("#toasts").dataset.signIn;
  addEventListener("htmx:before:response", (event) => {
    const form = keeping(event);
    const { raw, status } = event.detail.ctx.response;
    if (form && isSignIn(raw)) {
      event.preventDefault();
      document.dispatchEvent(new CustomEvent("app:toast", { detail: { text: one("#toasts").dataset.signedOut, tone: "warn" } }));
    } else if (form && status < 300) forget(keyOf(form));
  });

  addEventListener("htmx:after:swap", bringBack);
  addEventListener("pageshow", ({ persisted }) => {
    settle(persisted);
    bringBack();
  });
  prune();
})();
