// The basket: its lines, what a chosen line allows, and what it adds up to.

import { $, el, keep } from "./dom.js";
import { amount, quantity, shortDate } from "./format.js";

let chosen = null;

export const chosenLine = () => chosen;

export function choose(line) {
  chosen = line;
}

export function showBasket(open, onChoose, onGiveBack, boughtBefore) {
  const lines = open ? open.sale.lines || [] : [];
  if (!lines.some((line) => line.line === chosen && !line.voided)) chosen = null;
  const today = open?.sale.business_date;
  const drawn = keep($("lines").tBodies[0], lines.map((line) => [[open.sale.sale_id, line, amount(line.extension), line.line === chosen, today], () => row(line, onChoose, today)]));
  // It is known later than the line, when a finger may already be on it.
  drawn.forEach((each, place) => { each.querySelector(".before").textContent = beforeWords(boughtBefore(lines[place])); });
  $("empty").hidden = lines.length > 0;
  $("line-actions").hidden = chosen === null;
  keep($("totals"), totals(open, onGiveBack));
  const rows = $("lines").tBodies[0];
  const seen = rows.querySelector(".chosen") || rows.lastElementChild;
  if (seen) seen.scrollIntoView({ block: "nearest" });
}

const beforeWords = (day) => (day ? `, bought before, ${shortDate(day)}` : "");

function row(line, onChoose, today) {
  const classes = [line.voided ? "voided" : "", line.line === chosen ? "chosen" : ""].join(" ").trim();
  return el("tr", { class: classes, onclick: () => { if (!line.voided) onChoose(line.line === chosen ? null : line.line); } },
    el("td", {}, line.name, ...notes(line, today)),
    el("td", { class: "amount" }, `${quantity(line.quantity, line.unit || "each")} × ${amount(line.unit_price)}`),
    el("td", { class: "amount" }, amount(line.extension)));
}

function notes(line, today) {
  const said = [];
  if (line.returns) said.push("return");
  if (line.list_price != null && line.list_price !== line.unit_price) said.push(`was ${amount(line.list_price)}`);
  if (line.discount) said.push(`discount ${amount(line.discount)}`);
  if (line.reason) said.push(line.reason);
  if (line.expiry) said.push(`${line.expiry < today ? "past its date" : "good until"} ${line.expiry}`);
  return [
    el("small", {}, (line.taxes || []).map((tax) => `${tax.name} ${tax.basis_points / 100} %`).join(", "), el("span", { class: "before" })),
    said.length ? el("small", { class: "note" }, said.join(" · ")) : null,
  ];
}

function totals(open, onGiveBack) {
  const part = (label, value) => [[label, amount(value)], () => el("div", {}, el("span", {}, label), el("span", {}, amount(value)))];
  const big = (label, value) => [["big", label, amount(value)], () => el("div", { class: "big" }, el("span", {}, label), el("span", {}, amount(value)))];
  if (!open) return [big("Total", 0)];
  const sums = open.totals;
  return [
    ...(open.sale.discount ? [part("Discount", -open.sale.discount)] : []),
    ...sums.taxes.map((tax) => part(`incl. ${tax.name} ${tax.basis_points / 100} %`, tax.tax)),
    ...(sums.cash_rounding ? [part("Rounding", sums.cash_rounding)] : []),
    ...(open.sale.tenders || []).map((tender) => [[open.sale.sale_id, tender, amount(tender.amount)], () => el("div", { class: "tender" },
      el("span", {}, `Paid ${tender.kind}`), el("button", { onclick: () => onGiveBack(tender) }, "Give back"), el("span", {}, amount(-tender.amount)))]),
    big(sums.tendered ? "Still to pay" : "Total", sums.tendered ? sums.due : sums.total + sums.cash_rounding),
  ];
}
