/** The trainers' page of what was missed: a group is accepted as examples of a need, or dismissed. */

import { loadStrings } from "../../common/strings.js";

const API = new URL("../../../desk/api/train/missed/", import.meta.url);
const CHANGES = { "Content-Type": "application/json", "X-Tenin-Desk": "1" };
const PATIENCE = 15_000;
const NEW = "new";

const strings = await loadStrings([document.documentElement.lang], ["common", "missed"]);
const groups = document.getElementById("groups");
const outcome = document.getElementById("outcome");

/** @returns {Promise<object>} the answer; rejects with the words to show */
async function send(path, body) {
  const options = { method: "POST", headers: CHANGES, body: JSON.stringify(body), cache: "no-store" };
  let response;
  try {
    response = await fetch(new URL(path, API), { ...options, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Error(strings.t("missed.unreachable"));
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  const words = strings.maybe(`missed.errors.${answer?.error?.code}`);
  throw new Error(words ?? strings.t("missed.failed"));
}

/** Those that are ticked, as they are worded, by the messages' ids. */
function sentences(form) {
  const chosen = [...form.querySelectorAll(".sentences > li")].filter(
    (item) => item.querySelector("[name=take]").checked,
  );
  return Object.fromEntries(
    chosen.map((item) => [
      item.querySelector("[name=take]").value,
      item.querySelector("[name=wording]").value,
    ]),
  );
}

function needOf(form) {
  const chosen = form.elements.namedItem("need").value;
  return chosen === NEW ? `faq/${form.elements.namedItem("faq").value.trim()}` : chosen;
}

async function decide(form, what, body, done) {
  if (form.getAttribute("aria-busy") === "true") return;
  const problem = form.querySelector(".problem");
  form.setAttribute("aria-busy", "true");
  problem.hidden = true;
  try {
    const { group, version } = form.dataset;
    const answer = await send(`${group}/${what}`, { version, ...body });
    leave(form.closest("details"));
    outcome.textContent = done(answer);
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** Takes a group that is decided from the page; the next one has the focus. */
function leave(group) {
  const next = (group.nextElementSibling ?? group.previousElementSibling)?.querySelector("summary");
  group.remove();
  document.getElementById("empty").hidden = groups.children.length > 0;
  (next ?? outcome).focus();
}

for (const form of groups.querySelectorAll("form")) {
  const added = form.querySelector(".new");
  form.elements.namedItem("need").addEventListener("change", ({ target }) => {
    added.hidden = target.value !== NEW;
    added.querySelector("input").required = !added.hidden;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = { need: needOf(form), sentences: sentences(form) };
    decide(form, "accept", body, ({ accepted }) => strings.t("missed.accepted", { count: accepted }));
  });
  form.querySelector(".dismiss").addEventListener("click", () => {
    decide(form, "dismiss", {}, ({ dismissed }) => strings.t("missed.dismissed", { count: dismissed }));
  });
}
