/** Draws an order's card: its state in a word and on the way, what is in it, when it comes. */

import { addIcons, h, icon, link, safeURL } from "../common/dom.js";

addIcons({ box: "M4 8l8-4 8 4v8.5l-8 4-8-4zM4 8l8 4 8-4M12 12v8.5" });

const WAY = ["paid", "packed", "shipped", "delivered"];
const MOST = 3; // items by name; more are counted

/**
 * @param {import("../common/strings.js").Strings} strings with the part "lines"
 * @param {object} card `{number, status, expected_on, delivered_on, items, total, currency, carrier,
 *     tracking_number, tracking_url}`; days as ISO dates; what isn't known may be missing or null
 * @returns {HTMLElement[]}
 */
export function drawOrder(strings, card) {
  const { number, status, total, currency } = card;
  const known = WAY.includes(status) || status === "cancelled";
  const parts = [
    h(
      "div",
      { class: "head" },
      icon("box"),
      h("span", { class: "number" }, h("small", {}, strings.t("lines.order.number")), h("b", {}, number)),
      known ? h("span", { class: `state ${status}` }, strings.t(`lines.order.status.${status}`)) : null,
    ),
    way(strings, status),
    list(strings, card.items ?? []),
    facts(strings, card),
    typeof total === "number" && currency
      ? h("p", { class: "total" }, strings.t("lines.order.total"), h("b", {}, strings.money(total, currency)))
      : null,
  ];
  return parts.filter(Boolean);
}

/** The steps behind it and before it; each has its word for who doesn't see them. */
function way(strings, status) {
  const at = WAY.indexOf(status);
  if (at < 0) return null;
  const steps = WAY.map((step, place) => {
    const current = place === at ? "step" : null;
    const mark = place < at || at === WAY.length - 1 ? icon("check") : null;
    const state = place <= at ? "past" : null;
    const dot = h("i", { "aria-hidden": "true" }, mark);
    return h("li", { class: state, "aria-current": current }, dot, strings.t(`lines.order.step.${step}`));
  });
  return h("ol", { class: "way", "aria-label": strings.t("lines.order.way") }, ...steps);
}

function list(strings, items) {
  if (items.length === 0) return null;
  const shown = items.slice(0, MOST).map(({ name, details, quantity }) =>
    h(
      "li",
      {},
      h("span", {}, name, details ? h("small", {}, details) : null),
      quantity > 1 ? h("span", { class: "times" }, `× ${quantity}`) : null,
    ),
  );
  const more = items.length - shown.length;
  if (more > 0) shown.push(h("li", { class: "more" }, strings.t("lines.order.more", { count: more })));
  return h("ul", { class: "items" }, ...shown);
}

function facts(strings, card) {
  const { status, expected_on: expected, delivered_on: delivered } = card;
  const { carrier, tracking_number: tracking } = card;
  const url = safeURL(card.tracking_url);
  const rows = [];
  if (delivered) rows.push([strings.t("lines.order.delivered"), day(strings, delivered)]);
  else if (expected && status !== "cancelled") {
    rows.push([strings.t("lines.order.expected"), day(strings, expected)]);
  }
  if (carrier || tracking) {
    const words = [carrier, tracking].filter(Boolean).join(" ");
    rows.push([strings.t("lines.order.carrier"), url ? link(url, words) : words]);
  }
  if (rows.length === 0) return null;
  return h("dl", {}, ...rows.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
}

function day(strings, iso) {
  const style = { month: "short", day: "numeric", weekday: "short" };
  const date = new Date(`${iso}T12:00`); // the shop's day, wherever this browser is
  return Number.isNaN(date.getTime()) ? iso : new Intl.DateTimeFormat(strings.language, style).format(date);
}
