/** The desk's right side: the transcript of the open conversation, its buttons, the answer box. */

import { Composer } from "../common/composer.js";
import { h, icon, textNodes } from "../common/dom.js";
import { KeyedList } from "../common/keyed.js";
import { go, shortened } from "./list.js";

const NEAR = 80; // pixels from the end that still count as being at the end

export class ConversationView {
  #strings;
  #desk;
  #drafts = new Map();
  #shown = null;
  #atEnd = true;
  #title = h("h2", { tabindex: "-1" });
  #about = h("p", { class: "about" });
  #errands = h("ul", { class: "errands" });
  #scroller;
  #list;
  #composer;
  #watching = h("p", { class: "watching" });
  #empty;
  #body;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {HTMLElement} element to be filled
   */
  constructor(strings, desk, element) {
    this.#strings = strings;
    this.#desk = desk;
    const t = (key) => strings.t(key);
    const button = (kind, words, listener) =>
      h("button", { type: "button", class: kind, on: { click: listener } }, words);
    this.take = button("primary", t("desk.take"), () => this.#take());
    this.handBack = button("secondary", t("desk.handback"), () => desk.handBack());
    const back = button("back", icon("back"), () => go(null));
    back.setAttribute("aria-label", t("desk.back"));
    const lines = h("div", { class: "lines" });
    this.#list = new KeyedList(lines, (part, item) => this.#draw(part, item));
    const log = { role: "log", "aria-live": "polite", "aria-label": t("desk.transcript") };
    this.#scroller = h("div", { class: "transcript", tabindex: "0", ...log }, lines);
    this.#scroller.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
      this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    });
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(this.#scroller);
    this.#composer = new Composer(strings, {
      placeholder: t("desk.placeholder"),
      onSend: (text) => {
        this.#atEnd = true;
        desk.say(text);
      },
    });
    const who = h("div", { class: "who" }, this.#title, this.#about);
    const actions = h("div", { class: "actions" }, this.take, this.handBack);
    this.#empty = h("div", { class: "choose" }, icon("bubble"), h("p", {}, t("desk.choose")));
    this.#body = h(
      "div",
      { class: "open" },
      h("header", {}, back, who, actions),
      this.#errands,
      this.#scroller,
      h("div", { class: "foot" }, this.#watching, this.#composer.element),
    );
    element.replaceChildren(this.#empty, this.#body);
  }

  update() {
    const { openId, open, mine, busy } = this.#desk;
    this.#empty.hidden = openId !== null;
    this.#body.hidden = openId === null;
    this.#switch(openId);
    if (openId === null) return;
    const t = (key, values) => this.#strings.t(key, values);
    this.#title.textContent = t("desk.untitled", { id: shortened(openId) });
    this.take.disabled = busy || !open || open.owner === "agent";
    this.handBack.disabled = busy || !mine;
    this.#composer.element.hidden = !mine;
    this.#watching.hidden = mine;
    const name = open?.agent?.name ?? "";
    this.#watching.textContent = open ? t(`desk.watching.${open.owner}`, { name }) : "";
    const owner = open ? t(`desk.owner.${mine ? "mine" : open.owner}`, { name }) : "";
    const language = open ? this.#strings.languageName(open.language) : t("desk.loading");
    this.#about.replaceChildren(
      ...(owner ? [h("span", { class: `owner ${mine ? "mine" : open.owner}` }, owner)] : []),
      h("span", {}, language),
    );
    const errands = (open?.errands ?? []).map((errand) => this.#errand(errand));
    this.#errands.hidden = errands.length === 0;
    this.#errands.replaceChildren(...errands);
    this.#list.update(this.#items());
    if (this.#atEnd) this.#toEnd();
  }

  /** Another conversation: its own draft, its end, and the focus at its head. */
  #switch(id) {
    if (id === this.#shown) return;
    if (this.#shown) this.#drafts.set(this.#shown, this.#composer.text);
    this.#shown = id;
    this.#composer.text = this.#drafts.get(id) ?? "";
    this.#atEnd = true;
    this.#list.update([]);
    if (id) this.#title.focus({ preventScroll: true });
  }

  async #take() {
    await this.#desk.take();
    this.update(); // shows the box to be focused
    if (this.#desk.mine) this.#composer.focus();
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** What the customer was about with an order, and what the shop's system left for a person. */
  #errand({ need, failed, order, proved, item, wish }) {
    const t = (key, values) => this.#strings.t(key, values);
    const what = this.#strings.maybe(`desk.errand.need.${need}`) ?? t("desk.errand.other");
    const mark = { true: "desk.errand.proved", false: "desk.errand.unproved" }[proved];
    const number = order && h("span", {}, t("desk.errand.order", { number: order }));
    if (number && mark) number.append(" ", h("i", { class: proved ? "proved" : "unproved" }, t(mark)));
    const wishes = Object.entries(wish).map(([kind, values]) =>
      h("span", {}, t(`desk.errand.${kind}`, { value: values.join(" / ") })),
    );
    const label = t(failed ? "desk.errand.failed" : "desk.errand.about");
    return h(
      "li",
      { class: failed && "failed" },
      h("b", {}, failed ? icon("alert") : null, label),
      h("span", {}, what),
      number,
      item && h("span", {}, item),
      ...wishes,
    );
  }

  #items() {
    const { open, waiting, me } = this.#desk;
    const items = [];
    let day = null;
    for (const line of open?.lines ?? []) {
      const at = new Date(line.at);
      if (at.toDateString() !== day) {
        day = at.toDateString();
        items.push({ kind: "day", key: `day-${day}`, text: this.#strings.day(at) });
      }
      items.push({ kind: "line", ...line, key: `line-${line.id}`, at, state: null });
    }
    const mine = { kind: "line", author: "agent", name: me?.name, buttons: [], cards: [] };
    for (const entry of waiting) {
      const { key, text, state, error } = entry;
      const at = new Date(entry.at);
      items.push({ ...mine, key: `own-${key}`, text, at, state, error, extra: entry });
    }
    return items;
  }

  #draw(part, item) {
    const { element } = part;
    if (item.kind === "day") {
      element.className = "day";
      element.replaceChildren(item.text);
      return;
    }
    const hidden = item.visibility === "desk";
    const classes = ["line", item.author, item.state, hidden && "hidden-line"];
    element.className = classes.filter(Boolean).join(" ");
    const time = this.#strings.time(item.at);
    const title = this.#strings.moment(item.at);
    const head = h(
      "div",
      { class: "head" },
      h("b", {}, item.name ?? this.#strings.t(`desk.author.${item.author}`)),
      h("time", { datetime: item.at.toISOString(), title }, time),
      this.#delivery(item, hidden),
      this.#mail(item),
    );
    const mark = hidden
      ? h("div", { class: "mark" }, icon("eye"), this.#strings.t("desk.hidden"))
      : null;
    const text = item.text === "" ? null : h("div", { class: "text" }, textNodes(item.text));
    element.replaceChildren(
      ...[head, mark, text, this.#cards(item), this.#offered(item), this.#refusal(item)].filter(Boolean),
    );
  }

  #delivery({ state, delivery }, hidden) {
    const t = (key) => this.#strings.t(key);
    if (state === "refused") return null;
    if (state) {
      const words = t(state === "retrying" ? "desk.retrying" : "desk.sending");
      return h("span", { class: "delivery" }, words);
    }
    if (!delivery || hidden) return null;
    const sign = { pending: "clock", delivered: "check", suppressed: "eye", failed: "alert" }[delivery];
    const words = t(`desk.delivery.${delivery}`);
    return h("span", { class: `delivery ${delivery}` }, icon(sign ?? "clock"), words);
  }

  /** What became of the mail that a notice went out as, besides the line. */
  #mail({ mail }) {
    if (!mail) return null;
    const sign = { delivered: "check", suppressed: "eye", failed: "alert" }[mail] ?? "clock";
    const words = this.#strings.t(`desk.mail.${mail}`);
    return h("span", { class: `delivery ${mail}` }, icon(sign), words);
  }

  #cards({ cards }) {
    if (!cards?.length) return null;
    const shown = cards.map(({ title, price, currency }) => {
      const cost = typeof price === "number" && currency ? this.#strings.money(price, currency) : "";
      return h("li", {}, `${title ?? ""} `, h("b", {}, cost));
    });
    return h("ul", { class: "cards" }, ...shown);
  }

  #offered({ buttons }) {
    if (!buttons?.length) return null;
    const label = this.#strings.t("desk.offered");
    return h(
      "ul",
      { class: "offered", "aria-label": label },
      ...buttons.map(({ title }) => h("li", {}, title)),
    );
  }

  #refusal({ state, error, extra }) {
    if (state !== "refused") return null;
    const { outgoing } = this.#desk;
    const t = (key) => this.#strings.t(key);
    const button = (words, listener) =>
      h("button", { type: "button", on: { click: listener } }, words);
    const reason = this.#strings.maybe(`errors.${error.code}`) ?? (error.message || t("desk.refused"));
    const edit = () => {
      outgoing.forget(extra.key);
      this.#composer.text = [extra.text, this.#composer.text].filter(Boolean).join("\n");
      this.#composer.focus();
    };
    return h(
      "div",
      { class: "refusal", role: "alert" },
      h("span", {}, icon("alert"), reason),
      this.#desk.mine ? button(t("desk.retry"), () => outgoing.retry(extra.key)) : null,
      this.#desk.mine ? button(t("desk.edit"), edit) : null,
      button(t("desk.dismiss"), () => outgoing.forget(extra.key)),
    );
  }
}
