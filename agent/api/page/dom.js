// Building elements without ever parsing text as HTML: names and codes come from outside.

export const $ = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child != null));
}

const kept = new WeakMap();   // node → its children by what they show

// What is made anew under a finger takes no touch: a child stays as long as it shows the same.
// parts: [what it shows, how it is made]; no two show the same. Gives the children in their order.
export function keep(node, parts) {
  const before = kept.get(node) || new Map();
  const now = new Map(parts.map(([shows, make]) => [JSON.stringify(shows), make]).map(([key, make]) => [key, before.get(key) || make()]));
  kept.set(node, now);
  const children = [...now.values()];
  for (const child of [...node.childNodes]) if (!children.includes(child)) child.remove();
  children.forEach((child, place) => { if (node.childNodes[place] !== child) node.insertBefore(child, node.childNodes[place] || null); });
  return children;
}

const STAYS_MS = { bad: 20000, good: 4000 };

// One message at a time, above the lines: the newest is the one that matters. `way` is a way on: what its button says and does.
export function message(title, detail = "", kind = "good", way = null) {
  const node = el("div", { class: `message ${kind}`, role: kind === "bad" ? "alert" : "status" },
    el("div", {}, el("b", {}, title), detail ? el("small", {}, detail) : null),
    way && el("button", { type: "button", class: "way", onclick: () => { node.remove(); way.go(); } }, way.label),
    el("button", { type: "button", "aria-label": "Close this message", onclick: () => node.remove() }, "\u00d7"));
  fill($("messages"), node);
  setTimeout(() => node.remove(), STAYS_MS[kind]);
}

// What somebody does next answers the message before.
export const clearMessage = () => fill($("messages"));
