// An order its customer asks for: how it stands, and what can be done with it at this till.

import * as api from "./api.js";
import { choose, show } from "./dialogs.js";
import { el } from "./dom.js";
import { amount } from "./format.js";

const PIECE = 1000;
const count = (quantity) => String(quantity / PIECE);

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
  if (goods.some((line) => line.ready > 0)) found.push(due(order) ? ["pay", "Pay and hand over", amount(due(order))] : ["hand", "Hand over", ""]);
  for (const line of goods.filter((each) => each.returnable > 0)) found.push([`back:${line.line}`, `Take back one ${line.name}`, `of ${count(line.returnable)}`]);
  if (goods.length) found.push(["again", "Buy the same again", ""]);
  return found;
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
  if (deed === "hand") return api.post(`/v1/orders/${encodeURIComponent(number)}/steps`, { stage: "collected", event: api.newId() });
  const path = `/v1/sales/${await openSale()}`;
  if (deed === "pay") return api.post(`${path}/orders`, { order_no: number });
  if (deed === "again") return api.post(`${path}/reorder`, { order_no: number });
  const line = Number(deed.split(":")[1]);
  const left = order.goods.find((each) => each.line === line).returnable;
  return api.post(`${path}/order-returns`, { order_no: number, line, quantity: Math.min(PIECE, left), line_id: api.newId() });
}
