/** Draws the items of transcript.js: days, lines with their cards and choices, refusals. */

import { h, icon, link, safeURL, textNodes } from "../common/dom.js";
import { KeyedList } from "../common/keyed.js";

const NEAR = 80; // pixels from the end that still count as being at the end

export class Log {
  #strings;
  #handlers;
  #list;
  #atEnd = true;
  #settled = false; // the history is in: what comes now is new
  #typing;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {{onChoose: Function, onVisit: Function, onEdit: Function, onRetry: Function,
   *     onDismiss: Function, onScroll: Function}} handlers
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
    this.element = h("div", { class: "log", ...role }, lines, this.#typing);
    this.element.addEventListener("scroll", () => this.#scrolled());
    new ResizeObserver(() => this.#atEnd && this.toEnd()).observe(this.element);
  }

  /** True if the last line can be seen. */
  get atEnd() {
    return this.#atEnd;
  }

  toEnd() {
    this.#atEnd = true;
    this.element.scrollTop = this.element.scrollHeight;
  }

  /**
   * @param {object[]} items
   * @param {{working: boolean, ready: boolean}} state
   */
  update(items, { working, ready }) {
    this.element.setAttribute("aria-busy", String(!ready));
    const added = this.#list.update(items);
    this.#settled = ready;
    this.#typing.hidden = !working;
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
    const { author, state, first, last } = item;
    const classes = ["line", author, state, first && "first", last && "last", part.arrived];
    element.className = classes.filter(Boolean).join(" ");
    if (item.id !== null) element.dataset.line = item.id;
    if (part.text !== item.text) {
      // Once: what is changed here is read aloud again.
      part.text = item.text;
      part.body = h("div", { class: "body" }, ...this.#body(item));
      part.below = h("div", { class: "below", "aria-live": "off" });
      element.replaceChildren(part.body, part.below);
    }
    const focused = part.below.contains(element.getRootNode().activeElement ?? null);
    part.below.replaceChildren(...this.#below(item));
    if (focused) this.element.focus({ preventScroll: true }); // its button is gone
  }

  #body(item) {
    const author = this.#strings.t(`widget.author.${item.author}`, { name: item.name ?? "" });
    const label = item.author === "agent" ? "name" : "unseen";
    const bubble = h("div", { class: "bubble" }, textNodes(item.text));
    const cards = item.cards.map((card) => this.#card(card));
    return [
      h("span", { class: label }, author, h("span", { class: "unseen" }, ": ")),
      item.text === "" ? null : bubble,
      cards.length > 0 ? h("div", { class: "cards" }, ...cards) : null,
    ];
  }

  #card(card) {
    const source = safeURL(card.image);
    const content = [
      source ? h("img", { src: source, alt: "", loading: "lazy" }) : null,
      h(
        "span",
        { class: "about" },
        h("b", {}, card.title ?? ""),
        card.text ? h("span", { class: "text" }, card.text) : null,
        typeof card.price === "number" && card.currency
          ? h("span", { class: "price" }, this.#strings.money(card.price, card.currency))
          : null,
      ),
    ];
    const url = safeURL(card.url);
    const element = url ? link(url, ...content.filter(Boolean)) : h("div", {}, ...content);
    element.className = "card";
    if (url) element.addEventListener("click", (event) => this.#handlers.onVisit(event, url));
    return element;
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
    if (item.state === "refused") parts.push(this.#refusal(item));
    else if (item.state) parts.push(this.#status(item));
    else if (item.last) {
      const at = this.#strings.time(item.at);
      const title = this.#strings.moment(item.at);
      const time = h("time", { datetime: item.at.toISOString(), title }, at);
      parts.push(h("div", { class: "meta" }, time));
    }
    return parts;
  }

  #status({ state }) {
    const key = { sent: "widget.sent", retrying: "widget.retrying" }[state] ?? "widget.sending";
    const words = this.#strings.t(key);
    return h("div", { class: "meta" }, icon(state === "sent" ? "check" : "clock"), words);
  }

  #refusal({ extra: entry, error }) {
    const t = (key) => this.#strings.t(key);
    const { onEdit, onRetry, onDismiss } = this.#handlers;
    const button = (words, listener) =>
      h("button", { type: "button", on: { click: () => listener(entry) } }, words);
    const known = this.#strings.maybe(`errors.${error.code}`);
    const reason = known ?? (error.message || t("widget.refused"));
    // What was refused for itself is not worth sending again as it is.
    const again = error.status === 403 || error.status === 409;
    return h(
      "div",
      { class: "refusal", role: "alert" },
      h("p", {}, icon("alert"), reason),
      entry.body.text && !again ? button(t("widget.edit"), onEdit) : null,
      again ? button(t("widget.retry"), onRetry) : null,
      button(t("widget.dismiss"), onDismiss),
    );
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (atEnd === this.#atEnd) return;
    this.#atEnd = atEnd;
    this.#handlers.onScroll();
  }
}
