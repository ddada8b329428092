"use strict";

// Search: each word must be in an entry; names come before descriptions, and models before columns.

const MOST = 40;
const box = document.getElementById("search");
const list = document.getElementById("found");
const root = document.body.dataset.root;
let marked = -1;

function rank(entry, words) {
  const name = entry.name.toLowerCase();
  const path = `${entry.within}.${name}`.toLowerCase();
  const all = `${path} ${entry.kind} ${entry.words.toLowerCase()}`;
  if (!words.every((word) => all.includes(word))) return -1;
  const [first] = words;
  const place = [name === first, name.startsWith(first), name.includes(first), path.includes(first)].indexOf(true);
  return 2 * (place < 0 ? 4 : place) + (entry.kind === "column" ? 1 : 0);
}

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return window.searchIndex
    .map((entry) => ({ entry, rank: rank(entry, words) }))
    .filter((found) => found.rank >= 0)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST)
    .map((found) => found.entry);
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function row(entry, number) {
  const link = element("a", "", "");
  link.href = root + entry.href;
  link.tabIndex = -1;
  const within = entry.kind === "column" ? `${entry.within}.` : "";
  const name = element("span", "name", "");
  name.append(element("span", "muted", within), entry.name);
  link.append(name, " ", element("span", "pill", entry.kind), element("span", "words", entry.words));
  const item = element("li", "", "");
  item.id = `found-${number}`;
  item.setAttribute("role", "option");
  item.append(link);
  return item;
}

function show() {
  const found = search(box.value);
  const nothing = box.value.trim() && !found.length;
  list.replaceChildren(...(nothing ? [element("li", "nothing", "Nothing is called so.")] : found.map(row)));
  list.hidden = !box.value.trim();
  box.setAttribute("aria-expanded", String(!list.hidden));
  mark(found.length ? 0 : -1);
}

function mark(number) {
  marked = number;
  [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === number)));
  const item = list.children[number];
  if (item && number >= 0) {
    item.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", item.id);
  } else {
    box.removeAttribute("aria-activedescendant");
  }
}

function close() {
  list.hidden = true;
  box.setAttribute("aria-expanded", "false");
}

function open(item) {
  close();
  box.blur();
  item.querySelector("a").click();
}

box.addEventListener("input", show);
box.addEventListener("focus", show);
box.addEventListener("keydown", (event) => {
  const options = list.querySelectorAll("[role=option]").length;
  if (event.key === "Escape") { box.value = ""; close(); box.blur(); }
  if (!options) return;
  if (event.key === "ArrowDown") { event.preventDefault(); mark((marked + 1) % options); }
  if (event.key === "ArrowUp") { event.preventDefault(); mark((marked + options - 1) % options); }
  if (event.key === "Enter") { event.preventDefault(); open(list.children[marked]); }
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    box.focus();
    box.select();
  }
});
document.addEventListener("click", (event) => { if (!event.target.closest(".search")) close(); });
list.addEventListener("click", close);

// Lineage: the chosen box, all that it comes from and all that comes from it.

function reachable(wires, name, from, to) {
  const seen = new Set([name]);
  const found = [];
  for (const at of seen) {
    for (const wire of wires.filter((one) => one.dataset[from] === at)) {
      found.push(wire);
      seen.add(wire.dataset[to]);
    }
  }
  return { names: seen, wires: found };
}

function choose(svg, name) {
  const wires = [...svg.querySelectorAll(".wire")];
  const above = reachable(wires, name, "reader", "upstream");
  const below = reachable(wires, name, "upstream", "reader");
  svg.classList.toggle("chosen", name !== "");
  wires.forEach((wire) => {
    wire.classList.toggle("above", above.wires.includes(wire));
    wire.classList.toggle("below", below.wires.includes(wire));
  });
  svg.querySelectorAll(".box").forEach((node) => {
    node.classList.toggle("on", above.names.has(node.dataset.name) || below.names.has(node.dataset.name));
    node.classList.toggle("here", node.dataset.name === name);
  });
}

const overview = document.querySelector("#lineage svg");
if (overview) {
  overview.addEventListener("click", (event) => {
    const node = event.target.closest(".box");
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!node) { choose(overview, ""); return; }
    if (node.classList.contains("here")) return;
    event.preventDefault();
    choose(overview, node.dataset.name);
    history.replaceState(null, "", `#${node.dataset.name}`);
  });
  const name = location.hash.slice(1);
  if ([...overview.querySelectorAll(".box")].some((node) => node.dataset.name === name)) choose(overview, name);
}

// On a narrow screen the page of a model begins with that model in sight.

const here = document.querySelector(".graph .box.here rect");
if (here) {
  const graph = here.closest(".graph");
  graph.scrollLeft = here.x.baseVal.value + here.width.baseVal.value / 2 - graph.clientWidth / 2;
}
