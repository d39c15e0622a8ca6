// What to point out to the customer, each with its reason: asked anew with each basket, never waited for.

import * as api from "./api.js";
import { el } from "./dom.js";
import { amount } from "./format.js";

const NONE = { suggestions: [], bought_before: [] };
let found = NONE;
let askedFor = "";   // the basket and the card that were asked about last
let whose = "";

const path = (saleId) => `/v1/sales/${saleId}/suggestions`;

export const suggested = () => found.suggestions;

// Gives the day on which the customer last bought what a line sells, if they did.
export const boughtBefore = (line) => found.bought_before.find((each) => each.line === line.line)?.last;

// open: the sale with its totals; shown: its customer's card. `drawn` is called once there is something else to show.
export async function followBasket(open, shown, drawn) {
  const sale = open?.sale;
  const theirs = sale && shown && sale.party_id === shown.party_id ? `${sale.sale_id} ${shown.party_id}` : "";
  if (theirs !== whose) found = NONE; // What is meant for one customer is not said to the next.
  whose = theirs;
  const basket = theirs && JSON.stringify([theirs, (sale.lines || []).map((line) => [line.line, line.voided]), shown.strength, shown.card.ver, shown.card.consents]);
  if (basket === askedFor) return;
  askedFor = basket;
  if (!basket) return;
  // A till that cannot say what to point out sells all the same.
  const told = await api.get(path(sale.sale_id)).catch(() => NONE);
  if (askedFor === basket) { found = told; drawn(); }
}

// Keeps what the customer said to one, on all channels.
export async function answerSuggestion(saleId, { item, reason }, taken) {
  const told = await api.post(path(saleId), { item, reason, taken });
  if (whose.startsWith(saleId)) found = told;
}

// acts: {sell(one), decline(one)}.
export function suggestionRows({ sell, decline }) {
  return found.suggestions.map((one) => el("div", { class: "offer" },
    el("button", { onclick: () => sell(one), title: "Sell it" },
      el("span", {}, el("b", {}, one.name), el("small", {}, why(one))), el("span", { class: "amount" }, one.unit_price == null ? "" : amount(one.unit_price))),
    el("button", { class: "quiet", onclick: () => decline(one), title: "The customer does not want it: it is not pointed out again", "aria-label": `No ${one.name}` }, "\u00d7")));
}

// The reason begins with the name, which stands above it.
const why = ({ name, said }) => (said.startsWith(`${name}: `) ? said.slice(name.length + 2) : said);
