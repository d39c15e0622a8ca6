// An order its customer asks for: how it stands, and what can be done with it at this till.

import * as api from "./api.js";
import { choose, show } from "./dialogs.js";
import { el, message } from "./dom.js";
import { amount } from "./format.js";

const PIECE = 1000;
const STAGES = { picked: "picked", ready: "ready", hand: "collected" };
const count = (quantity) => String(quantity / PIECE);

// Goods of an order are made ready where its customer collects them.
let here = "";
export const standsIn = (store) => { here = store; };

// What is still to be paid before goods leave; what is held for us counts as paid.
const due = (order) => Math.max(0, order.money ? order.money.due - order.money.authorized : 0);

function standing(order) {
  const where = order.collect_at ? `, to collect at ${order.collect_at}` : "";
  const until = order.until ? ` until ${order.until}` : "";
  const paid = order.money_state || (order.paid === false ? "to be paid" : "paid");
  const troubles = (order.troubles || []).map((each) => `${each.detail}: ${each.remedy}`);
  return [`${order.state}${where}${until} · ${amount(order.total)} · ${paid}`, ...troubles].join(". ");
}

function deeds(order) {
  const goods = order.goods || [];
  const found = [];
  // From the shelf or the lorry to the counter: the customer hears that it is ready, and it can be handed over.
  if (["placed", "reserved"].includes(order.state)) found.push(["picked", "The goods are picked", ""]);
  if (["reserved", "picked", "shipped"].includes(order.state) && order.collect_at === here) found.push(["ready", "All of it is here: ready to collect", ""]);
  if (goods.some((line) => line.ready > 0)) found.push(due(order) ? ["pay", "Pay and hand over", amount(due(order))] : ["hand", "Hand over", ""]);
  for (const line of goods.filter((each) => each.returnable > 0)) found.push([`back:${line.line}`, `Take back one ${line.name}`, `of ${count(line.returnable)}`]);
  if (goods.length) found.push(["again", "Buy the same again", ""]);
  return found;
}

// Which of some orders is meant: the only one, or the one that is touched; null where none is.
export async function pickOrder(title, orders) {
  if (orders.length === 1) return orders[0].order_no;
  const note = orders.length ? "" : "None waits here, and none is on its way here.";
  return choose(title, orders.map((order) => [order.order_no, `${order.order_no} ${order.lines?.[0]?.name || ""}`, order.paid === false ? `${order.state}, to be paid` : order.state]), { note });
}

// Shows an order; gives what the cashier wants to do with it, or null.
export async function askOrder(order) {
  const lines = order.lines || [];
  const found = deeds(order);
  if (found.length) return choose(`Order ${order.order_no}`, found, { note: `${standing(order)}. ${lines.map((line) => `${line.quantity} × ${line.name}`).join(", ")}` });
  await show(`Order ${order.order_no}`, el("p", {}, standing(order)), el("ul", {}, ...lines.map((line) => el("li", {}, `${line.quantity} × ${line.name}, ${amount(line.amount)}`))));
  return null;
}

// Does it; `openSale` gives the id of the till's sale, opened if there is none.
export async function doWithOrder(order, deed, openSale) {
  const number = order.order_no;
  if (STAGES[deed]) return step(number, deed);
  const path = `/v1/sales/${await openSale()}`;
  if (deed === "pay") return api.post(`${path}/orders`, { order_no: number });
  if (deed === "again") return api.post(`${path}/reorder`, { order_no: number });
  const line = Number(deed.split(":")[1]);
  const left = order.goods.find((each) => each.line === line).returnable;
  return api.post(`${path}/order-returns`, { order_no: number, line, quantity: Math.min(PIECE, left), line_id: api.newId() });
}

async function step(number, deed) {
  const order = await api.post(`/v1/orders/${encodeURIComponent(number)}/steps`, { stage: STAGES[deed], event: api.newId() });
  if (deed !== "hand") message(`Order ${number}: ${order.state}`, deed === "ready" ? "It can be handed over, and its customer's card says so." : "");
  return order;
}
