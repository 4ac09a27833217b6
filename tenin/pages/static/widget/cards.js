/**
 * Draws what a line shows beside its text: goods, orders, pictures, and links such as an invoice's.
 * Used by lines.js; the cards that are forms are in forms.js.
 */

import { h, link, safeURL } from "../common/dom.js";
import { drawOrder } from "./order.js";

/**
 * @param {import("../common/strings.js").Strings} strings
 * @param {object} card by `kind`: "product", "order", "image"; any other is a title with a link
 * @param {(event: Event, url: string) => void} onVisit its link was chosen
 * @returns {HTMLElement} of its whole size at once: nothing moves when its picture comes
 */
export function drawCard(strings, card, onVisit) {
  const url = safeURL(card.url);
  const kind = Object.hasOwn(DRAWN, card.kind) ? card.kind : "other";
  const content = DRAWN[kind](strings, card);
  const element = url && kind !== "order" ? link(url, ...content) : h("div", {}, ...content);
  element.className = `card ${kind}`;
  if (url) element.addEventListener("click", (event) => onVisit(event, url));
  return element;
}

const DRAWN = { product: about, order: drawOrder, image: picture, other: about };

function picture(_, { image, alt, title, width, height }) {
  const source = safeURL(image);
  if (!source) return [];
  return [h("img", { src: source, alt: alt ?? title ?? "", width, height, loading: "lazy" })];
}

function about(strings, { title, text, price, currency, image, in_stock: stock }) {
  const source = safeURL(image);
  const priced = typeof price === "number" && currency;
  const known = typeof stock === "boolean";
  const state = stock ? "in_stock" : "sold_out";
  return [
    // Its name stands beside it: what it shows needs no word of its own.
    source && h("img", { src: source, alt: "", width: 84, height: 84, loading: "lazy" }),
    h(
      "span",
      { class: "about" },
      h("b", {}, title ?? ""),
      text ? h("span", { class: "text" }, text) : null,
      priced || known
        ? h(
            "span",
            { class: "price" },
            priced ? strings.money(price, currency) : null,
            known ? h("small", { class: state }, strings.t(`lines.card.${state}`)) : null,
          )
        : null,
    ),
  ].filter(Boolean);
}
