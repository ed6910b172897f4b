"use strict";
(() => {
  const argument = document.getElementById("argument");
  if (!argument?.querySelector(".tools")) return; // nothing follows, so that there is none
  const all = (selector) => Array.from(argument.querySelectorAll(selector));
  const [search, filter, status, next] = ["search", "filter", "status", "next"].map((id) => document.getElementById(id));
  argument.querySelector(".tools").hidden = false;

  // What search, filter and links unfold is folded again afterwards; what the reader unfolds stays.
  let unfolded = [];
  const unfoldTo = (element) => {
    for (let at = element; at !== argument; at = at.parentElement) {
      if (at.tagName === "DETAILS" && !at.open) { at.open = true; unfolded.push(at); }
    }
  };
  const foldBack = () => { unfolded.forEach((item) => { item.open = false; }); unfolded = []; };
  const setAll = (open) => { unfolded = []; all("details").forEach((item) => { item.open = open; }); };
  document.getElementById("unfold").addEventListener("click", () => setAll(true));
  document.getElementById("fold").addEventListener("click", () => setAll(false));

  // --- search and filter ---------------------------------------------------------------------------------------------
  let hits = [];
  let current = -1;
  const unmark = () => {
    const parents = new Set();
    all("mark").forEach((item) => { parents.add(item.parentNode); item.replaceWith(...item.childNodes); });
    parents.forEach((item) => item.normalize());
  };
  const mark = (words) => {
    // A regular expression compares without regard to case and keeps lengths, which lower-casing does not.
    const escaped = words.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\s+/g, "\\s+");
    const wanted = new RegExp(escaped, "giu");
    const walker = document.createTreeWalker(argument, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest(".tools, .visually-hidden, .brief, [hidden]") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    return texts.flatMap((text) => Array.from(text.data.matchAll(wanted)).reverse().map((found) => {
      const hit = text.splitText(found.index);
      hit.splitText(found[0].length);
      const element = document.createElement("mark");
      hit.replaceWith(element);
      element.append(hit);
      return element;
    }).reverse());
  };
  const show = (index) => {
    hits[current]?.classList.remove("current");
    current = (index + hits.length) % hits.length;
    hits[current].classList.add("current");
    unfoldTo(hits[current]);
    hits[current].scrollIntoView({ block: "center" });
    status.textContent = `Place ${current + 1} of ${hits.length}`;
  };
  const chosenSource = () => {
    const chosen = filter.value;
    all("[data-sources]").forEach((item) => { item.hidden = chosen !== "" && !item.dataset.sources.split(" ").includes(chosen); });
    const cites = all(".cite");
    cites.forEach((item) => { item.classList.toggle("chosen", chosen !== "" && item.dataset.source === chosen); });
    return cites.filter((item) => item.classList.contains("chosen"));
  };
  const places = (count) => (count === 1 ? "1 place" : `${count} places`);
  const apply = () => {
    unmark();
    foldBack();
    const cites = chosenSource();
    const words = search.value.trim();
    const source = filter.value && filter.selectedOptions[0].textContent;
    hits = words ? mark(words) : [];
    current = -1;
    (words ? hits : cites).forEach(unfoldTo);
    next.hidden = hits.length < 2;
    const said = [];
    if (words) said.push(hits.length ? `${places(hits.length)} found` : "Nothing found");
    if (source) said.push(`${source} is cited in ${places(cites.length)}, and what does not rest on it is hidden`);
    status.textContent = said.join("; ");
    if (hits.length) hits[0].scrollIntoView({ block: "nearest" });
  };
  let waiting;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.preventDefault(); search.value = ""; clearTimeout(waiting); apply(); }
    else if (event.key === "Enter" && hits.length) { event.preventDefault(); show(current + (event.shiftKey ? -1 : 1)); }
  });
  next.addEventListener("click", () => show(current + 1));
  filter.addEventListener("change", apply);
  if (search.value || filter.value) apply(); // after a reload some browsers fill them in again

  // --- links and keys ------------------------------------------------------------------------------------------------
  const follow = () => {
    const target = document.querySelector(":target");
    if (!target || target === argument || !argument.contains(target)) return;
    if (target.closest("[hidden]")) { filter.value = ""; apply(); }
    unfoldTo(target);
    unfolded = [];
    target.scrollIntoView({ block: "center" });
    const focus = target.querySelector("summary");
    if (focus) focus.focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  addEventListener("click", (event) => {
    // Where the address is the same as before, no hashchange comes.
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) follow();
  });
  follow();

  // Arrow keys walk the tree as in a file browser; Enter and Space fold, as the browser has it.
  argument.addEventListener("keydown", (event) => {
    const summary = event.target.closest("summary");
    if (!summary || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const details = summary.parentElement;
    const items = all("summary").filter((item) => item.checkVisibility());
    const here = items.indexOf(summary);
    const steps = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 };
    if (event.key in steps) items[steps[event.key]]?.focus();
    else if (event.key === "ArrowRight") {
      if (!details.open) details.open = true;
      else if (items[here + 1] && details.contains(items[here + 1])) items[here + 1].focus();
    } else if (event.key === "ArrowLeft") {
      if (details.open) details.open = false;
      else details.parentElement.closest("details")?.querySelector("summary").focus();
    } else return;
    event.preventDefault();
  });

  // On paper everything is unfolded, and afterwards it is as it was.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = Array.from(document.querySelectorAll("details:not([open])"));
    folded.forEach((item) => { item.open = true; });
  });
  addEventListener("afterprint", () => { folded.forEach((item) => { item.open = false; }); folded = []; });
})();
