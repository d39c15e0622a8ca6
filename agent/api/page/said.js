// What the customer says of their data, and to the one question of a visit.

import * as api from "./api.js";
import { askFor, choose } from "./dialogs.js";
import { message } from "./dom.js";

const USES = [
  ["marketing/email", "News and offers by e-mail"], ["marketing/sms", "News and offers by SMS"],
  ["marketing/post", "News and offers by post"], ["marketing/phone", "News and offers by phone"],
  ["profiling/any", "Suggestions from what they bought"], ["any/any", "Everything"],
];
const YES = ["yes", "Yes"];
const NOES = [["no", "No"], ["objects", "Objects: never again, whoever asks"]];

export async function changeConsents(shown) {
  const picked = await choose("Which use of their data?", USES.map(([use, label]) => [use, label, standing(shown.card.consents, use)]));
  if (!picked) return;
  const [purpose, contact] = picked.split("/");
  // A yes is to one use: nobody can agree to everything (GDPR, Article 7).
  const said = await choose("What does the customer say?", purpose === "any" ? NOES : [YES, ...NOES]);
  if (!said) return;
  const body = { record_id: api.newId(), purpose, contact, given: said === "yes", objection: said === "objects" };
  await lifting((more) => api.post(`/v1/parties/${shown.party_id}/consents`, { ...body, ...more }));
  message("It is kept", "From now on, here; everywhere as soon as HQ has heard of it.");
}

function standing(consents = [], use) {
  const found = consents.find((each) => `${each.purpose}/${each.contact}` === use);
  return found ? (found.given ? "yes" : "no") : "";
}

export async function answerPrompt(shown, said) {
  const body = { event_id: api.newId(), ...said };
  await lifting((more) => api.post(`/v1/parties/${shown.party_id}/prompts/${encodeURIComponent(shown.prompt.prompt_id)}`, { ...body, ...more }));
}

const TYPES = { number: "text", day: "date", text: "text" };

// The answer to a question that takes more than a touch; null when given up.
export async function askInWords({ text, kind, choices }) {
  if (kind === "choice") return choose(text, choices.map((choice) => [choice, choice]));
  const said = await askFor(text, [{ name: "answer", label: "Answer", required: true, type: TYPES[kind], inputmode: kind === "number" ? "numeric" : undefined }], { action: "Keep it" });
  return said && said.answer;
}

// An objection ends only if the customer says so in words.
async function lifting(send) {
  try {
    await send({});
  } catch (problem) {
    if (!(problem.type || "").endsWith(":objection-stands")) throw problem;
    const sure = await askFor("The customer has objected before", [], { action: "They take it back", note: "Do they expressly take that objection back? Without it this yes has no effect." });
    if (sure) await send({ lifts_objection: true });
  }
}
