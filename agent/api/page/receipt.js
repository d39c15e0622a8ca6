// The last receipt: change, picture, and whether it is on paper.

import * as api from "./api.js";
import { $, el, fill } from "./dom.js";
import { amount } from "./format.js";

let shown = null;    // the sale whose receipt is drawn
let job = null;      // its print job, as last heard
let picture = "";

const PAPER = {
  held: "Not printed yet: it prints by itself once the printer is well.",
  uncertain: "It may not have come out whole: look at the paper, and answer the question above.",
  expired: "It was not printed: answer the question above.",
  failed: "It could not be printed: Copy tries again.",
};

// What somebody has decided about is no trouble any more.
export const inTrouble = (print) => Boolean(PAPER[print.state]) && !print.reason?.startsWith("settled: ");

// What the cashier has to do with money now, or that there is nothing to do.
function outcome(last) {
  if (last.total < 0) return `Given back ${amount(-last.total)}`;
  return last.change ? `Change ${amount(last.change)}` : `Paid ${amount(last.total)}`;
}

export async function showReceipt(last, onCopy) {
  $("receipt").hidden = !last;
  if (!last || shown?.sale_id === last.sale_id) return;
  [shown, job] = [last, null];
  const paper = el("div", { class: "paper" });
  fill($("receipt"),
    el("div", { class: "head" }, el("span", { class: "change" }, outcome(last)), el("span", { class: "grow" }), el("button", { onclick: onCopy }, "Copy")),
    el("small", { class: "quiet" }, last.receipt_no), el("div", { class: "print", hidden: true }), paper);
  const url = await api.picture(`/v1/sales/${last.sale_id}/image`).catch(() => null);
  if (url && shown === last) {
    URL.revokeObjectURL(picture);
    picture = url;
    fill(paper, el("img", { src: url, alt: `Receipt ${last.receipt_no}` }));
  }
  // An event may have been quicker than the answer to this.
  const found = last.print_id && !job ? await api.get(`/v1/print-jobs/${last.print_id}`).catch(() => null) : null;
  if (found && !job) showPrint(found);
}

// Gives whether the print is the shown receipt's.
export function showPrint(print) {
  if (!shown || print.print_id !== shown.print_id) return false;
  job = print;
  const line = $("receipt").querySelector(".print");
  fill(line, PAPER[print.state] || "", print.reason && !print.ask ? el("small", { class: "quiet" }, ` ${print.reason}`) : "");
  line.hidden = !inTrouble(print);
  return true;
}
