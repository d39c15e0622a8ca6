// The customer display: goods and amounts, nobody's name. It reads, and changes nothing.

import * as api from "./api.js";
import { $, el, fill } from "./dom.js";
import { amount, setCurrency } from "./format.js";

const AGAIN_MS = 61000;     // the agent shows the change for a minute, then greets the next one
const PATIENCE_MS = 3000;   // a restart of the agent is nothing a customer need see
let view = null;
let timer = 0;
let away = 0;

async function refresh() {
  view = await api.get(`/v1/tills/${api.till}/display`);
  draw();
  clearTimeout(timer);
  if (view.state === "paid") timer = setTimeout(again, AGAIN_MS);
}

// One reading at a time; what happens meanwhile is read after it.
let reading = null;
let stale = false;
function again() {
  stale = true;
  reading ??= (async () => {
    while (stale) {
      stale = false;
      await refresh().catch(complain);
    }
  })().finally(() => { reading = null; });
  return reading;
}

function draw() {
  setCurrency(view.currency, view.language);
  document.documentElement.lang = view.language;
  document.documentElement.dir = ["ar", "he", "fa", "ur"].includes(view.language.split("-")[0]) ? "rtl" : "ltr";
  document.body.className = view.state;
  $("greeting").hidden = view.state !== "idle";
  $("sale").hidden = view.state !== "selling";
  $("paid").hidden = view.state !== "paid";
  $("away").hidden = true;
  ({ idle: greet, selling: sell, paid: settle })[view.state]();
}

function greet() {
  fill($("welcome"), view.words.welcome);
  fill($("shop"), view.store_name);
}

function sell() {
  const words = view.words;
  fill($("store"), view.store_name);
  fill($("count"), `${view.lines.length}`);
  fill($("lines"), ...view.lines.map(row));
  const partly = view.due != null;
  fill($("sums"),
    ...(view.discount ? sum(words.discount, -view.discount) : []),
    ...(partly ? [...sum(words.total, view.total), ...sum(words.given, view.given)] : []),
    ...sum(partly ? words.to_pay : words.total, partly ? view.due : view.total, "big"));
  $("lines").lastElementChild?.scrollIntoView({ block: "end" });
}

function row(line) {
  const single = line.unit === "each" && line.quantity === 1000;
  return el("li", { class: line.extension < 0 ? "back" : "" },
    el("span", { class: "name" }, el("bdi", {}, line.name)),
    el("span", { class: "measure" }, single ? "" : `${measure(line)} × ${amount(line.unit_price)}`),
    el("span", { class: "amount" }, amount(line.extension)));
}

function measure(line) {
  const digits = line.unit === "each" ? { maximumFractionDigits: 3 } : { minimumFractionDigits: 3 };
  const figure = (line.quantity / 1000).toLocaleString(view.language, digits);
  return line.unit === "each" ? figure : `${figure} ${line.unit}`;
}

function settle() {
  const words = view.words;
  fill($("settled"), ...sum(words.total, view.total),
    ...(view.change ? [...sum(words.given, view.given), ...sum(words.change, view.change, "big")] : []));
  fill($("thanks"), words.thanks);
}

function sum(word, value, kind = "") {
  return [el("dt", { class: kind }, word), el("dd", { class: kind }, amount(value))];
}

function complain(problem) {
  if (!(problem instanceof api.Problem)) return;
  explain(problem.status === 401
    ? "This display is not paired with a till. At the till: till-agent pair TILL, then open /display#till=TILL&token=TOKEN here."
    : `${problem.message} ${problem.remedy}`);
}

function explain(text) {
  fill($("away"), text);
  $("away").hidden = false;
}

function begin() {
  if (!api.takeCredentials()) return complain(new api.Problem({}, 401));
  again();
  // What changes the sale is told as one of these; who the customer is, is never asked for.
  const matters = new Set(["sale", "item"]);
  return api.follow("", (event) => { if (matters.has(event.type)) again(); }, (connected) => {
    clearTimeout(away);
    if (connected) again();
    else away = setTimeout(() => explain("…"), PATIENCE_MS);
  });
}

begin();
