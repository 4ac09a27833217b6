/**
 * What the visitor looks at, as the shop's page tells it (option `page`, method `page()`;
 * docs/widget.md). It stays on the page: whoever would send it asks the visitor first. What is
 * no such detail is left out, and the console says so.
 */

const KINDS = ["home", "category", "product", "cart", "checkout", "order", "search", "help", "other"];
const LONGEST = { sku: 64, category: 64, title: 200, url: 500 }; // characters
const MOST = 1e9;

let told = {};
let last; // what was given

/** Says "change" whenever the page tells something else. */
export const changes = new EventTarget();

/** @returns {{kind: string, title: string, url: string, sku?: string, category?: string,
 *     cart?: {count: number, value?: number, currency?: string},
 *     ordered?: {value: number, currency: string}}} as far as it is known */
export function current() {
  const { origin, pathname } = location;
  return { kind: "other", title: document.title.slice(0, LONGEST.title), url: origin + pathname, ...told };
}

/** @param {object|string|null} details an object, or JSON of one */
export function tell(details) {
  if (details === last) return;
  last = details;
  told = checked(details);
  changes.dispatchEvent(new Event("change"));
}

function checked(details) {
  let given = details;
  if (typeof details === "string") {
    try {
      given = JSON.parse(details);
    } catch {
      given = null;
    }
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    if (details) complain("is not an object, as {\"kind\": \"product\", \"sku\": \"…\"}");
    return {};
  }
  const kept = {};
  for (const [name, value] of Object.entries(given)) {
    const good = Object.hasOwn(CHECKS, name) ? CHECKS[name](value) : undefined;
    if (good === undefined) complain(`has a ${name} that it can't have; it is left out`);
    else kept[name] = good;
  }
  return kept;
}

const CHECKS = {
  kind: (value) => (KINDS.includes(value) ? value : undefined),
  sku: (value) => short(value, LONGEST.sku),
  category: (value) => short(value, LONGEST.category),
  title: (value) => short(value, LONGEST.title),
  url: (value) => address(short(value, LONGEST.url)),
  cart: (value) => cart(value),
  ordered: (value) => money(value),
};

function cart(value) {
  if (typeof value !== "object" || value === null) return undefined;
  const { count, value: worth, currency } = value;
  if (!Number.isInteger(count) || count < 0 || count > MOST) return undefined;
  if (worth === undefined) return { count };
  const known = money({ value: worth, currency });
  return known && { count, ...known };
}

function money(given) {
  const { value, currency } = given ?? {};
  const known = Number.isFinite(value) && value >= 0 && value <= MOST && /^[A-Z]{3}$/.test(currency);
  return known ? { value, currency } : undefined;
}

function short(value, longest) {
  const text = typeof value === "string" ? value.trim() : "";
  return text !== "" && text.length <= longest ? text : undefined;
}

/** Without what stands after ? and #: names, words searched for, tokens. */
function address(text) {
  try {
    const { protocol, origin, pathname } = new URL(text, location.href);
    return /^https?:$/.test(protocol) ? origin + pathname : undefined;
  } catch {
    return undefined;
  }
}

function complain(what) {
  console.warn(`tenin: what page() or data-page was given ${what}`);
}

// What the page has told by now, whoever asks first.
tell(document.querySelector("tenin-chat")?.getAttribute("page") ?? null);
