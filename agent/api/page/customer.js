// The customer's card: one glance, in the order a cashier needs it.

import { el, fill, $ } from "./dom.js";
import { amount, shortDate } from "./format.js";

export function showCustomer(card, answer, { clear, enrol }) {
  if (card) fill($("customer"), ...cardParts(card, clear));
  else fill($("customer"), el("p", { class: "quiet" }, words(answer)), el("button", { onclick: enrol }, "New customer"));
}

function words(answer) {
  if (answer === "known_elsewhere") return "Known to the chain, but not on this till yet. Sell on; the purchase finds its way.";
  return "No customer yet: scan a card, or type a phone number or e-mail.";
}

function cardParts(card, clear) {
  const ready = (card.orders || []).filter((order) => order.state === "ready");
  const others = (card.orders || []).filter((order) => order.state !== "ready");
  return [
    el("h2", {}, card.name, card.tier ? el("span", { class: "tier" }, card.tier) : null, el("button", { onclick: clear, title: "Sell without this customer" }, "Clear")),
    el("div", { class: "quiet" }, `${card.points || 0} points · ${consents(card.consents || [])}`),
    ...ready.map((order) => el("div", { class: "ready" }, `Ready to collect: ${order.order_no} · ${amount(order.total)}${order.paid === false ? " · to be paid" : ""}`)),
    ...others.slice(0, 2).map((order) => el("div", { class: "way" }, `Order ${order.order_no}: ${order.state}`)),
    el("ul", {}, ...newest(card.last || []).map(interaction)),
  ];
}

// An order is ordered, shipped, delivered: here it stands once, as it is now.
function newest(interactions) {
  const seen = new Set();
  return interactions.filter(({ channel, ref }) => !seen.has(`${channel} ${ref}`) && seen.add(`${channel} ${ref}`));
}

function consents(list) {
  const given = list.filter((consent) => consent.given).map((consent) => (consent.contact === "any" ? consent.purpose : `${consent.purpose} by ${consent.contact}`));
  return given.length ? `agreed to ${given.join(", ")}` : "agreed to nothing";
}

const WHAT = {
  "order.placed": "Ordered", "order.ready": "Ready", "order.shipped": "Shipped", "order.delivered": "Delivered",
  "order.collected": "Collected", "order.cancelled": "Cancelled", "return.received": "Returned",
};

function interaction(happened) {
  const said = [WHAT[happened.type], happened.title].filter(Boolean).join(": ");
  return el("li", {},
    el("span", { class: `channel ${happened.channel}` }, happened.channel),
    el("span", { class: "quiet" }, shortDate(happened.occurred_at)),
    el("span", { title: said }, said),
    el("span", { class: "amount" }, happened.total == null ? happened.state || "" : amount(happened.total)));
}
