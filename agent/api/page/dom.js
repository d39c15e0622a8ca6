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

export function toast(title, detail = "", kind = "") {
  const node = el("div", { class: `toast ${kind}`, role: "status" }, title);
  if (detail) node.append(el("small", {}, detail));
  $("toasts").append(node);
  setTimeout(() => node.remove(), kind === "bad" ? 8000 : 3500);
}
