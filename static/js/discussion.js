// Discussions: a line asks to be discussed, and Ctrl and Enter send. What is being written is kept by keep.js.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  // Within the words of a discussion Ctrl and Enter send them, and nothing else on the page.
  addEventListener("keydown", (event) => {
    const form = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest?.("[data-talk] form");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit();
  }, true);

  // The button that opens a thread takes along the line that is selected.
  addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-discusses]");
    const line = button && (one(".line.on") ?? one(".line:target"));
    const path = line?.closest("[data-cite-base^='file:']")?.dataset.citeLabel;
    if (!path) return;
    const address = new URL(button.href);
    address.searchParams.set("path", path);
    address.searchParams.set("line", line.dataset.n);
    button.href = address;
    button.setAttribute("hx-get", address.pathname + address.search);
  }, true);
})();
