/**
 * Speaking and reading aloud by the browser's own means, loaded when first asked for. Both are off
 * until the customer turns them on; before the microphone is used for the first time one sentence
 * says that the browser's maker may hear it. What is understood goes into the box and is sent by
 * the customer.
 */

import { Store } from "../common/device.js";
import { h } from "../common/dom.js";
import { MICROPHONE } from "./stored.js";

const TAGS = { "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", ja: "ja-JP", en: "en-US" };
const chosen = new Store();
let listening = null; // the recognition that runs
let reading = false;

/** @returns {string} the BCP 47 tag that browsers know voices and recognition by */
export function tagOf(language) {
  return TAGS[language] ?? language;
}

/**
 * Listens, or stops listening; asks first where it wasn't agreed to on this device.
 * @param {object} panel see panel.js
 * @param {HTMLElement} button of the microphone
 */
export function dictate(panel, button) {
  if (listening) return listening.stop();
  if (chosen.get(MICROPHONE) === "1") listen(panel, button);
  else ask(panel, button);
}

function ask(panel, button) {
  const t = (key) => panel.strings.t(`more.speech.${key}`);
  const id = "microphone-why";
  const answer = (yes) => () => {
    bar.remove();
    button.focus();
    if (!yes) return;
    chosen.set(MICROPHONE, "1");
    listen(panel, button);
  };
  const agree = h("button", { type: "button", on: { click: answer(true) } }, t("agree"));
  const bar = h(
    "div",
    { class: "ask", role: "group", "aria-labelledby": id },
    h("p", { id }, t("why")),
    h("div", {}, agree, h("button", { type: "button", on: { click: answer(false) } }, t("cancel"))),
  );
  panel.element.querySelector(".ask")?.remove();
  panel.composer.element.before(bar);
  agree.focus();
}

function listen(panel, button) {
  const { composer, element, strings } = panel;
  const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
  const recognition = new Recognition();
  const before = composer.text === "" || /\s$/.test(composer.text) ? composer.text : `${composer.text} `;
  const away = new AbortController();
  recognition.lang = tagOf(strings.language);
  recognition.interimResults = true;
  recognition.onresult = ({ results }) => {
    composer.text = before + [...results].map(([{ transcript }]) => transcript).join("");
  };
  recognition.onerror = ({ error }) => {
    if (error !== "aborted") panel.say(strings.t(`more.speech.${error === "no-speech" ? "nothing" : "failed"}`));
  };
  recognition.onend = () => {
    away.abort();
    if (listening === recognition) listening = null;
    button.setAttribute("aria-pressed", "false");
    if (!element.hidden) composer.focus();
  };
  element.addEventListener("close", () => recognition.abort(), { signal: away.signal });
  button.setAttribute("aria-pressed", "true");
  panel.say("");
  listening = recognition;
  recognition.start();
}

/** @returns {boolean} whether lines that come are read aloud */
export function isReading() {
  return reading;
}

/** Reads lines of others aloud as they come, from now on, or not; until the chat is closed. */
export function readAloud(panel, on) {
  reading = on;
  panel.ears.delete(read);
  if (on) panel.ears.add(read);
  else speechSynthesis.cancel();
  if (on) panel.element.addEventListener("close", () => readAloud(panel, false), { once: true });
}

async function read(lines, panel) {
  for (const { text } of lines) {
    const utterance = new SpeechSynthesisUtterance(await panel.plain(text));
    if (!reading) return;
    utterance.lang = tagOf(panel.strings.language);
    speechSynthesis.speak(utterance);
  }
}
