"use strict";

// A link printed by the program may carry the token behind the #, which no server and no log sees.
function loginByLink() {
  const form = document.querySelector("form.login");
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!form || !token) return;
  history.replaceState(null, "", location.pathname);
  if (document.querySelector(".refused")) return;
  form.elements.token.value = token;
  form.submit();
}

// Someone already logged in who opens such a link keeps no token in the address bar.
function forgetFragment() {
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
}

// Times are UTC from the server; a person reads them in their own zone.
function localTimes(root) {
  const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    time.title = time.dateTime;
    time.textContent = format.format(moment);
  }
}

// The first page stays fresh by itself; pages about persons do not, since each reading is logged.
async function refresh() {
  if (document.hidden) return;
  // Where a hand is in a field of the page, the page stays as it is.
  if (document.activeElement?.closest("main form")) return;
  const here = location.pathname + location.search;
  const answer = await fetch(here, { redirect: "manual" }).catch(() => null);
  document.body.classList.toggle("stale", !answer || !answer.ok);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  localTimes(fresh);
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
}

const page = document.body.dataset.page;
loginByLink();
forgetFragment();
localTimes(document);
document.querySelector(`[data-nav="${page}"]`)?.setAttribute("aria-current", "page");
if (page === "stores") setInterval(refresh, 3000);
