// The header's right side: devices and HQ, at a glance.

import { $, el, fill } from "./dom.js";

const MOODS = { ready: "", success: "", starting: "warn" };

export function showHealth(view, connected) {
  const used = new Set([...(view.scanners || []), view.printer, view.drawer, view.display, view.scale].filter(Boolean));
  fill($("devices"), ...view.devices.filter((device) => used.has(device.id)).map(lamp));
  showDisk(view.disk);
  const [text, kind] = connected ? sync(view.sync) : ["Agent away, reconnecting", "bad"];
  fill($("sync"), text);
  $("sync").className = `pill ${kind}`;
}

// What is wrong and what to do stand in the title; a cashier has to know only whether to go on.
function showDisk(disk) {
  const full = disk.level === "full";
  fill($("disk"), full ? "Disk full: begin no sale" : "Disk nearly full");
  $("disk").className = `pill ${full ? "bad" : "warn"}`;
  $("disk").title = `${disk.detail}. ${disk.remedy}`;
  $("disk").hidden = disk.level === "ok";
}

function lamp(device) {
  const title = `${device.id}: ${device.state} ${device.detail || ""}`;
  return el("span", { class: `device ${MOODS[device.state] ?? "bad"}`, title }, device.id);
}

function sync(state) {
  if (!state) return ["Works alone", "warn"];
  const waiting = Object.values(state.backlog || {}).reduce((sum, lanes) => sum + lanes.sales + lanes.side, 0);
  if (!state.enrolled) return ["Not enrolled", "warn"];
  if (!state.online) return [`HQ away, ${waiting} kept here`, "warn"];
  return [waiting ? `${waiting} on the way to HQ` : "HQ in step", "good"];
}
