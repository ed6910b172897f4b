"use strict";
(() => {
  const tree = document.getElementById("argument");
  const all = (selector, root = tree) => Array.from(root.querySelectorAll(selector));
  const search = document.getElementById("search");
  const filter = document.getElementById("filter");
  const status = document.getElementById("status");

  const fold = (open) => all("details").forEach((item) => { item.open = open; });
  document.getElementById("unfold").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));

  const unfoldTo = (element) => {
    for (let at = element; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  const follow = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !tree.contains(target)) return;
    unfoldTo(target);
    target.scrollIntoView({ block: "center" });
    const focus = target.querySelector("summary");
    if (focus) focus.focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  follow();

  // Arrow keys walk the tree as in a file browser; Enter and Space fold, as the browser has it.
  const visible = () => all("summary").filter((item) => item.checkVisibility());
  tree.addEventListener("keydown", (event) => {
    const summary = event.target.closest("summary");
    if (!summary) return;
    const items = visible();
    const here = items.indexOf(summary);
    const details = summary.parentElement;
    const steps = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 };
    if (event.key in steps) {
      const next = items[steps[event.key]];
      if (next) next.focus();
    } else if (event.key === "ArrowRight") {
      if (!details.open) details.open = true;
      else details.querySelector("details > .inside summary")?.focus();
    } else if (event.key === "ArrowLeft") {
      if (details.open) details.open = false;
      else details.parentElement.closest("details")?.querySelector("summary").focus();
    } else return;
    event.preventDefault();
  });

  const unmark = () => all("mark").forEach((item) => {
    const parent = item.parentNode;
    item.replaceWith(...item.childNodes);
    parent.normalize();
  });
  const mark = (words) => {
    const found = [];
    const walker = document.createTreeWalker(document.getElementById("argument"), NodeFilter.SHOW_TEXT, {
      acceptNode: (node) => (node.parentElement.closest(".tools, .visually-hidden") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT),
    });
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (let node of texts) {
      let at = node.data.toLowerCase().indexOf(words);
      while (at >= 0) {
        const hit = node.splitText(at);
        node = hit.splitText(words.length);
        const element = document.createElement("mark");
        hit.replaceWith(element);
        element.append(hit);
        found.push(element);
        at = node.data.toLowerCase().indexOf(words);
      }
    }
    return found;
  };
  const apply = () => {
    unmark();
    const source = filter.value;
    const words = search.value.trim().toLowerCase();
    all(".branch").forEach((item) => {
      item.hidden = source !== "" && !JSON.parse(item.dataset.sources).includes(source);
    });
    if (!words) {
      const left = all(".branch:not([hidden])").length;
      status.textContent = source ? `${left} statements rest on ${source}` : "";
      return;
    }
    const hits = mark(words).filter((item) => !item.closest("[hidden]"));
    hits.forEach(unfoldTo);
    status.textContent = hits.length === 1 ? "1 place found" : `${hits.length} places found`;
    if (hits.length) hits[0].scrollIntoView({ block: "nearest" });
  };
  let waiting;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
  search.addEventListener("keydown", (event) => { if (event.key === "Escape") { search.value = ""; apply(); } });
  filter.addEventListener("change", apply);

  // On paper everything is unfolded, and afterwards it is as it was.
  let folded = [];
  addEventListener("beforeprint", () => { folded = all("details:not([open])", document); folded.forEach((item) => { item.open = true; }); });
  addEventListener("afterprint", () => { folded.forEach((item) => { item.open = false; }); });
})();
