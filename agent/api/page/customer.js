// The customer's card: six lines at most, in the order a cashier needs them, then what happened last.

import { el, fill, $ } from "./dom.js";
import { amount, shortDate } from "./format.js";
import { suggestionRows } from "./suggestions.js";

let before = "";

// shown: GET /v1/parties/{id}; suggested: what to point out; acts: {clear, enrol, sell, decline}, and of the card they stand on {consents, orders, answer(said), ask, refuse}.
export function showCustomer(shown, answer, suggested, acts) {
  // A button that is made anew under a finger takes no touch.
  const now = JSON.stringify([shown, answer, suggested]);
  if (now === before) return;
  before = now;
  if (shown) fill($("customer"), ...cardParts(shown, acts));
  else fill($("customer"), el("p", { class: "quiet" }, words(answer)), el("button", { onclick: acts.enrol }, "New customer"));
}

function words(answer) {
  if (answer === "known_elsewhere") return "Known to the chain, but their card does not open here yet. Sell on; the purchase finds its way.";
  return "No customer yet: scan a card, or type a phone number or e-mail.";
}

function cardParts(shown, acts) {
  return [
    ...(shown.lines || []).map((line) => LINES[line.kind](line.text, shown, acts)),
    ...suggestionRows(acts),
    el("ul", {}, ...newest(shown.card.last || []).map(interaction)),
  ];
}

const LINES = {
  name: (text, shown, { clear, consents }) => el("h2", {}, el("span", {}, text),
    el("button", { onclick: () => consents(shown), title: "The customer says yes or no to a use of their data" }, "Consents"),
    el("button", { onclick: clear, title: "Sell without this customer" }, "Clear")),
  tier: (text) => el("div", {}, el("span", { class: "tier" }, text)),
  orders: (text, shown, { orders }) => el("button", { class: "ready", onclick: () => orders(shown), title: "See the order, and hand it over" }, text),
  consents: (text) => el("div", { class: "quiet" }, text),
  prompt: (text, shown, acts) => el("div", { class: "question" }, el("b", {}, text), el("div", { class: "ways" }, ...ways(shown, acts))),
  hint: (text) => el("div", { class: "hint" }, text),
};

const QUICK = 3;

// How a question can be answered; only the customer knows, so nothing is chosen beforehand.
function ways(shown, { answer, ask, refuse }) {
  const { prompt } = shown;
  if (!prompt) return [];
  const says = (label, said) => el("button", { onclick: () => answer(shown, said) }, label);
  const rather = el("button", { class: "quiet", onclick: () => refuse(shown) }, "Rather not say");
  if (prompt.kind === "yes_no" || prompt.kind === undefined) return [says("Yes", "yes"), says("No", "no"), rather];
  if (prompt.kind === "choice" && prompt.choices.length <= QUICK) return [...prompt.choices.map((choice) => says(choice, choice)), rather];
  return [el("button", { onclick: () => ask(shown) }, "Answer …"), rather];
}

// An order is ordered, shipped, delivered: here it stands once, as it is now.
function newest(interactions) {
  const seen = new Set();
  return interactions.filter(({ channel, ref }) => !seen.has(`${channel} ${ref}`) && seen.add(`${channel} ${ref}`));
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
