// Questions to the cashier: one dialog at a time, Enter answers, Escape gives up.

import { $, el, fill } from "./dom.js";

// fields: {name, label, type, value, required, options, hint}; gives an object, or null when given up.
export function askFor(title, fields, { action = "OK", note = "" } = {}) {
  const inputs = fields.map((field) => [field, field.type === "one" ? oneOf(field) : input(field)]);
  const rows = inputs.flatMap(([field, node]) => field.type === "one" ? [node] : [el("label", { for: node.id }, field.label), node]);
  const form = el("form", { method: "dialog" }, el("h2", {}, title), note ? el("p", { class: "quiet" }, note) : null, ...rows,
    el("div", { class: "buttons" },
      el("button", { type: "button", onclick: () => $("dialog").close("") }, "Back"),
      el("button", { class: "go", value: "yes" }, action)));
  return shown(form).then((result) => result !== "yes" ? null
    : Object.fromEntries(inputs.map(([field, node]) => [field.name, (node.querySelector(":checked") || node).value.trim()])));
}

// All that can be said stands there at once, so that nothing is said by leaving it out.
function oneOf(field) {
  const ways = field.options.map(([value, label]) => el("label", { class: "way" },
    el("input", { type: "radio", name: field.name, value, checked: value === field.value }), el("span", {}, label)));
  return el("fieldset", {}, el("legend", {}, field.label), el("div", { class: "one" }, ...ways));
}

function input(field) {
  const id = `field-${field.name}`;
  if (field.options) {
    return el("select", { id }, ...field.options.map(([value, label]) => el("option", { value }, label)));
  }
  return el("input", {
    id, type: field.type || "text", value: field.value ?? "", required: field.required,
    inputmode: field.inputmode, placeholder: field.hint,
  });
}

const MANY = 7;

export function choose(title, choices, { note = "" } = {}) {
  const list = choices.map(([value, left, right]) => el("button", { value }, el("span", {}, left), el("span", { class: "amount" }, right || "")));
  const form = el("form", { method: "dialog" }, el("h2", {}, title), note ? el("p", { class: "quiet" }, note) : null,
    el("div", { class: list.length > MANY ? "list many" : "list" }, ...list), el("div", { class: "buttons" }, el("button", { value: "" }, "Back")));
  return shown(form).then((result) => result || null);
}

export function show(title, ...content) {
  return shown(el("form", { method: "dialog" }, el("h2", {}, title), ...content, el("div", { class: "buttons" }, el("button", { class: "go", value: "yes" }, "OK"))));
}

// A wedge scanner types faster than any hand and ends with Enter: it must not answer a question.
const HAND_MS = 35;     // per character: nobody types faster
const PAUSE_MS = 300;
const SCAN_LENGTH = 6;
const typed = { since: 0, last: 0, length: 0, before: "" };

function guard(event) {
  const field = event.target;
  if (event.key.length === 1) {
    if (event.timeStamp - typed.last > PAUSE_MS) Object.assign(typed, { since: event.timeStamp, length: 0, before: field.value });
    typed.length += 1;
    typed.last = event.timeStamp;
  } else if (event.key === "Enter" && typed.length >= SCAN_LENGTH && event.timeStamp - typed.since <= typed.length * HAND_MS) {
    event.preventDefault();
    if (field.tagName === "INPUT") field.value = typed.before;
    typed.length = 0;
    $("dialog").querySelector(".hint").hidden = false;
  }
}

// The browser tells of a close after the fact: by then the next question may be open, and must not take it for its own answer.
let answered = () => {};

function shown(form) {
  const dialog = $("dialog");
  form.addEventListener("keydown", guard);
  form.querySelector("h2").after(el("p", { class: "hint", role: "alert", hidden: true }, "Nothing was scanned: answer this first, then scan again."));
  answered(dialog.open ? "" : dialog.returnValue);
  if (dialog.open) dialog.close("");
  dialog.returnValue = "";
  fill(dialog, form);
  return new Promise((resolve) => {
    answered = resolve;
    dialog.onclose = () => {
      if (dialog.open) return;
      resolve(dialog.returnValue);
      $("scan").focus();
    };
    dialog.showModal();
    const first = dialog.querySelector("input, select");
    if (first) { first.focus(); if (first.select) first.select(); }
  });
}
