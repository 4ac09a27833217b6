/**
 * Wording and formats of the pages: strings from locale/<language>.json, money,
 * times and durations from Intl. Used by the widget and the desk; no other module
 * holds a word a person reads.
 */

const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];
const LOCALES = new URL("../locale/", import.meta.url);

/**
 * Which of the available languages serves a person best.
 * @param {string[]} wanted language tags, best first, such as navigator.languages
 * @param {{default: string, languages: string[]}} available
 * @returns {string} one of the available languages
 */
export function chooseLanguage(wanted, available) {
  const offers = available.languages.map((code) => ({ code, ...likely(code) }));
  for (const tag of wanted) {
    const want = likely(tag);
    const offer =
      offers.find(({ code }) => code === tag) ??
      offers.find(({ language, script }) => language === want.language && script === want.script) ??
      offers.find(({ language }) => language === want.language);
    if (offer) return offer.code;
  }
  return available.default;
}

function likely(tag) {
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    return { language, script };
  } catch {
    return { language: "", script: "" };
  }
}

/**
 * Loads the wording for a person.
 * @param {string[]} wanted language tags, best first
 * @returns {Promise<Strings>} rejects when the files cannot be had
 */
export async function loadStrings(wanted) {
  const language = chooseLanguage(wanted, await getJSON("index.json"));
  return new Strings(language, await getJSON(`${language}.json`));
}

async function getJSON(name) {
  const response = await fetch(new URL(name, LOCALES));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.json();
}

/** The wording and the formats of one language. */
export class Strings {
  #words;
  #plural;

  constructor(language, words) {
    this.language = language;
    this.#words = words;
    this.#plural = new Intl.PluralRules(language);
  }

  /**
   * @param {string} key such as "common.send"
   * @param {object} [values] for the placeholders `{name}`; `count` chooses among plural forms
   * @returns {string} the wording, or the key itself where there is none
   */
  t(key, values = {}) {
    return this.maybe(key, values) ?? key;
  }

  /** As t(), but null where there is no such key. */
  maybe(key, values = {}) {
    let words = this.#words;
    for (const part of key.split(".")) words = words?.[part];
    if (words && typeof words === "object") {
      words = words[this.#plural.select(values.count)] ?? words.other;
    }
    if (typeof words !== "string") return null;
    return words.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }

  money(amount, currency) {
    return new Intl.NumberFormat(this.language, { style: "currency", currency }).format(amount);
  }

  time(date) {
    return new Intl.DateTimeFormat(this.language, { timeStyle: "short" }).format(date);
  }

  moment(date) {
    const style = { dateStyle: "medium", timeStyle: "short" };
    return new Intl.DateTimeFormat(this.language, style).format(date);
  }

  /** "today", "yesterday", or the date. */
  day(date, now = new Date()) {
    const days = Math.round((midnight(date) - midnight(now)) / 86_400_000);
    if (days === 0 || days === -1) {
      return new Intl.RelativeTimeFormat(this.language, { numeric: "auto" }).format(days, "day");
    }
    return new Intl.DateTimeFormat(this.language, { dateStyle: "medium" }).format(date);
  }

  /** How long something takes, in its largest unit. @param {number} milliseconds */
  duration(milliseconds) {
    const { unit, count } = largest(milliseconds);
    const style = { style: "unit", unit, unitDisplay: "short" };
    return new Intl.NumberFormat(this.language, style).format(count);
  }

  /** How long ago something was: "now", "5 min ago", "yesterday". @param {number} milliseconds */
  ago(milliseconds) {
    const { unit, count } = largest(milliseconds < 10_000 ? 0 : milliseconds);
    const style = { numeric: "auto", style: "short" };
    return new Intl.RelativeTimeFormat(this.language, style).format(-count, unit);
  }

  /** The name of a language, in this one. */
  languageName(code) {
    try {
      return new Intl.DisplayNames(this.language, { type: "language" }).of(code) ?? code;
    } catch {
      return code;
    }
  }
}

function largest(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? UNITS.at(-1);
  return { unit, count: Math.floor(seconds / size) };
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
