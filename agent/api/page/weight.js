// The weight of what is sold by the kilogram: live from the till's scale, or typed.

import * as api from "./api.js";
import { $, fill } from "./dom.js";
import { askFor } from "./dialogs.js";

const STATES = {
  stable: "On the scale. Type another weight to overrule it.",
  motion: "The load is moving …",
  zero: "Nothing on the scale: put the goods on it, or type their weight.",
  under_zero: "The scale is below zero: empty it, press its zero key.",
  overweight: "Too much for the scale: weigh in parts.",
  not_ready: "The scale is not ready: type the weight.",
};

let open = false;    // whether the dialog asks for a weight now
let typed = false;   // whether a hand wrote into the field
let now = { state: "zero", grams: null };
let heard = false;   // whether the scale has told news since the dialog asked

export function hearWeight(weight) {
  now = weight;
  heard = true;
  draw();
}

function draw() {
  const field = open && $("field-kg");
  if (!field) return;
  if (!typed) field.value = now.state === "stable" ? (now.grams / 1000).toFixed(3) : "";
  fill($("dialog").querySelector("p.quiet"), STATES[now.state] || "");
}

// Gives grams that were typed, undefined where the agent is to ask its scale, null when given up.
export async function askWeight(hasScale) {
  const fields = [{ name: "kg", label: "Kilograms", required: true, inputmode: "decimal", hint: "0.350" }];
  const asked = askFor("Weight", fields, { note: hasScale ? STATES.zero : "" });
  if (hasScale) begin();
  const said = await asked;
  open = false;
  if (!said) return null;
  return hasScale && !typed ? undefined : Math.round(Number(said.kg.replace(",", ".")) * 1000);
}

function begin() {
  open = true;
  typed = heard = false;
  $("field-kg").addEventListener("input", () => { typed = $("field-kg").value !== ""; draw(); });
  draw();
  api.get(`/v1/tills/${api.till}/weight?within_ms=0`)
    .then((weight) => { if (!heard) hearWeight({ state: "stable", grams: weight.grams }); }, () => {});
}
