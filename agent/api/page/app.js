// The till page: one state, drawn after every change; the agent holds the truth.

import * as api from "./api.js";
import * as basket from "./basket.js";
import { showCustomer } from "./customer.js";
import { askAmount, dayMenu, signOn } from "./day.js";
import { askFor, choose, show } from "./dialogs.js";
import { askPerson, welcome } from "./enrol.js";
import { noteKey, wasTyped } from "./hand.js";
import { showHealth } from "./health.js";
import { hideMatches, showMatches, walkMatches } from "./matches.js";
import { askOrder, doWithOrder, pickOrder, standsIn } from "./orders.js";
import { answerTo, hearPrint, loadPapers } from "./papers.js";
import { inTrouble, showPrint, showReceipt } from "./receipt.js";
import { answerPrompt, askInWords, changeConsents } from "./said.js";
import { $, clearMessage, el, fill, keep, message } from "./dom.js";
import { askSpecial } from "./special.js";
import { answerSuggestion, boughtBefore, followBasket, suggested } from "./suggestions.js";
import { askNumber, uncharged, valueTender } from "./value.js";
import { askWeight, hearWeight } from "./weight.js";
import { amount, given, likelyNotes, plainAmount, setCurrency, shortAmount, shortDate, towards } from "./format.js";

let view = null;     // GET /v1/tills/{till}
let shown = null;    // GET /v1/parties/{id} of the customer here
let answer = null;   // found | known_elsewhere | unknown
let connected = false;
let cardOf = null;   // whose card was asked for last
let saleOf = null;   // the sale that was shown last

const tillPath = () => `/v1/tills/${api.till}`;
const salePath = (what, saleId = view.sale.sale.sale_id) => `/v1/sales/${saleId}${what}`;

// Every action says what went wrong and what to do, and leaves the page as the agent has it.
async function attempt(action) {
  let result;
  clearMessage();
  try {
    result = await action();
  } catch (problem) {
    complain(problem);
  }
  await refresh().catch((problem) => { if (!view) complain(problem); });
  return result;
}

function complain(problem) {
  if (problem instanceof api.Unreachable) message("The agent does not answer", "It restarts by itself; try again in a few seconds.", "bad");
  else if (!(problem instanceof api.Problem)) pageFault(problem);
  else if (problem.status === 401) askToPair();
  else message(problem.message, problem.remedy, "bad");
}

// A fault of this page must not pass for one of the agent.
function pageFault(problem) {
  console.error(problem);
  message("This page went wrong", "Reload it with F5: nothing is lost. If it happens again, tell IT.", "bad");
}

let refreshing = null;
let stale = false;
// What happens while the till is being read may not be in what was read: then it is read again.
function refresh() {
  stale = true;
  refreshing ??= reread().finally(() => { refreshing = null; });
  return refreshing;
}

async function reread() {
  while (stale) {
    stale = false;
    await load();
  }
}

async function load() {
  view = await api.get(tillPath());
  setCurrency(view.currency, view.language);
  standsIn(view.store);
  const sale = view.sale?.sale.sale_id || null;
  if (saleOf && sale !== saleOf) answer = null; // What was said of its customer is not said of the next.
  saleOf = sale;
  if ((view.party_id || null) !== cardOf) await loadCard();
  draw();
}

// The card on the counter stays until the new one is here: it can be touched meanwhile.
async function loadCard() {
  cardOf = view.party_id || null;
  const party = cardOf;
  try {
    shown = party && await api.get(`/v1/parties/${party}`);
    if (party) answer = "found";
  } catch (problem) {
    if (!(problem instanceof api.Problem)) {
      cardOf = undefined;
      throw problem;
    }
    shown = null;
    answer = "known_elsewhere";
  }
}

function draw() {
  if (!view) return; // The agent has not answered yet.
  document.title = `${view.till} · ${view.store_name || view.store}`;
  fill($("shop"), view.store_name || view.store);
  fill($("till"), view.till);
  fill($("cashier"), view.actor || "Sign on");
  fill($("day"), el("span", { class: "wide" }, `${view.business_date}${view.opened ? "" : " · not opened"}`));
  followBasket(view.sale, shown, draw);
  basket.showBasket(view.sale, (line) => { basket.choose(line); draw(); }, giveBack, boughtBefore);
  showCustomer(shown, answer, suggested(), customerActs);
  drawPay();
  showReceipt(view.sale ? null : view.last, reprint);
  showHealth(view, connected);
}

function drawPay() {
  const sums = view.sale?.totals;
  const due = sums ? sums.due : 0;
  const refund = Boolean(sums && sums.total < 0);
  const sellable = Boolean(view.sale && (view.sale.sale.lines || []).some((line) => !line.voided));
  const paid = sellable && due === 0 && (view.sale.sale.tenders || []).length > 0;
  const gift = uncharged(view);
  const sale = view.sale?.sale.sale_id;
  const way = (shows, label, act, kind = "") => [[sale, shows, label], () => el("button", { class: kind, onclick: act }, label)];
  if (gift) keep($("notes"), [way(gift.line, `Which card is charged? ${gift.name}`, () => chargeGift(gift), "go")]);
  else if (paid) keep($("notes"), [way("complete", "Complete the sale", () => pay("cash", 0), "go")]);
  else keep($("notes"), due > 0 ? likelyNotes(due).map((note) => way(note, shortAmount(note), () => pay("cash", note))) : []);
  $("notes").hidden = due <= 0 && !paid && !gift;
  for (const id of ["cash", "card"]) $(id).disabled = !sellable;
  $("cash").firstChild.data = refund ? "Refund cash " : "Cash ";
  $("card").firstChild.data = refund ? "Refund card " : "Card ";
  const takes = view.takes || [];
  $("value").hidden = !takes.length;
  $("points").disabled = !sellable || !takes.includes("points") || !(refund || view.sale.sale.party_id);
  $("gift").disabled = !sellable || !takes.includes("gift_card");
  $("park").disabled = !sellable;
  $("cancel").disabled = !view.sale;
  fill($("parked"), `Parked${view.parked?.length ? ` (${view.parked.length})` : ""}`);
  $("parked").disabled = !view.parked?.length;
}

async function reprint() {
  const job = await attempt(() => api.post("/v1/print-jobs", { print_id: api.newId(), till: api.till, sale_id: view.last.sale_id }));
  if (job) message("A copy is printed", view.last.receipt_no);
}

// What somebody says of a print after a look at the paper.
async function settle(job, said) {
  const settled = await attempt(() => api.post(`/v1/print-jobs/${job.print_id}/settle`, answerTo(job, said)));
  if (settled) hearPrint(settled.job, settle);
  else await loadPapers(settle).catch(() => {});
}

// What was scanned or typed: a code the till knows, a person, or the beginning of an item's name.
async function enter(text, byHand) {
  hideMatches();
  const seen = await attempt(() => scan(text));
  if (!seen) return;
  // Digits alone may be a misread code; a hand that types them with a 0 before them means a phone number.
  const number = seen.kind === "unknown" && byHand && DIALLED.test(text) && `tel:${text}`;
  const person = number && await attempt(() => scan(number));
  await tell(person?.kind === "customer" ? person : seen, text);
}

const DIALLED = /^0\d{6,14}$/;
const scan = (text) => inTurn(() => api.post(`${tillPath()}/scan`, { scan: text }));

// What was scanned first is sold first: a code waits until the one before was answered, however late.
let turn = Promise.resolve();
function inTurn(ask) {
  const asked = turn.then(ask);
  turn = asked.catch(() => {});
  return asked;
}

async function tell(seen, text) {
  if (seen.refused) message(capital(seen.refused), capital(seen.remedy || ""), "bad", pastItsDate(seen) ? { label: "Sell it all the same", go: () => sellAllTheSame(seen.raw || text) } : null);
  else if (seen.kind === "receipt" && seen.sale_id) await returnFrom(seen.sale_id);
  else if (seen.kind === "order") await showOrder(seen);
  else if (seen.kind === "customer") {
    answer = seen.answer;
    draw();
    if (seen.remedy) notRecognised(seen);
  }
  else if (seen.kind === "unknown" && text) await searchOr(seen, text);
  else if (seen.remedy) notRecognised(seen);
  else if (pastItsDate(seen)) message("Past its date", `${seen.item?.name || ""} ${seen.reading?.expiry || ""}`.trim(), "bad");
}

const pastItsDate = (seen) => seen.expired || seen.best_before_passed || seen.sell_by_passed;

async function sellAllTheSame(scan) {
  const said = await askFor("Sell a pack past its date?", [{ name: "reason", label: "Reason", required: true, hint: "checked, date misprinted" }], { action: "Sell it" });
  if (said) await attempt(() => addLine({ scan, reason: said.reason }));
  $("scan").focus();
}

const capital = (text) => text && `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
const sentences = (why = []) => why.map(capital).join(" ");

function notRecognised(seen) {
  message("Not recognised", sentences([...(seen.why || []), seen.remedy].filter(Boolean)), "bad");
}

async function searchOr(seen, text) {
  const items = await api.get(`/v1/items?text=${encodeURIComponent(text)}`).catch(() => []);
  if (items.length) showMatches(items, sell);
  else if (!await knownByName(text)) notRecognised(seen);
}

// "Byron, 10115": several may have a name and postcode, so it opens nobody, and keeps them from being enrolled again.
async function knownByName(text) {
  if (!text.includes(",")) return false;
  const found = await api.post("/v1/identify", { type: "name_postcode", value: text }).catch(() => null);
  if (found?.answer !== "known_elsewhere") return false;
  message("Somebody is known by this", sentences([...found.why, found.ask]), "bad");
  return true;
}

async function sell(item) {
  await attempt(async () => {
    const weighed = item.unit === "kg" ? await askWeight(Boolean(view.scale)) : undefined;
    if (weighed === null) return;
    await addLine({ item_id: item.item_id, quantity: weighed });
  });
  $("scan").focus();
}

// `view` may be read anew at any await, so what follows an answer goes by the answer alone.
async function openSale() {
  const open = view.sale || await api.post(`${tillPath()}/sales`, { sale_id: api.newId() });
  return open.sale.sale_id;
}

async function addLine(line) {
  await api.post(salePath("/lines", await openSale()), { ...line, line_id: api.newId() });
}

async function openItem() {
  const rates = Object.entries(view.taxes).map(([name, points]) => [name, `${name} ${points / 100} %`]);
  const said = await askAmount("Sell without a code", "Price", "", [{ name: "name", label: "What is it?", required: true }, { name: "tax", label: "Tax", options: rates }]);
  if (!said) return;
  await attempt(() => addLine({ name: said.name, unit_price: said.minor, taxes: said.tax ? [said.tax] : undefined }));
}

async function returnFrom(saleId) {
  const original = await attempt(() => api.get(`/v1/sales/${saleId}`));
  if (!original) return;
  const lines = (original.sale.lines || []).filter((line) => !line.voided && line.quantity > 0);
  const picked = await choose(`Return from ${original.sale.receipt_no || "receipt"}`, lines.map((line) => [String(line.line), line.name, amount(line.extension)]), { note: "Which line comes back?" });
  if (!picked) return;
  await attempt(() => addLine({ returns: { sale_id: saleId, line: Number(picked) } }));
}

async function showOrder(seen) {
  const order = await api.get(`/v1/orders/${encodeURIComponent(seen.order_no)}`).catch(() => null);
  if (!order) return notRecognised(seen);
  const deed = await askOrder(order);
  if (!deed) return;
  const done = await attempt(async () => {
    const told = await doWithOrder(order, deed, openSale);
    cardOf = undefined; // It stands on its customer's card, with or without HQ.
    return told;
  });
  if (done && deed === "hand") message("Handed over", `Order ${order.order_no}`, "good");
}

// The orders of a card that wait here, or those of all customers, and then the one that is meant.
async function seeOrders(title, orders) {
  const picked = await pickOrder(title, orders);
  if (picked) await showOrder({ order_no: picked });
}

const readyHere = (order) => order.state === "ready" && order.collect_at === view.store;

async function onLine(act) {
  const line = (view.sale.sale.lines || []).find((one) => one.line === basket.chosenLine());
  if (!line) return;
  const reason = [{ name: "reason", label: "Reason", required: true }];
  const where = salePath(`/lines/${line.line}`);
  const acts = {
    quantity: async () => {
      const said = await askFor(`Quantity: ${line.name}`, [{ name: "n", label: line.unit === "kg" ? "Kilograms" : "Pieces", value: line.quantity / 1000, required: true, inputmode: "decimal" }]);
      if (said) await api.post(`${where}/quantity`, { quantity: Math.round(Number(said.n.replace(",", ".")) * 1000) });
    },
    price: async () => {
      const said = await askAmount(`Price: ${line.name}`, "New unit price", plainAmount(line.unit_price), reason);
      if (said) await api.post(`${where}/price`, { unit_price: said.minor, reason: said.reason });
    },
    discount: async () => {
      const said = await askAmount(`Discount: ${line.name}`, "Amount off this line", "", reason);
      if (said) await api.post(`${where}/discount`, { amount: said.minor, reason: said.reason });
    },
    void: async () => {
      const said = await askFor(`Take out: ${line.name}`, reason, { action: "Void line" });
      if (said) await api.remove(where, { reason: said.reason });
    },
  };
  await attempt(acts[act]);
}

async function pay(kind, minor) {
  let open = view.sale;
  if (!open) return;
  const saleId = open.sale.sale_id;
  const wanted = minor ?? open.totals.due;
  await attempt(async () => {
    if (wanted !== 0) open = await api.post(salePath("/tenders", saleId), { kind, amount: wanted, tender_id: api.newId() });
    if (open.totals.due !== 0) return;
    await api.post(salePath("/complete", saleId));
  });
}

async function payValue(kind) {
  const due = view.sale?.totals.due;
  if (!due) return;
  const saleId = view.sale.sale.sale_id;
  const tender = await valueTender(kind, due);
  if (tender) await attempt(async () => {
    const open = await api.post(salePath("/tenders", saleId), { ...tender, tender_id: api.newId() });
    if (open.totals.due === 0) await api.post(salePath("/complete", saleId));
  });
}

async function chargeGift(line) {
  const saleId = view.sale.sale.sale_id;
  const number = await askNumber(line.name);
  if (number) await attempt(() => api.put(salePath(`/lines/${line.line}/gift-card`, saleId), { number }));
}

async function giveBack(tender) {
  await attempt(() => api.remove(salePath(`/tenders/${tender.tender}`)));
}

async function payOther(kind) {
  const due = view.sale?.totals.due;
  if (!due) return pay(kind);
  const said = await askAmount(kind === "cash" ? "Cash" : "Card", given(due), plainAmount(Math.abs(due)));
  return said ? pay(kind, towards(due, said.minor)) : undefined;
}

async function enrolCustomer() {
  const person = await askPerson();
  if (!person) return;
  await attempt(async () => {
    const open = view.sale;
    const made = await api.post("/v1/parties", person);
    if (open) await api.put(salePath("/customer", open.sale.sale_id), { party_id: made.party_id });
    else await api.post(`${tillPath()}/scan`, { scan: made.card }); // The next sale is theirs.
    message("Welcome", welcome(made), "good");
  });
}

const customerActs = {
  clear: () => clearCustomer(),
  enrol: () => enrolCustomer(),
  consents: (of) => attempt(() => changeConsents(of)),
  orders: (of) => seeOrders("Which order?", of.card.orders.filter(readyHere)),
  sell: (one) => sellSuggested(one),
  decline: (one) => attempt(() => answerSuggestion(view.sale.sale.sale_id, one, false)),
  answer: (of, said) => attempt(() => answerPrompt(of, { answer: said })),
  refuse: (of) => attempt(() => answerPrompt(of, { refused: true })),
  ask: (of) => attempt(async () => {
    const said = await askInWords(of.prompt);
    if (said) await answerPrompt(of, { answer: said });
  }),
};

async function sellSuggested(one) {
  await attempt(async () => {
    const weighed = one.unit === "kg" ? await askWeight(Boolean(view.scale)) : undefined;
    if (weighed === null) return;
    const saleId = await openSale();
    await addLine({ item_id: one.item_id, quantity: weighed });
    await answerSuggestion(saleId, one, true);
  });
  $("scan").focus();
}

async function orderSpecially() {
  const wanted = await askSpecial(Boolean(view.party_id));
  if (!wanted) return;
  await attempt(async () => {
    const { order } = await api.post(salePath("/special-orders", await openSale()), { ...wanted, order_id: api.newId() });
    message(`Ordered: ${order.order_no}`, "It goes to HQ once its deposit in the basket is paid.");
  });
}

async function clearCustomer() {
  answer = null;
  await attempt(() => (view.sale?.sale.party_id ? api.put(salePath("/customer"), { party_id: null }) : api.remove(`${tillPath()}/customer`)));
}

async function showParked() {
  const picked = await choose("Parked baskets", view.parked.map((sale) => [sale.sale_id, `${shortDate(sale.opened_at)} · ${sale.lines} lines`, amount(sale.total)]));
  if (picked) await attempt(() => api.post(`/v1/sales/${picked}/resume`));
}

async function cancelSale() {
  const said = await askFor("Cancel this sale?", [{ name: "reason", label: "Reason", required: true }], { action: "Cancel the sale" });
  if (said) await attempt(() => api.post(salePath("/cancel"), { reason: said.reason }));
}

async function day() {
  await attempt(async () => {
    const picked = await dayMenu(view);
    if (picked === "enrol") await enrolCustomer();
    if (picked === "open-item") await openItem();
    if (picked === "special") await orderSpecially();
    if (picked === "orders") await seeOrders("Orders to collect here", await api.get(`${tillPath()}/orders`));
    const open = view.sale;
    if (picked === "discount" && open) {
      const said = await askAmount("Discount on the receipt", "Amount off", "", [{ name: "reason", label: "Reason", required: true }]);
      if (said) await api.post(salePath("/discount", open.sale.sale_id), { amount: said.minor, reason: said.reason });
    }
  });
}

async function onEvent(event) {
  if (event.type === "weight") return hearWeight(event.data);
  if (event.type === "scan" && event.data.device) {
    clearMessage();
    await tell(event.data, "");
  }
  const told = event.type === "print" && [hearPrint(event.data, settle), showPrint(event.data)].some(Boolean);
  if (event.type === "print" && !told && inTrouble(event.data)) message(capital(`a print is ${event.data.state}`), event.data.reason || "", "bad");
  if (["customer", "prompt"].includes(event.type)) cardOf = undefined;
  await refresh().catch(() => {});
}

async function askToPair() {
  const said = await askFor("Pair this page with a till", [
    { name: "till", label: "Till", value: api.till, required: true, hint: "till-1" },
    { name: "token", label: "Token", required: true },
  ], { action: "Pair", note: "IT gets the token on the machine of the till with: till-agent pair TILL" });
  if (said) api.keepCredentials(said.till, said.token);
}

function listen() {
  $("entry").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("scan").value.trim();
    $("scan").value = "";
    if (text) enter(text, wasTyped(event));
  });
  $("line-actions").addEventListener("click", (event) => { if (event.target.dataset.act) onLine(event.target.dataset.act); });
  const buttons = { cash: () => payOther("cash"), card: () => payOther("card"), points: () => payValue("points"), gift: () => payValue("gift_card"), park: () => attempt(() => api.post(salePath("/park"))), parked: showParked, more: day, cancel: cancelSale, cashier: () => attempt(() => signOn(view.actor)) };
  for (const [id, action] of Object.entries(buttons)) $(id).addEventListener("click", () => view && action());
  document.addEventListener("click", (event) => { if (!event.target.closest("#matches, #entry")) hideMatches(); });
  const keys = { F2: "cash", F3: "card", F6: "points", F7: "gift", F4: "park", F9: "more" };
  document.addEventListener("keydown", (event) => {
    if ($("dialog").open) return;
    noteKey(event, $("scan").value);
    if (walkMatches(event.key)) event.preventDefault();
    else if (keys[event.key]) { event.preventDefault(); $(keys[event.key]).click(); }
    else if (event.key === "Escape") { hideMatches(); basket.choose(null); draw(); }
    // A wedge scanner types wherever the focus is: its characters belong to the entry.
    else if (event.key.length === 1 && !event.ctrlKey && !event.altKey && document.activeElement.tagName !== "INPUT") $("scan").focus();
  });
}

// Gives whether looking again would be no use: it worked, or the agent refused.
async function firstLook() {
  try {
    await refresh();
    return true;
  } catch (problem) {
    complain(problem);
    return !(problem instanceof api.Unreachable);
  }
}

async function begin() {
  if (!api.takeCredentials()) return askToPair();
  listen();
  while (!await firstLook()) await new Promise((resolve) => { setTimeout(resolve, 1000); });
  if (!view) return undefined;
  api.follow(view.cursor, onEvent, async (state) => {
    connected = state;
    if (state) await loadPapers(settle).catch(() => {});
    await refresh().catch((problem) => { draw(); if (problem.status === 401) complain(problem); });
  });
  return undefined;
}

begin();
