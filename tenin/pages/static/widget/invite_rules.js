/** Whether an invitation's conditions hold (invitations.yml), as far as a page can tell; no DOM. */

/**
 * @param {object} when the conditions, all of which must hold
 * @param {object} now `{kind, path, seconds, idle, scroll, returning, seen, sku, cart}`: seconds on
 *     the page while it was visible, seconds without a move, percent scrolled, how many different
 *     products were seen in this visit, `cart` as `{count, value, currency}` or undefined
 * @returns {boolean}
 */
export function holds(when, now) {
  return Object.entries(when).every(([name, wanted]) => CONDITIONS[name]?.(wanted, now) ?? false);
}

const CONDITIONS = {
  page: (kinds, { kind }) => kinds.includes(kind),
  path: (patterns, { path }) => patterns.some((pattern) => matches(pattern, path)),
  seconds: (least, { seconds }) => seconds >= least,
  idle_seconds: (least, { idle }) => idle >= least,
  scroll_percent: (least, { scroll }) => scroll >= least,
  returning: (wanted, { returning }) => returning === wanted,
  products_seen: (least, { seen }) => seen >= least,
  product: (skus, { sku }) => skus.includes(sku),
  cart_items: (least, { cart }) => (cart?.count ?? 0) >= least,
  order_value: ({ from, below, currency }, { cart }) =>
    cart?.currency === currency && cart.value >= from && (below === undefined || cart.value < below),
};

/** `*` stands for anything, also for nothing. */
function matches(pattern, path) {
  const [first, ...rest] = pattern.split("*");
  if (!path.startsWith(first)) return false;
  if (rest.length === 0) return path === first;
  let at = first.length;
  const last = rest.pop();
  for (const part of rest) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return path.length - last.length >= at && path.endsWith(last);
}
