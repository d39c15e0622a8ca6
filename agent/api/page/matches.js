// Items found by the beginning of a name: a list below the entry, by finger or by arrow keys.

import { $, el, fill } from "./dom.js";

export function showMatches(items, onPick) {
  fill($("matches"), ...items.map((item) => el("li", {},
    el("button", { onclick: () => { hideMatches(); onPick(item); } }, el("span", {}, item.name), el("span", { class: "quiet" }, numberOf(item))))));
  $("matches").hidden = false;
}

export function hideMatches() {
  $("matches").hidden = true;
}

const numberOf = (item) => (item.gtins || [])[0] || item.reference || item.item_id;

// Gives whether the key moved through the list.
export function walkMatches(key) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (!step || $("matches").hidden) return false;
  const stops = [$("scan"), ...$("matches").querySelectorAll("button")];
  const at = stops.indexOf(document.activeElement);
  stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
  return true;
}
