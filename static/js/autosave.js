// Forms with data-autosave save themselves: <form data-autosave="address" data-draft="key"> with a field "version",
// beside #save-state, #conflict and #form-errors (templates/_components/save_state.html, conflict.html, form_errors.html).
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  // One request at a time, the version with each, and a copy kept here until the server has it.
  class Autosave {
    constructor(form) {
      this.form = form;
      this.dirty = false;
      this.busy = null;
      this.stopped = false;
      this.wait = 1000;
      this.seconds = 0; // of work that the server has not heard of
      this.watch();
      for (const type of ["input", "change"]) form.addEventListener(type, () => this.touched());
      addEventListener("online", () => this.dirty && this.save());
      addEventListener("visibilitychange", () => document.hidden || (this.dirty && this.save()));
      this.restore();
    }

    // Time on task: a second counts while the page is seen and somebody typed, moved or scrolled within the last minute.
    watch() {
      const clock = setInterval(() => {
        if (!this.form.isConnected) clearInterval(clock);
        else if (!document.hidden && Date.now() - lastSign < 60000) this.seconds += 1;
      }, 1000);
    }

    stamp() {
      const field = this.form.elements.namedItem("active");
      if (field) field.value = this.seconds;
      const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1]; // of the newest sign-in, maybe in another tab
      if (token) this.form.elements.namedItem("csrfmiddlewaretoken").value = token;
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
      this.since ??= Date.now(); // who types on without a pause is saved every three seconds
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), Math.min(700, Math.max(0, this.since + 3000 - Date.now())));
    }

    fields() {
      const skipped = ["csrfmiddlewaretoken", "version", "idempotency_key", "active"];
      return [...new FormData(this.form)].filter(([name, value]) => typeof value === "string" && !skipped.includes(name));
    }

    // A copy here until the server has it.
    keep() {
      const labels = Object.fromEntries(all(".cite:has(input)", this.form).map((el) => [one("input", el).value, one(".clip", el).textContent]));
      if (this.key) drafts.put(this.key, { version: this.version.value, fields: this.fields(), labels });
    }

    forget() {
      if (this.key) drafts.forget(this.key);
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
      this.stamp();
      this.keep();
    }

    // The submit came through: the copy here has done its work. Or it did not: what is here stays open, and is saved.
    left(status) {
      this.stopped = false;
      if (status < 300) this.forget();
      else if (!status || status >= 500) this.touched();
    }

    async save() {
      clearTimeout(this.timer);
      if (this.busy || this.stopped) return;
      this.dirty = false;
      this.since = null;
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
      this.stamp();
      this.sent = this.seconds;
      const headers = { "HX-Request": "true", Accept: "text/html" };
      return fetch(this.form.dataset.autosave, { method: "POST", body: new FormData(this.form), headers, redirect: "manual" });
    }

    async answered(response) {
      if (response.status >= 500 || response.status === 429) return this.retry("failed");
      if (response.type === "opaqueredirect" || response.status === 401) return this.signedOut();
      if ([403, 404].includes(response.status)) return this.stop("refused");
      this.wait = 1000;
      if (response.ok) this.seconds -= this.sent;
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

    signedOut() {
      this.dirty = true;
      this.stopped = false;
      this.keep();
      this.say("signedOut");
      const note = one("#signed-out-template")?.content.cloneNode(true);
      if (note && !one("#conflict .note")) one("#conflict")?.replaceChildren(note);
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

    async restore() {
      const draft = this.key && (await drafts.find(this.key));
      if (!draft || this.dirty) return;
      if (JSON.stringify(draft.fields) === JSON.stringify(this.fields())) return this.forget();
      fill(this.form, draft);
      // An older version is answered with 409, which shows both texts.
      this.version.value = draft.version;
      this.dirty = true;
      this.save();
    }
  }

  function fill(form, { fields, labels }) {
    for (const radio of all("input[type=radio], input[type=checkbox]", form)) radio.checked = false;
    for (const list of all("[data-cites]", form)) list.replaceChildren();
    for (const [name, value] of fields) {
      const named = form.elements.namedItem(name);
      if (name.endsWith("-cite")) document.dispatchEvent(new CustomEvent("app:cite", { detail: { form, field: name, value, label: labels?.[value] } }));
      else if (named instanceof RadioNodeList) for (const el of named) el.checked = el.value === value;
      else if (named?.matches("[type=radio], [type=checkbox]")) named.checked = named.value === value;
      else if (named && named.type !== "hidden") named.value = value;
    }
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

  const savers = new WeakMap();
  function start() {
    for (const form of all("form[data-autosave]")) if (!savers.has(form)) savers.set(form, new Autosave(form));
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

  // What becomes of a submit by htmx. An answer that is the sign-in page is not swapped in: it would take the form away.
  const saverOf = (event) => savers.get(event.detail.ctx?.sourceElement);
  addEventListener("htmx:after:request", (event) => saverOf(event)?.left(event.detail.ctx.response.status));
  addEventListener("htmx:error", (event) => saverOf(event)?.left(0));
  addEventListener("htmx:before:response", (event) => {
    const { raw } = event.detail.ctx.response;
    const signIn = one("#signed-out-template")?.content.querySelector("a")?.pathname;
    if (!signIn || !raw.redirected || new URL(raw.url).pathname !== signIn) return;
    event.preventDefault();
    savers.get(one("form[data-autosave]"))?.signedOut();
  });

  let lastSign = Date.now();
  for (const type of ["keydown", "input", "pointerdown", "pointermove", "wheel", "scroll"]) addEventListener(type, () => (lastSign = Date.now()), { capture: true, passive: true });
  addEventListener("pageshow", (event) => {
    const saver = event.persisted && savers.get(one("form[data-autosave]"));
    if (saver) saver.stopped = false;
  });
  addEventListener("htmx:after:swap", start);
  start();
})();
