/** The leads' page of hours: the week, special days, and in words what customers will be told. */

import { changed, copyOf, saves, send, strings } from "./form.js";

const PATIENCE = 300;
const week = document.getElementById("week");
const holidays = document.getElementById("holidays");
const days = [...week.querySelectorAll(".day")];
const NOW = {
  open_now: (time) => strings.t("leads.hours.open_now", { time }),
  always: () => strings.t("leads.hours.always"),
  closed_now: (time) => strings.t("leads.hours.closed_now", { time }),
  never: () => strings.t("leads.hours.never"),
};
let asked = 0;

/** A day's spans; its end may be said as midnight. */
function spansOf(day) {
  return [...day.querySelectorAll(".span")].map((span) => {
    const [opens, closes] = [".opens", ".closes"].map((name) => span.querySelector(name).value);
    return [opens, closes === "00:00" ? "24:00" : closes];
  });
}

function setSpans(day, spans) {
  const list = day.querySelector(".spans");
  list.replaceChildren(...spans.map(([opens, closes]) => newSpan(opens, closes)));
  show(day);
}

function newSpan(opens = "", closes = "") {
  const span = copyOf("blank-span");
  span.querySelector(".opens").value = opens;
  span.querySelector(".closes").value = closes === "24:00" ? "00:00" : closes;
  return span;
}

function show(day) {
  day.querySelector(".closed").hidden = day.querySelector(".span") !== null;
}

function collectedWeek() {
  const found = Object.fromEntries(days.map((day) => [day.dataset.day, spansOf(day)]));
  return { zone: week.elements.namedItem("zone").value.trim(), week: found };
}

function collectedHolidays() {
  return [...holidays.querySelectorAll(".holiday")].map((day) => ({
    date: day.querySelector(".date").value,
    name: day.querySelector(".name").value.trim(),
    spans: spansOf(day),
  }));
}

// Buttons within the days, also those that are added later.
for (const form of [week, holidays]) {
  form.addEventListener("click", ({ target }) => {
    const day = target.closest?.(".day");
    if (!day || target.tagName !== "BUTTON") return;
    if (target.matches(".add")) {
      const span = newSpan();
      day.querySelector(".spans").append(span);
      span.querySelector(".opens").focus();
    } else if (target.matches(".drop")) {
      target.closest(".span").remove();
      day.querySelector(".add").focus();
    } else if (target.matches(".remove")) {
      day.remove();
      document.getElementById("add").focus();
    } else if (target.id === "copy") {
      for (const other of days.slice(1, 5)) setSpans(other, spansOf(day));
    }
    if (day.isConnected) show(day);
    form.dispatchEvent(new Event("input"));
  });
}

document.getElementById("add").addEventListener("click", () => {
  const day = copyOf("blank-holiday");
  document.getElementById("list").append(day);
  changed(holidays);
  day.querySelector(".date").focus();
});

function tell({ says, now }) {
  document.getElementById("says").textContent = says;
  const key = now.open ? (now.until ? "open_now" : "always") : now.until ? "closed_now" : "never";
  document.getElementById("now").textContent = NOW[key](now.until);
}

/** Ask what would be told of what stands on the page now; of several answers the last counts. */
async function preview() {
  const number = ++asked;
  await new Promise((resolve) => setTimeout(resolve, PATIENCE));
  if (number !== asked) return;
  try {
    const said = await send("POST", "hours/preview", { ...collectedWeek(), holidays: collectedHolidays() });
    if (number === asked) tell(said);
  } catch {
    if (number !== asked) return;
    document.getElementById("says").textContent = strings.t("leads.hours.wrong");
    document.getElementById("now").textContent = "";
  }
}

for (const form of [week, holidays]) form.addEventListener("input", preview);

saves(week, async () => {
  const saved = await send("PUT", "hours", { version: week.dataset.version, ...collectedWeek() });
  week.dataset.version = saved.version;
  days.forEach((day) => setSpans(day, saved.week[day.dataset.day]));
  preview();
});

saves(holidays, async () => {
  const body = { version: holidays.dataset.version, holidays: collectedHolidays() };
  const saved = await send("PUT", "holidays", body);
  holidays.dataset.version = saved.version;
});

preview();
