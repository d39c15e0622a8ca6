// Prints nobody can be sure of: a question each, until somebody has looked and says so.

import * as api from "./api.js";
import { $, el, fill } from "./dom.js";

const asked = new Map();    // print_id → the job, as last heard
const copies = new Map();   // print_id → the id of its copy, so that a repeated click prints one
let heard = new Map();      // print_id → the job, as told while the list is being fetched
let fetching = false;

const QUESTION = {
  uncertain: "Did this receipt come out whole?",
  expired: "This receipt waited too long and was not printed.",
};
const ANSWERS = {
  uncertain: [["Yes, it is whole", "printed"], ["No, print a copy", "print-copy"], ["Not needed", "drop"]],
  expired: [["Print it now", "print"], ["Not needed", "drop"]],
};
const KINDS = { receipt: "receipt", document: "paper", raw: "paper" };

// Takes a print job as the API or an event tells it; gives whether it is a question.
export function hearPrint(job, settle) {
  if (fetching) heard.set(job.print_id, job);
  if (job.ask) asked.set(job.print_id, job);
  else asked.delete(job.print_id);
  draw(settle);
  return Boolean(job.ask);
}

export async function loadPapers(settle) {
  heard = new Map();
  fetching = true;
  const jobs = await api.get(`/v1/tills/${api.till}/print-jobs`).finally(() => { fetching = false; });
  asked.clear();
  // What an event told meanwhile is newer than the list.
  for (const job of [...jobs.filter((each) => !heard.has(each.print_id)), ...heard.values()]) if (job.ask) asked.set(job.print_id, job);
  draw(settle);
}

// Gives what to send for an answer; a copy keeps its id however often it is asked for.
export function answerTo(job, answer) {
  if (answer !== "print-copy") return { answer };
  if (!copies.has(job.print_id)) copies.set(job.print_id, api.newId());
  return { answer, copy_id: copies.get(job.print_id) };
}

function draw(settle) {
  fill($("papers"), [...asked.values()].map((job) => el("div", { class: "message ask", role: "alert" },
    el("div", {}, el("b", {}, QUESTION[job.state].replace("receipt", KINDS[job.kind] || "paper")), job.reason ? el("small", {}, job.reason) : null),
    el("span", { class: "ways" }, ...ANSWERS[job.state].map(([label, answer]) =>
      el("button", { type: "button", class: "way", onclick: () => settle(job, answer) }, label))))));
}
