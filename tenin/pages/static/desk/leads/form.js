/** What the leads' forms share: they are sent as JSON, and say at their foot what came of it. */

import { loadStrings } from "../../common/strings.js";

const API = new URL("../../../desk/api/lead/", import.meta.url);
const CHANGES = { "Content-Type": "application/json", "X-Tenin-Desk": "1" };
const PATIENCE = 15_000;

export const strings = await loadStrings([document.documentElement.lang], ["common", "errors", "leads"]);

/** A call that was refused, or (status 0) not answered at all. */
export class Refused extends Error {
  constructor(status, { code = "", message = "", remedy = "" } = {}) {
    super(message);
    Object.assign(this, { status, code, remedy });
  }

  /** What a person reads: our own words for it, or else the server's. */
  get words() {
    if (this.status === 0) return strings.t("leads.unreachable");
    const words = strings.maybe(`leads.errors.${this.code}`);
    return words ?? `${strings.t("leads.failed")} ${this.message} ${this.remedy}`.trim();
  }
}

/**
 * @param {string} method
 * @param {string} path below /desk/api/lead/
 * @param {object} body
 * @returns {Promise<object>} the answer; rejects with Refused
 */
export async function send(method, path, body) {
  const options = { method, headers: CHANGES, body: JSON.stringify(body), cache: "no-store" };
  let response;
  try {
    response = await fetch(new URL(path, API), { ...options, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Refused(0);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new Refused(response.status, answer?.error);
}

/**
 * Sends a form when it is submitted, and warns of leaving it unsaved.
 * @param {HTMLFormElement} form
 * @param {() => Promise<void>} save
 */
export function saves(form, save) {
  form.addEventListener("input", () => changed(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(form, save);
  });
}

/** Runs a form's change and says at its foot how it went. @returns {Promise<boolean>} whether it did */
export async function attempt(form, work, done = strings.t("leads.saved")) {
  if (form.getAttribute("aria-busy") === "true") return false;
  const [outcome, problem] = [form.querySelector(".outcome"), form.querySelector(".problem")];
  form.setAttribute("aria-busy", "true");
  problem.hidden = true;
  outcome.textContent = strings.t("leads.saving");
  try {
    await work();
    delete form.dataset.unsaved;
    outcome.textContent = done;
    return true;
  } catch (error) {
    outcome.textContent = "";
    problem.replaceChildren(error instanceof Refused ? error.words : strings.t("leads.failed"));
    if (error.status === 409) problem.append(" ", reload());
    problem.hidden = false;
    if (!(error instanceof Refused)) throw error;
    return false;
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** Something in the form isn't saved yet. */
export function changed(form) {
  form.dataset.unsaved = "";
  form.querySelector(".outcome").textContent = strings.t("leads.unsaved");
}

/** Nothing is to be saved any more: the page may be left. */
export function settle() {
  for (const form of document.querySelectorAll("form[data-unsaved]")) delete form.dataset.unsaved;
}

/** @returns {string[]} the values of the boxes of a name that are ticked */
export function ticked(scope, name) {
  return [...scope.querySelectorAll(`input[name="${name}"]:checked`)].map(({ value }) => value);
}

/** @returns {Object<string, string>} the texts of the fields of each language */
export function texts(scope) {
  const fields = [...scope.querySelectorAll("[data-language]")];
  return Object.fromEntries(fields.map((field) => [field.dataset.language, field.value]));
}

/** @returns {Element} a fresh copy of what a template holds */
export function copyOf(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

function reload() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "secondary";
  button.textContent = strings.t("leads.reload");
  button.addEventListener("click", () => {
    settle();
    location.reload();
  });
  return button;
}

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-unsaved]")) event.preventDefault();
});
