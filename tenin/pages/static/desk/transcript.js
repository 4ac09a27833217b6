/** What was said, in order: who, when, how far it has come, what only the desk sees. */

import { h, icon, textNodes } from "../common/dom.js";
import { KeyedList } from "../common/keyed.js";
import { markdown } from "../widget/markdown.js";
import { fileItem } from "./files.js";

const NEAR = 80; // pixels from the end that still count as being at the end
const TOGETHER = 180_000; // lines of one author within this time stand under one name

export class Transcript {
  #strings;
  #desk;
  #list;
  #scroller;
  #typing;
  #onEdit;
  #onExample;

  /** Whether the end is in view; stays there then when lines are added. */
  atEnd = true;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {object} options
   * @param {(entry: object) => void} options.onEdit a refused message is to be written anew
   * @param {(line: object) => void} options.onExample a customer's line is to be trained on
   * @param {() => void} options.onEnd the end has come into view
   */
  constructor(strings, desk, { onEdit, onExample, onEnd }) {
    this.#strings = strings;
    this.#desk = desk;
    this.#onEdit = onEdit;
    this.#onExample = onExample;
    const lines = h("div", { class: "lines" });
    this.#list = new KeyedList(lines, (part, item) => this.#draw(part, item));
    this.#typing = h("p", { class: "typing", role: "status" });
    const log = { role: "log", "aria-live": "polite", "aria-label": strings.t("desk.transcript") };
    this.#scroller = h("div", { class: "transcript", tabindex: "0", ...log }, lines);
    this.element = h("div", { class: "said-so-far" }, this.#scroller, this.#typing);
    let top = 0;
    this.#scroller.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
      // What has come since it was scrolled to the end takes nobody away from there: scrolling up does.
      const stays = this.atEnd && scrollTop >= top;
      top = scrollTop;
      this.atEnd = stays || scrollHeight - scrollTop - clientHeight < NEAR;
      if (this.atEnd) onEnd();
    });
    new ResizeObserver(() => this.atEnd && this.#toEnd()).observe(this.#scroller);
  }

  /** Another conversation is shown from now on. */
  clear() {
    this.atEnd = true;
    this.#list.update([]);
  }

  update() {
    this.#list.update(this.#items());
    this.#drawTyping();
    if (this.atEnd) this.#toEnd();
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Who is writing: the customer, or the colleague who serves them. */
  #drawTyping() {
    const { open, openId, typing, mine } = this.#desk;
    const name = open?.agent?.name ?? this.#strings.t("desk.author.agent");
    let words = "";
    if (openId && typing.is(openId, "customer")) words = this.#strings.t("desk.typing.customer");
    else if (openId && !mine && typing.is(openId, "agent")) {
      words = this.#strings.t("desk.typing.agent", { name });
    }
    if (this.#typing.textContent === words) return;
    this.#typing.replaceChildren();
    if (words) this.#typing.append(dots(), words);
  }

  #items() {
    const { open, waiting, me } = this.#desk;
    const items = [];
    let day = null;
    let before = null;
    const add = (line) => {
      const at = new Date(line.at);
      if (at.toDateString() !== day) {
        day = at.toDateString();
        items.push({ kind: "day", key: `day-${day}`, text: this.#strings.day(at) });
        before = null;
      }
      const follows =
        before?.author === line.author &&
        before.name === line.name &&
        before.visibility === line.visibility &&
        at - before.at < TOGETHER;
      before = { ...line, at };
      items.push({ kind: "line", state: null, ...line, at, follows });
    };
    for (const line of open?.lines ?? []) add({ ...line, key: `line-${line.id}` });
    for (const entry of waiting) {
      const { key, text, state, error, body, at } = entry;
      const author = body.note ? "note" : "agent";
      const shown = { author, name: me?.name, buttons: [], cards: [], visibility: "all" };
      add({ ...shown, key: `own-${key}`, text, at, state, error, extra: entry });
    }
    return items;
  }

  #draw(part, item) {
    const { element } = part;
    if (item.kind === "day") {
      element.className = "day";
      element.replaceChildren(h("span", {}, item.text));
      return;
    }
    const hidden = item.visibility === "desk" && item.author !== "note";
    const classes = ["line", item.author, item.state, hidden && "hidden-line", item.follows && "follows"];
    element.className = classes.filter(Boolean).join(" ");
    // As the customer sees it; what they, or a colleague in a note, typed is shown as typed.
    const draw = ["customer", "note"].includes(item.author) ? textNodes : markdown;
    const parts = [
      this.#head(item),
      this.#mark(item, hidden),
      item.text === "" ? null : h("div", { class: "text" }, draw(item.text)),
      this.#cards(item),
      this.#offered(item),
      this.#foot(item, hidden),
      this.#refusal(item),
    ];
    element.replaceChildren(...parts.filter(Boolean));
  }

  /** Who and when; unseen but still read out where the line follows another of theirs. */
  #head(item) {
    const { author, name, at, follows } = item;
    const title = this.#strings.moment(at);
    return h(
      "div",
      { class: follows ? "head aside" : "head" },
      h("b", {}, name && author !== "system" ? name : this.#strings.t(`desk.author.${author}`)),
      name && author === "note" ? h("span", {}, this.#strings.t("desk.author.note")) : null,
      h("time", { datetime: at.toISOString(), title }, this.#strings.time(at)),
      author === "system" ? this.#delivery(item, item.visibility === "desk") : null,
    );
  }

  #mark({ author }, hidden) {
    if (author === "note") {
      return h("div", { class: "mark" }, icon("lock"), this.#strings.t("desk.note.mark"));
    }
    return hidden ? h("div", { class: "mark" }, icon("eye"), this.#strings.t("desk.hidden")) : null;
  }

  /** How far it has come, by the chat and by mail, and what may be done with it. */
  #foot(item, hidden) {
    const own = item.author === "system" ? null : this.#delivery(item, hidden); // else in the head
    const parts = [own, this.#mail(item), this.#example(item)].filter(Boolean);
    return parts.length > 0 ? h("div", { class: "tail" }, ...parts) : null;
  }

  #delivery({ author, state, delivery }, hidden) {
    const t = (key) => this.#strings.t(key);
    if (state === "refused") return null;
    if (state) {
      const words = t(state === "retrying" ? "desk.retrying" : "desk.sending");
      return h("span", { class: "delivery" }, icon("clock"), words);
    }
    if (!delivery || hidden || author === "note") return null;
    const sign = { pending: "clock", delivered: "check", suppressed: "eye", failed: "alert" }[delivery];
    const words = t(`desk.delivery.${delivery}`);
    return h("span", { class: `delivery ${delivery}` }, icon(sign ?? "clock"), words);
  }

  /** What became of the mail that a notice went out as, besides the line. */
  #mail({ mail }) {
    if (!mail) return null;
    const sign = { delivered: "mail", suppressed: "eye", failed: "alert" }[mail] ?? "clock";
    const words = this.#strings.t(`desk.mail.${mail}`);
    return h("span", { class: `delivery ${mail}` }, icon(sign), words);
  }

  #example(item) {
    if (item.author !== "customer" || item.text === "" || item.state) return null;
    if (!this.#desk.may("lead") && !this.#desk.may("train")) return null;
    const label = this.#strings.t("desk.example.mark");
    return h(
      "button",
      { type: "button", class: "mark-example", title: label, on: { click: () => this.#onExample(item) } },
      icon("star"),
      h("span", {}, label),
    );
  }

  #cards({ cards }) {
    if (!cards?.length) return null;
    const shown = cards.map((card) => {
      if (card.type === "file") return fileItem(this.#strings, card);
      const form = this.#strings.maybe(`desk.form.${card.type}`);
      if (form) return h("li", {}, form);
      const { title, price, currency } = card;
      const cost = typeof price === "number" && currency ? this.#strings.money(price, currency) : "";
      return h("li", {}, `${title ?? ""} `, h("b", {}, cost));
    });
    return h("ul", { class: "cards" }, ...shown);
  }

  #offered({ buttons }) {
    if (!buttons?.length) return null;
    const label = this.#strings.t("desk.offered");
    const shown = buttons.map(({ title }) => h("li", {}, title));
    return h("ul", { class: "offered", "aria-label": label }, ...shown);
  }

  #refusal({ state, error, extra }) {
    if (state !== "refused") return null;
    const { outgoing } = this.#desk;
    const t = (key) => this.#strings.t(key);
    const button = (words, listener) =>
      h("button", { type: "button", on: { click: listener } }, words);
    const reason = this.#strings.maybe(`errors.${error.code}`) ?? (error.message || t("desk.refused"));
    const again = this.#desk.mine || extra.body.note;
    return h(
      "div",
      { class: "refusal", role: "alert" },
      h("span", {}, icon("alert"), reason),
      again ? button(t("desk.retry"), () => outgoing.retry(extra.key)) : null,
      again ? button(t("desk.edit"), () => this.#onEdit(extra)) : null,
      button(t("desk.dismiss"), () => outgoing.forget(extra.key)),
    );
  }
}

/** Three dots, for somebody who is writing. */
export function dots() {
  return h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}
