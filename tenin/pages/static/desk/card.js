/** The case card: who the customer is, what it is about, their orders, what the bot tried, why it is urgent. */

import { h, icon } from "../common/dom.js";
import { getCard } from "./server.js";
import { go, laneName, reasons } from "./signs.js";

const FRESH = 20_000; // milliseconds; changes within it don't ask the shop again

export class CaseCard {
  #strings;
  #desk;
  #of = null;
  #epoch = 0;
  #at = 0;
  #line = 0;
  #heading = h("h2", { tabindex: "-1" });
  #content = h("div", { class: "content" });
  #card = null;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {HTMLElement} element to be filled
   */
  constructor(strings, desk, element) {
    this.#strings = strings;
    this.#desk = desk;
    const button = (kind, sign, label, listener) => {
      const named = { type: "button", class: kind, "aria-label": label, title: label };
      return h("button", { ...named, on: { click: listener } }, icon(sign));
    };
    this.#heading.textContent = strings.t("desk.card.title");
    element.replaceChildren(
      h(
        "header",
        {},
        button("back", "back", strings.t("desk.card.back"), () => go(desk.openId)),
        this.#heading,
        button("refresh", "refresh", strings.t("desk.card.refresh"), () => this.#fetch()),
      ),
      this.#content,
    );
  }

  focus() {
    this.#heading.focus({ preventScroll: true });
  }

  update() {
    const { openId, open } = this.#desk;
    if (openId !== this.#of) {
      this.#of = openId;
      this.#card = null;
      this.#epoch = -1;
      this.#content.replaceChildren(h("p", { class: "empty" }, this.#strings.t("desk.loading")));
    }
    if (!open) return;
    const line = open.lines.at(-1)?.id ?? 0;
    const old = line !== this.#line && Date.now() - this.#at > FRESH;
    if (open.epoch === this.#epoch && !old) return;
    this.#epoch = open.epoch;
    this.#line = line;
    this.#fetch();
  }

  async #fetch() {
    const id = this.#of;
    if (!id) return;
    this.#at = Date.now();
    try {
      const card = await getCard(id);
      if (id === this.#of) this.#card = card;
    } catch {
      if (id !== this.#of) return;
      this.#card = null;
    }
    if (id === this.#of) this.#draw();
  }

  #draw() {
    const t = (key, values) => this.#strings.t(key, values);
    const card = this.#card;
    if (!card) {
      const again = h("button", { type: "button", class: "secondary", on: { click: () => this.#fetch() } }, t("desk.retry"));
      this.#content.replaceChildren(h("p", { class: "empty" }, t("desk.card.failed")), again, this.#why());
      return;
    }
    const parts = [
      this.#customer(card),
      this.#why(),
      this.#case(card),
      this.#orders(card.orders),
      this.#tried(card.tried),
      this.#pages(card.pages),
      this.#rating(),
      this.#earlier(card.earlier),
    ];
    this.#content.replaceChildren(...parts.filter(Boolean));
  }

  #part(name, ...children) {
    return h("section", { class: `of-${name}` }, h("h3", {}, this.#strings.t(`desk.card.${name}`)), ...children);
  }

  #facts(rows) {
    const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
    const pairs = shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
    return h("dl", {}, ...pairs);
  }

  #customer({ customer, language }) {
    const t = (key) => this.#strings.t(key);
    return this.#part(
      "customer",
      this.#facts([
        [t("desk.card.name"), customer.name],
        [t("desk.card.known"), t(customer.signed_in ? "desk.card.signed_in" : "desk.card.guest")],
        [t("desk.card.address"), customer.address],
        [t("desk.card.language"), this.#strings.languageName(language)],
      ]),
    );
  }

  /** Priority and its reasons, and what the customer was promised. */
  #why() {
    const { open } = this.#desk;
    if (!open || open.owner === "bot") return null;
    const t = (key, values) => this.#strings.t(key, values);
    const why = reasons(this.#strings, open);
    const lane = laneName(this.#strings, open) ?? t("desk.lane.ordinary");
    const reason = open.reason && this.#strings.maybe(`desk.reason.${open.reason}`);
    return this.#part(
      "why",
      this.#facts([
        [t("desk.card.lane"), lane],
        [t("desk.card.because"), why.length > 0 ? why.join(t("desk.and")) : reason],
        [t("desk.card.promised"), this.#promised(open.promised)],
      ]),
    );
  }

  #promised(promised) {
    if (!promised) return null;
    const moment = (at) => (at ? this.#strings.moment(new Date(at)) : "");
    const { kind, opens, closes, ...values } = promised;
    const filled = { ...values, opens: moment(opens), closes: moment(closes) };
    return this.#strings.maybe(`desk.promised.${kind}`, filled);
  }

  #case({ category, category_title: title, slots }) {
    const t = (key) => this.#strings.t(key);
    const known = (slots ?? []).map(({ name, value }) => [
      this.#strings.maybe(`desk.slot.${name}`) ?? name,
      (name === "order_need" && this.#strings.maybe(`desk.errand.need.${value}`)) || written(value),
    ]);
    const about = this.#strings.maybe(`desk.errand.need.${category}`) ?? title ?? category;
    if (!about && known.length === 0) return null;
    return this.#part("case", this.#facts([[t("desk.card.category"), about], ...known]));
  }

  #orders(orders) {
    const t = (key, values) => this.#strings.t(key, values);
    if (!Array.isArray(orders)) {
      return orders ? this.#part("orders", h("p", { class: "failed" }, t("desk.card.orders_failed"))) : null;
    }
    if (orders.length === 0) return this.#part("orders", h("p", { class: "empty" }, t("desk.card.no_orders")));
    return this.#part("orders", ...orders.map((order, place) => this.#order(order, place === 0)));
  }

  #order(order, open) {
    const { number, status, placed_at: placed, total, items, carrier, tracking } = order;
    const t = (key, values) => this.#strings.t(key, values);
    // A day without a time is one wherever the agent sits.
    const day = (at) => (at ? this.#strings.day(new Date(at.length > 10 ? at : `${at}T00:00`)) : null);
    const state = this.#strings.maybe(`desk.order_status.${status}`) ?? status;
    const goods = (items ?? []).map((item) => h("li", {}, named(item)));
    return h(
      "details",
      { class: "order", open },
      h("summary", {}, h("b", {}, number), h("span", { class: `tag ${status}` }, state)),
      this.#facts([
        [t("desk.card.placed"), day(placed)],
        [t("desk.card.total"), this.#money(total)],
        [t("desk.card.carrier"), [carrier, tracking].filter(Boolean).join(" ")],
        [t("desk.card.expected"), order.delivered ? null : day(order.expected)],
        [t("desk.order_status.delivered"), day(order.delivered)],
        [t("desk.card.destination"), order.destination],
      ]),
      goods.length > 0 ? h("ul", { class: "goods" }, ...goods) : null,
    );
  }

  #money(total) {
    if (total && typeof total === "object") return this.#strings.money(Number(total.amount), total.currency);
    return total ?? null;
  }

  #tried(tried) {
    if (!tried?.length) return null;
    const rows = tried.map(({ at, need, title, outcome }) =>
      h(
        "li",
        { class: outcome },
        at ? h("time", { datetime: at }, this.#strings.time(new Date(at))) : null,
        h("span", {}, title ?? this.#strings.maybe(`desk.errand.need.${need}`) ?? need),
        h("i", {}, this.#strings.maybe(`desk.outcome.${outcome}`) ?? outcome ?? ""),
      ),
    );
    return this.#part("tried", h("ol", {}, ...rows));
  }

  #pages(pages) {
    if (!pages?.length) return null;
    const rows = pages.map(({ path, title, product, seconds, at }) =>
      h(
        "li",
        { title: path },
        h("time", { datetime: at }, this.#strings.time(new Date(at))),
        h("span", {}, product ?? title),
        seconds > 0 ? h("i", {}, this.#strings.duration(seconds * 1000)) : null,
      ),
    );
    return this.#part("pages", h("ol", {}, ...rows));
  }

  /** What the customer gave, and their word. */
  #rating() {
    const { rating, word } = this.#desk.open?.rating ?? {};
    if (!rating) return null;
    const words = [this.#strings.t("desk.card.rated", { rating }), word].filter(Boolean);
    return this.#part("rating", h("p", {}, words.join(" · ")));
  }

  #earlier(earlier) {
    if (!earlier?.length) return null;
    const rows = earlier.map(({ agent, ended_at: ended, resolution, rating }) => {
      const how = resolution && this.#strings.maybe(`desk.resolution.${resolution}`);
      const stars = rating ? this.#strings.t("desk.card.rated", { rating }) : null;
      const parts = [ended && this.#strings.day(new Date(ended)), agent?.name ?? agent, how, stars];
      return h("li", {}, parts.filter(Boolean).join(" · "));
    });
    return this.#part("earlier", h("ul", {}, ...rows));
  }
}

/** A value that may be a list or have parts, on one line. */
function written(value) {
  if (Array.isArray(value)) return value.map(written).join(", ");
  if (value && typeof value === "object") return Object.values(value).map(written).join(" ");
  return value === null || value === undefined ? "" : String(value);
}

function named(item) {
  if (typeof item === "string") return item;
  const { name, title, size, colour, quantity } = item;
  const kind = [size, colour].filter(Boolean).join(" / ");
  return [name ?? title, kind, quantity > 1 ? `× ${quantity}` : ""].filter(Boolean).join(" ");
}
