// Keys, help sheet and palette. The page is the registry: data-key="j", "g q" or "mod+enter" on a real link, button or
// field; data-cmd names it. Other scripts answer to keys that no element has by listening to the "app:key" event.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const shown = (el) => el.checkVisibility({ visibilityProperty: true }) || el.closest("[popover]");
  const usable = (el) => shown(el) && !el.disabled && !el.closest("[inert]");
  const within = (el, selector) => el instanceof Element && el.closest(selector);
  const field = "input:not([type=radio],[type=checkbox],[type=hidden]), textarea, select, [contenteditable=true], .cm-editor";
  // A field in a dialog that was closed keeps the focus until the page is drawn again.
  const typing = (el) => within(el, field) && shown(el);
  const switchedOff = () => (document.documentElement.dataset.keys ?? localStorage.getItem("keys")) === "off";

  let pending = "";
  let timer;

  function nameOf(event) {
    const key = event.key.toLowerCase();
    const shift = event.shiftKey && /^([a-z]|enter)$/.test(key);
    return (event.ctrlKey || event.metaKey ? "mod+" : "") + (event.altKey ? "alt+" : "") + (shift ? "shift+" : "") + key;
  }

  function act(el) {
    if (typing(el)) el.focus();
    else el.click();
  }

  addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const key = nameOf(event);
    const held = event.ctrlKey || event.metaKey || event.altKey;
    if (key === "mod+k" && !within(event.target, ".cm-editor")) return openPalette(event);
    if (one("dialog[open]")) return;
    if (key === "escape" && typing(event.target)) return event.target.blur();
    if (!held && (typing(event.target) || switchedOff())) return;

    const sequence = pending ? `${pending} ${key}` : key;
    const candidates = all("[data-key]").filter(usable);
    const match = candidates.find((el) => el.dataset.key === sequence);
    clearTimeout(timer);
    pending = "";
    if (match) {
      event.preventDefault();
      return act(match);
    }
    if (!held && candidates.some((el) => el.dataset.key.startsWith(`${sequence} `))) {
      pending = sequence;
      timer = setTimeout(() => (pending = ""), 900);
      return;
    }
    const unclaimed = new CustomEvent("app:key", { detail: { key, target: event.target }, cancelable: true });
    if (!document.dispatchEvent(unclaimed)) event.preventDefault();
  });

  // Lists: j and k move between the main links of rows, x ticks the row's checkbox.
  document.addEventListener("app:key", (event) => {
    const links = all(".rows a.main, .tbl a.main").filter(usable);
    const index = links.indexOf(document.activeElement);
    const { key } = event.detail;
    if (!links.length || !["j", "k", "x"].includes(key) || one("[data-crit]")) return;
    event.preventDefault();
    if (key === "x") one("input[type=checkbox]", links[index]?.closest("li, tr") ?? document.createElement("i"))?.click();
    else links[Math.max(0, Math.min(links.length - 1, index + (key === "j" ? 1 : -1)))].focus();
  });

  // Help sheet
  const help = one("#help");
  const sheet = one(".keys", help);
  const off = one("#keys-off");

  function caps(keys) {
    const names = { mod: navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl", enter: "↵", escape: "Esc", shift: "⇧" };
    return keys.split(/[ +]/).map((key) => {
      const cap = document.createElement("kbd");
      cap.textContent = names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
      return cap;
    });
  }

  function helpRow(keys, text) {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const words = document.createElement("dd");
    term.append(...caps(keys));
    words.textContent = text;
    row.append(term, words);
    return row;
  }

  function helpSection(title, rows) {
    const section = document.createElement("section");
    const heading = document.createElement("h3");
    const list = document.createElement("dl");
    heading.textContent = title;
    list.append(...rows);
    section.append(heading, list);
    return section;
  }

  function openHelp() {
    const groups = new Map();
    const add = (group, row) => groups.set(group, [...(groups.get(group) ?? []), row]);
    const groupOf = (el) => el.closest("[data-cmd-group]")?.dataset.cmdGroup ?? sheet.dataset.other;
    for (const el of all("[data-key][data-cmd]").filter(usable)) add(groupOf(el), helpRow(el.dataset.key, el.dataset.cmd));
    for (const el of all("[data-hint-key]")) add(groupOf(el), helpRow(el.dataset.hintKey, el.dataset.hint));
    add(sheet.dataset.every, helpRow("mod+k", sheet.dataset.palette));
    add(sheet.dataset.every, helpRow("escape", sheet.dataset.leave));
    sheet.replaceChildren(...[...groups].map(([title, rows]) => helpSection(title, rows)));
    off.checked = switchedOff();
    help.showModal();
  }

  off.addEventListener("change", () => {
    const keys = off.checked ? "off" : "on";
    if (document.documentElement.dataset.prefers) document.documentElement.dataset.keys = keys;
    else localStorage.setItem("keys", keys);
    document.dispatchEvent(new CustomEvent("app:prefer", { detail: { single_keys: keys } }));
  });
  addEventListener("click", (event) => {
    if (within(event.target, "[data-act=help]")) openHelp();
    else if (event.target instanceof HTMLDialogElement) event.target.close();
  });

  // Palette
  const palette = one("#palette");
  const input = one("input", palette);
  const list = one("ul", palette);
  const nothing = one("p", palette);
  let commands = [];
  let found = [];
  let selected = 0;

  function openPalette(event) {
    event.preventDefault();
    const blocking = one("dialog[open]");
    if (blocking) return blocking === palette ? palette.close() : undefined;
    commands = all("[data-cmd]").filter(usable);
    input.value = "";
    draw();
    palette.showModal();
    input.focus();
  }

  function option(command, index) {
    const item = document.createElement("li");
    item.role = "option";
    item.id = `command-${index}`;
    item.ariaSelected = String(index === selected);
    item.textContent = command.dataset.cmd;
    if (command.dataset.key) {
      const keys = document.createElement("span");
      keys.append(...caps(command.dataset.key));
      item.append(keys);
    }
    item.addEventListener("click", () => run(command));
    return item;
  }

  function draw() {
    const words = input.value.toLowerCase().split(/\s+/);
    found = commands.filter((el) => words.every((word) => el.dataset.cmd.toLowerCase().includes(word)));
    selected = Math.max(0, Math.min(selected, found.length - 1));
    list.replaceChildren(...found.map(option));
    list.children[selected]?.scrollIntoView({ block: "nearest" });
    nothing.hidden = found.length > 0;
    input.setAttribute("aria-activedescendant", found.length ? `command-${selected}` : "");
  }

  function run(command) {
    palette.close();
    act(command);
  }

  input.addEventListener("input", () => {
    selected = 0;
    draw();
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) selected += step;
    else if (event.key !== "Enter") return;
    event.preventDefault();
    if (step) draw();
    else if (found[selected]) run(found[selected]);
  });
})();
