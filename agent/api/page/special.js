// What the store does not have: ordered for the customer, against a deposit that goes into the basket.

import * as api from "./api.js";
import { askFor, choose } from "./dialogs.js";

const PIECE = 1000;

// Gives what to order, {items, ship}, or null; `hasCustomer` says whether somebody can be sent anything.
export async function askSpecial(hasCustomer) {
  const wanted = [];
  let next = "more";
  while (next === "more") {
    const found = await askItem(wanted.length ? "What else?" : "Order what is not here");
    if (!found && !wanted.length) return null;
    if (found) wanted.push(found);
    next = await choose("Special order", ways(hasCustomer), { note: `${said(wanted)}. ${hasCustomer ? "" : "Nobody is on the sale: scan a card first, and they hear when it is here."}` });
  }
  return next && { items: wanted.map(({ item, quantity }) => ({ item_id: item.item_id, quantity })), ship: next === "ship" };
}

const ways = (hasCustomer) => [
  ["here", "Order it, to be collected here"], ...(hasCustomer ? [["ship", "Order it, to be sent to the customer"]] : []), ["more", "Something else as well"],
];

const said = (wanted) => wanted.map(({ item, quantity }) => `${quantity / PIECE} × ${item.name}`).join(", ");

async function askItem(title) {
  const item = await search(title);
  if (!item) return null;
  const many = await askFor(`How much? ${item.name}`, [{ name: "n", label: item.unit === "kg" ? "Kilograms" : "Pieces", value: "1", required: true, inputmode: "decimal" }]);
  const quantity = many && Math.round(Number(many.n.replace(",", ".")) * PIECE);
  return quantity ? { item, quantity } : null;
}

async function search(title) {
  let note = "";
  for (;;) {
    const asked = await askFor(title, [{ name: "text", label: "Name or number of the item", required: true }], { action: "Search", note });
    if (!asked) return null;
    const items = await api.get(`/v1/items?text=${encodeURIComponent(asked.text)}`);
    const picked = items.length ? await choose("Which one?", items.map((item) => [item.item_id, item.name])) : null;
    if (picked) return items.find((item) => item.item_id === picked);
    note = items.length ? "" : `Nothing is listed under ${asked.text}.`;
  }
}
