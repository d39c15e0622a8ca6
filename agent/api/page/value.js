// Points and gift cards: what pays with them, and which card the sale of a gift card charges.

import { askAmount } from "./day.js";
import { askFor } from "./dialogs.js";
import { given, plainAmount, towards } from "./format.js";

const PREFIX = "gift-"; // What an owner of a gift card's balance begins with; never its number.

// The first line that sells a gift card and does not say which.
export function uncharged(view) {
  const gifts = new Set(view.gift_items || []);
  const isGift = (line) => gifts.has(line.item_id) || gifts.has(line.gtin);
  return (view.sale?.sale.lines || []).find((line) => !line.voided && line.quantity > 0 && isGift(line) && !(line.serial || "").startsWith(PREFIX));
}

export async function askNumber(title) {
  const said = await askFor(title, [{ name: "number", label: "Number on the card", required: true, hint: "scan it, or type it" }]);
  return said ? said.number : null;
}

// The tender of somebody who pays so, or is paid back so; null where the cashier thought better.
export async function valueTender(kind, due) {
  const title = kind === "points" ? "Points" : "Gift card";
  const number = [{ name: "number", label: "Number on the card", required: true, hint: "scan it, or type it" }];
  const said = await askAmount(title, due < 0 ? given(due) : "Amount paid with it", plainAmount(Math.abs(due)), kind === "gift_card" && due > 0 ? number : []);
  return said && { kind, amount: towards(due, said.minor), ...(said.number ? { reference: said.number } : {}) };
}
