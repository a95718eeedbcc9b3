// Criteria by keyboard, citations, and saving by itself. The form works without any of it: its buttons submit it.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const usable = (el) => el.checkVisibility({ visibilityProperty: true });

  // Criteria
  const criteria = () => all("[data-crit]").filter(usable);
  const answered = (crit) => one(".seg :checked", crit);
  const current = () => document.activeElement?.closest("[data-crit]") ?? one("[data-crit].on") ?? criteria().find((crit) => !answered(crit));

  function mark(crit) {
    if (!crit) return;
    all("[data-crit].on").forEach((el) => el.classList.remove("on"));
    crit.classList.add("on");
    (answered(crit) ?? one(".seg input", crit)).focus({ preventScroll: true, focusVisible: false });
    crit.scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    const list = criteria();
    const index = list.indexOf(current());
    const started = one("[data-crit].on") || list[index]?.contains(document.activeElement);
    mark(list[Math.max(0, Math.min(list.length - 1, index + (started ? step : 0)))]);
  }

  function answer(number) {
    const crit = current();
    const choice = crit && all(".seg input", crit)[number - 1];
    if (!choice) return;
    choice.click();
    const list = criteria();
    const later = list.slice(list.indexOf(crit) + 1);
    mark([...later, ...list].find((other) => !answered(other)) ?? crit);
  }

  function clear() {
    const choice = current() && answered(current());
    if (!choice) return;
    choice.checked = false;
    choice.dispatchEvent(new Event("input", { bubbles: true }));
  }

  addEventListener("focusin", (event) => {
    const crit = event.target.closest?.("[data-crit]");
    if (!crit || crit.classList.contains("on")) return;
    all("[data-crit].on").forEach((el) => el.classList.remove("on"));
    crit.classList.add("on");
  });

  // Lines of code and logs
  const lines = () => all("[data-cite-base] .line").filter(usable);
  const selectedLine = () => one(".line.on") ?? one(".line:target");

  function moveLine(step) {
    const list = lines();
    if (!list.length) return;
    const index = list.indexOf(selectedLine());
    const next = list[Math.max(0, Math.min(list.length - 1, index + step))];
    all(".line.on").forEach((el) => el.classList.remove("on"));
    next.classList.add("on");
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  addEventListener("click", (event) => {
    const line = event.target.closest?.("[data-cite-base] .line");
    if (line && getSelection().isCollapsed) {
      all(".line.on").forEach((el) => el.classList.remove("on"));
      line.classList.add("on");
    }
  });

  // Citations: a hidden field in the criterion, so that they travel with the form.
  function cite() {
    const line = selectedLine();
    const crit = one("[data-crit].on") ?? current();
    const block = line?.closest("[data-cite-base]");
    if (!block || !crit) return;
    const value = `${block.dataset.citeBase}#L${line.dataset.n}`;
    const field = `${crit.dataset.name}-cite`;
    if (all(`input[name="${field}"]`, crit).some((input) => input.value === value)) return;
    const item = one("#cite-template").content.firstElementChild.cloneNode(true);
    one(".clip", item).textContent = `${block.dataset.citeLabel}:${line.dataset.n}`;
    Object.assign(one("input", item), { name: field, value });
    one("[data-cites]", crit).append(item);
    item.dispatchEvent(new Event("input", { bubbles: true }));
  }

  addEventListener("click", (event) => {
    const item = event.target.closest?.("[data-uncite]")?.closest("li");
    if (!item) return;
    const list = item.parentElement;
    item.remove();
    list.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const inRadio = (target) => target instanceof Element && target.matches("input[type=radio]");
  document.addEventListener("app:key", (event) => {
    const { key, target } = event.detail;
    const actions = {
      n: () => move(1), p: () => move(-1), 0: clear, c: () => one("[data-why]", current())?.focus(),
      j: () => moveLine(1), k: () => moveLine(-1), l: cite,
      arrowdown: () => inRadio(target) || move(1), arrowup: () => inRadio(target) || move(-1),
    };
    const action = /^[1-9]$/.test(key) ? () => answer(Number(key)) : actions[key];
    if (!action || !criteria().length || (key.startsWith("arrow") && (inRadio(target) || !target.closest?.("[data-crit]")))) return;
    event.preventDefault();
    action();
  });

  // Links of an error summary lead to the criterion, ready to be answered.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("#form-errors a[href^='#']");
    const target = link && document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    const crit = target.closest("[data-crit]");
    if (crit === target) mark(crit);
    else target.focus();
  });

  // Saving by itself: one request at a time, the version with each, and a copy kept here until the server has it.
  class Autosave {
    constructor(form) {
      this.form = form;
      this.dirty = false;
      this.busy = null;
      this.stopped = false;
      this.wait = 1000;
      for (const type of ["input", "change"]) form.addEventListener(type, () => this.touched());
      addEventListener("online", () => this.dirty && this.save());
      this.restore();
    }

    get state() { return one("#save-state"); }
    get version() { return this.form.elements.namedItem("version"); }
    get key() { return this.form.dataset.draft && `draft:${this.form.dataset.draft}`; }

    say(word) {
      const trouble = !["saving", "unsaved"].includes(word);
      this.state.textContent = this.state.dataset[word];
      this.state.classList.toggle("trouble", trouble);
      if (trouble) one("#announce").textContent = this.state.dataset[word];
    }

    touched() {
      this.dirty = true;
      this.keep();
      if (this.stopped) return;
      this.say("unsaved");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), 700);
    }

    fields() {
      const skipped = ["csrfmiddlewaretoken", "version", "idempotency_key"];
      return [...new FormData(this.form)].filter(([name, value]) => typeof value === "string" && !skipped.includes(name));
    }

    keep(submitted = false) {
      if (!this.key) return;
      const draft = { at: Date.now(), version: this.version.value, fields: this.fields(), submitted };
      try { localStorage.setItem(this.key, JSON.stringify(draft)); } catch { /* A full or forbidden store only costs the copy. */ }
    }

    forget() {
      if (this.key) localStorage.removeItem(this.key);
    }

    // A save on its way would make the version of this submit stale: let it land first.
    async leaving(event) {
      clearTimeout(this.timer);
      if (this.busy) {
        event.preventDefault();
        event.stopImmediatePropagation();
        this.dirty = false;
        await this.busy;
        return this.form.requestSubmit(event.submitter);
      }
      this.stopped = true;
      this.keep(true);
      // A submit that was answered in place (422, 409) leaves the form here and open.
      addEventListener("htmx:finally:request", () => (this.stopped = false), { once: true });
    }

    async save() {
      clearTimeout(this.timer);
      if (this.busy || this.stopped) return;
      this.dirty = false;
      this.say("saving");
      this.busy = this.send();
      await this.busy;
      if (this.dirty && this.wait === 1000) this.save();
    }

    async send() {
      try {
        await this.answered(await this.post());
      } catch {
        this.retry("offline");
      }
      this.busy = null;
    }

    post() {
      const token = this.form.elements.namedItem("csrfmiddlewaretoken").value;
      const headers = { "HX-Request": "true", "X-CSRFToken": token, Accept: "text/html" };
      return fetch(this.form.dataset.autosave, { method: "POST", body: new FormData(this.form), headers, redirect: "manual" });
    }

    async answered(response) {
      if (response.status >= 500 || response.status === 429) return this.retry("failed");
      if (response.type === "opaqueredirect" || response.status === 401) return this.stop("signedOut");
      if ([403, 404].includes(response.status)) return this.stop("refused");
      this.wait = 1000;
      replaceById(await response.text());
      if (response.status === 409) this.stop("conflict");
      else if (response.status === 422) this.say("incomplete");
      else if (!response.ok) this.stop("refused");
      else if (this.dirty) this.keep();
      else this.forget();
    }

    stop(word) {
      this.stopped = true;
      this.say(word);
    }

    retry(word) {
      this.dirty = true;
      this.say(word);
      this.wait = Math.min(this.wait * 2, 30000);
      this.timer = setTimeout(() => this.save(), this.wait);
    }

    keepMine(version) {
      this.version.value = version;
      one("#conflict").replaceChildren();
      this.stopped = false;
      this.save();
    }

    restore() {
      const draft = this.key && JSON.parse(localStorage.getItem(this.key) ?? "null");
      if (!draft) return;
      if (JSON.stringify(draft.fields) === JSON.stringify(this.fields())) return this.forget();
      fill(this.form, draft.fields);
      // An older version is answered with 409, which shows both texts.
      this.version.value = draft.version;
      this.dirty = true;
      this.save();
    }
  }

  function fill(form, fields) {
    for (const radio of all("input[type=radio], input[type=checkbox]", form)) radio.checked = false;
    for (const list of all("[data-cites]", form)) list.replaceChildren();
    for (const [name, value] of fields) {
      const named = form.elements.namedItem(name);
      if (named instanceof RadioNodeList) for (const el of named) el.checked = el.value === value;
      else if (named?.matches("[type=radio], [type=checkbox]")) named.checked = named.value === value;
      else if (named && named.type !== "hidden") named.value = value;
      else if (name.endsWith("-cite")) addCitation(form, name, value);
    }
  }

  function addCitation(form, field, value) {
    const list = one(`[data-name="${field.slice(0, -5)}"] [data-cites]`, form);
    const item = one("#cite-template")?.content.firstElementChild.cloneNode(true);
    if (!list || !item) return;
    one(".clip", item).textContent = value.replace(/^\w+:/, "").replace("#L", ":");
    Object.assign(one("input", item), { name: field, value });
    list.append(item);
  }

  // Every answer is a fragment of elements with ids; each takes the place of the one with its id.
  function replaceById(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    for (const fresh of all("body > [id]", parsed)) {
      const old = document.getElementById(fresh.id);
      if (!old) continue;
      old.replaceWith(fresh);
      htmx.process(fresh);
    }
    document.dispatchEvent(new Event("app:arrived"));
  }

  // A submitted draft is done with once its form is no longer what the server shows; very old ones are dropped too.
  function prune() {
    const shown = new Set(all("form[data-draft]").map((form) => `draft:${form.dataset.draft}`));
    const oldest = Date.now() - 14 * 24 * 3600 * 1000;
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith("draft:") || shown.has(key)) continue;
      const draft = JSON.parse(localStorage.getItem(key));
      if (draft.submitted || draft.at < oldest) localStorage.removeItem(key);
    }
  }

  const savers = new WeakMap();
  function start() {
    for (const form of all("form[data-autosave]")) if (!savers.has(form)) savers.set(form, new Autosave(form));
    prune();
  }

  addEventListener("click", (event) => {
    const keep = event.target.closest?.("[data-keep-mine]");
    const take = event.target.closest?.("[data-take-stored]");
    const form = one("form[data-autosave]");
    if (keep) savers.get(form).keepMine(keep.dataset.keepMine);
    else if (take) savers.get(form).forget();
  });
  addEventListener("keydown", (event) => {
    const form = one("form[data-autosave]");
    if (!form || event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    savers.get(form).save();
  });
  addEventListener("submit", (event) => savers.get(event.target)?.leaving(event), true);
  addEventListener("pageshow", (event) => {
    const saver = event.persisted && savers.get(one("form[data-autosave]"));
    if (saver) saver.stopped = false;
  });
  addEventListener("htmx:after:swap", start);
  start();
})();
