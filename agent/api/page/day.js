// The till's day: sign-on, float, pay-in and pay-out, X and Z.

import * as api from "./api.js";
import { askFor, choose, show } from "./dialogs.js";
import { el, message } from "./dom.js";
import { amount, isBarcode, parseAmount, plainAmount } from "./format.js";

const path = (what) => `/v1/tills/${api.till}/${what}`;

export async function signOn(current) {
  const answer = await askFor("Who is at the till?", [{ name: "actor", label: "Cashier", value: current || "", required: true, hint: "your number or name" }], { action: "Sign on" });
  if (answer) await api.post(path("sign-on"), { actor: answer.actor });
}

export async function dayMenu(state) {
  const picked = await choose("Day", [
    ["sign-on", "Sign on", state.actor || "nobody"],
    ["enrol", "New customer"], ["orders", "Orders to collect here"],
    ["special", "Order what is not here"],
    ["open-item", "Sell an item without a code"],
    ["discount", "Discount on the whole receipt"],
    ["pay-in", "Pay-in"], ["pay-out", "Pay-out"], ["drawer", "Open the drawer"],
    ["open", "Open the day", state.opened ? "is open" : ""],
    ["x", "X report (look only)"], ["z", "Z report: close the day"],
  ]);
  const actions = { "sign-on": () => signOn(state.actor), "pay-in": () => cash(1), "pay-out": () => cash(-1), drawer, open, x: xReport, z: zReport };
  if (picked && actions[picked]) await actions[picked]();
  return picked;
}

export async function askAmount(title, label, value, more = []) {
  const answer = await askFor(title, [{ name: "amount", label, value, required: true, inputmode: "decimal" }, ...more]);
  if (!answer) return null;
  if (isBarcode(answer.amount)) {
    message("That is a bar code, not an amount", "Nothing was done: scan while no question is open.", "bad");
    return null;
  }
  const minor = parseAmount(answer.amount);
  if (minor === null) {
    message("That is no amount", `${answer.amount}: write it like ${plainAmount(1250)}`, "bad");
    return null;
  }
  return { ...answer, minor };
}

async function cash(sign) {
  const answer = await askAmount(sign > 0 ? "Pay-in" : "Pay-out", "Amount", "", [{ name: "reason", label: "Reason", required: true }]);
  if (!answer) return;
  await api.post(path("cash"), { cash_id: api.newId(), amount: sign * answer.minor, reason: answer.reason });
  message(sign > 0 ? "Paid in" : "Paid out", amount(answer.minor), "good");
}

async function drawer() {
  await api.post(path("drawer"), { print_id: api.newId() });
}

async function open() {
  const answer = await askAmount("Open the day", "Money in the drawer (float)", plainAmount(0));
  if (answer) await api.post(path("open"), { float_amount: answer.minor, request_id: api.newId() });
}

const figures = (totals) => [
  ["Sales", totals.sales], ["Cancelled", totals.cancelled], ["Items", totals.items],
  ["Gross", amount(totals.gross)], ["Net", amount(totals.net)], ["Returns", amount(totals.returns)], ["Discounts", amount(totals.discounts)],
  ...totals.taxes.map((tax) => [`Tax ${tax.name}`, amount(tax.tax)]),
  ...totals.tenders.map((tender) => [`Paid ${tender.kind} (${tender.count})`, amount(tender.amount)]),
  ["Float", amount(totals.float_amount)], ["Paid in", amount(totals.paid_in)], ["Paid out", amount(totals.paid_out)],
  ["Cash expected", amount(totals.expected_cash)],
];

const table = (rows) => el("div", { class: "figures" }, el("table", {}, ...rows.map(([label, value]) => el("tr", {}, el("td", {}, label), el("td", { class: "amount" }, String(value))))));

async function xReport() {
  const day = await api.get(path("report"));
  await show("X report", table(figures(day.totals)));
}

async function zReport() {
  const answer = await askAmount("Close the day", "Cash counted in the drawer", "", []);
  if (!answer) return;
  const { report } = await api.post(path("close"), { counted_cash: answer.minor, request_id: api.newId() });
  await show(`Z ${report.z_number}`, table([...figures(report.totals), ["Counted", amount(report.counted_cash)], ["Difference", amount(report.difference)]]));
}
