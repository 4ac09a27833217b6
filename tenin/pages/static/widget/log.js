/**
 * Draws the items of transcript.js: days, lines with their choices and what became of them. Marks,
 * cards and refusals are drawn by parts of the panel that come later (lines.js, person.js).
 */

import { h, icon, textNodes } from "../common/dom.js";
import { KeyedList } from "../common/keyed.js";

/** What markdown.js would change, and a little of what it wouldn't. */
export const MARKS = /[*`\r\u202A-\u202E\u2066-\u2069]|\]\(|^ {0,3}(-|\d+\.) |^\s*$/m;

const NEAR = 80; // pixels from the end that still count as being at the end

export class Log {
  #strings;
  #handlers;
  #list;
  #atEnd = true;
  #top = 0; // where it was scrolled to last
  #settled = false; // the history is in: what comes now is new
  #typing;
  #typist = h("span", { class: "typist", "aria-live": "off", hidden: true });

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {{drawText: Function, drawCard: Function, drawRefusal: Function, onChoose: Function,
   *     onScroll: Function}} handlers what can't be drawn yet they answer with null
   */
  constructor(strings, handlers) {
    this.#strings = strings;
    this.#handlers = handlers;
    const label = strings.t("widget.log");
    const role = { role: "log", "aria-live": "polite", "aria-label": label, tabindex: "0" };
    const lines = h("div", { class: "lines" });
    this.#list = new KeyedList(lines, (part, item) => this.#draw(part, item));
    this.#typing = h("div", { class: "typing", hidden: true }, h("i"), h("i"), h("i"));
    this.#typing.append(h("span", { class: "unseen" }, strings.t("widget.working")));
    this.element = h("div", { class: "log", ...role }, lines, this.#typing, this.#typist);
    this.element.addEventListener("scroll", () => this.#scrolled());
    const observer = new ResizeObserver(() => this.#atEnd && this.toEnd());
    observer.observe(this.element);
    observer.observe(lines); // a card may fill itself later
  }

  /** True if the last line can be seen. */
  get atEnd() {
    return this.#atEnd;
  }

  toEnd() {
    const news = !this.#atEnd;
    this.#atEnd = true;
    this.element.scrollTop = this.element.scrollHeight;
    if (news) this.#handlers.onScroll();
  }

  /**
   * @param {object[]} items
   * @param {{working: boolean, typing: string|null, ready: boolean}} state `typing`: who does
   */
  update(items, { working, typing, ready }) {
    this.element.setAttribute("aria-busy", String(!ready));
    const added = this.#list.update(items);
    this.#settled = ready;
    this.#typing.hidden = !working;
    this.#typist.hidden = typing === null;
    if (typing !== null) this.#typist.textContent = this.#strings.t("widget.typing", { name: typing });
    if (this.#atEnd || added.some(({ extra }) => extra)) this.toEnd();
  }

  #draw(part, item) {
    if (item.kind === "day") {
      part.element.className = "day";
      part.element.replaceChildren(this.#strings.day(item.at));
      return;
    }
    const { element } = part;
    part.arrived ??= this.#settled && "arrived";
    const { author, state, first, last, event } = item;
    const marks = { first, last, event };
    const on = Object.keys(marks).filter((mark) => marks[mark]);
    const classes = ["line", author, state, ...on, part.arrived];
    element.className = classes.filter(Boolean).join(" ");
    if (item.id !== null) element.dataset.line = item.id;
    const said = item.missing + item.text;
    if (part.said !== said) {
      // Once: what is changed here is read aloud again.
      part.said = said;
      part.body = h("div", { class: "body" }, ...this.#body(item));
      part.below = h("div", { class: "below", "aria-live": "off" });
      element.replaceChildren(part.body, part.below);
    }
    const active = element.getRootNode().activeElement ?? null;
    const focused = part.below.contains(active) ? active.textContent : null;
    part.below.replaceChildren(...this.#below(item));
    if (focused === null) return;
    const same = [...part.below.querySelectorAll("button")].find((each) => each.textContent === focused);
    (same ?? this.element).focus({ preventScroll: true }); // its button may be gone
  }

  #body(item) {
    const name = item.name ?? "";
    const author = this.#strings.t(`widget.author.${item.author}`, { name });
    const agent = item.author === "agent";
    const { drawText, drawCard } = this.#handlers;
    const text = item.author === "customer" ? textNodes(item.text) : (drawText(item.text) ?? plainText(item.text));
    const cards = item.cards.map(
      (card) => drawCard(card, item) ?? h("div", { class: "card" }, card.title ?? card.name ?? card.number ?? ""),
    );
    return [
      agent ? h("span", { class: "face", "aria-hidden": "true" }, initials(name)) : null,
      h("span", { class: agent ? "name" : "unseen" }, author, h("span", { class: "unseen" }, ": ")),
      item.text === "" ? null : h("div", { class: "bubble" }, text),
      cards.length > 0 ? h("div", { class: "cards" }, ...cards) : null,
    ];
  }

  #below(item) {
    const parts = [];
    if (item.buttons.length > 0) {
      const chips = item.buttons.map((button) =>
        h(
          "button",
          { type: "button", on: { click: () => this.#handlers.onChoose(button) } },
          button.title,
        ),
      );
      const label = this.#strings.t("widget.choices");
      parts.push(h("div", { class: "chips", role: "group", "aria-label": label }, ...chips));
    }
    const refusal = item.state === "refused" ? this.#handlers.drawRefusal(item) : null;
    if (refusal) parts.push(refusal);
    else if (item.state) parts.push(this.#status(item));
    else if (item.last && !item.event) {
      const at = this.#strings.time(item.at);
      const title = this.#strings.moment(item.at);
      const time = h("time", { datetime: item.at.toISOString(), title }, at);
      parts.push(h("div", { class: "meta" }, time));
    }
    return parts;
  }

  #status({ state }) {
    const key = state === "sent" || state === "retrying" ? state : "sending";
    const words = this.#strings.t(`widget.${key}`);
    return h("div", { class: "meta" }, icon(state === "sent" ? "check" : "clock"), words);
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    // What has come since it was scrolled to the end takes nobody away from there: scrolling up does.
    const stays = this.#atEnd && scrollTop >= this.#top;
    this.#top = scrollTop;
    const atEnd = stays || scrollHeight - scrollTop - clientHeight < NEAR;
    if (atEnd === this.#atEnd) return;
    this.#atEnd = atEnd;
    this.#handlers.onScroll();
  }
}

/** @param {string} text without marks @returns {HTMLElement} as markdown.js would draw it */
export function plainText(text) {
  return h("p", {}, textNodes(text));
}

/** @param {string} name @returns {string} "ML" of "Mei Lin"; the first sign of a name in Han or kana */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  return words.slice(0, 2).map((word) => [...word][0] ?? "").join("").toUpperCase();
}
