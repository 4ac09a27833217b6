/**
 * Wording and formats of the pages: strings from locale/<language>/<part>.json,
 * money and times from Intl. Used by the widget and the desk; no other module
 * holds a word a person reads.
 */

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
 * @param {string[]} parts which files: what a key begins with
 * @param {typeof Strings} [Kind] with more formats
 * @returns {Promise<Strings>} rejects when the files cannot be had
 */
export async function loadStrings(wanted, parts, Kind = Strings) {
  const language = chooseLanguage(wanted, await getJSON("index.json"));
  const strings = new Kind(language);
  await strings.load(parts);
  return strings;
}

async function getJSON(name) {
  const response = await fetch(new URL(name, LOCALES));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.json();
}

/** The wording and the formats of one language. */
export class Strings {
  #words = {};
  #plural;

  constructor(language) {
    this.language = language;
    this.#plural = new Intl.PluralRules(language);
  }

  /**
   * Fetches what is not here yet: a module that comes later brings its own words.
   * @param {string[]} parts
   * @returns {Promise<void>} rejects when a file cannot be had
   */
  async load(parts) {
    const missing = parts.filter((part) => !(part in this.#words));
    const found = await Promise.all(missing.map((part) => getJSON(`${this.language}/${part}.json`)));
    missing.forEach((part, at) => (this.#words[part] = found[at]));
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

  /** The name of a language, in this one or another. */
  languageName(code, language = this.language) {
    try {
      return new Intl.DisplayNames(language, { type: "language" }).of(code) ?? code;
    } catch {
      return code;
    }
  }
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
