/** What is on offer to this agent: who, why, for how long, and the two answers to it. */

import { h, icon } from "../common/dom.js";
import { KeyedList } from "../common/keyed.js";
import { badge, go, shortened } from "./signs.js";

export class Offers {
  #strings;
  #desk;
  #list;
  #element;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {HTMLElement} element to be filled, across the page
   */
  constructor(strings, desk, element) {
    this.#strings = strings;
    this.#desk = desk;
    this.#element = element;
    this.#list = new KeyedList(
      element,
      (part, item) => this.#draw(part, item),
      (item) => this.#create(item),
    );
    setInterval(() => this.update(), 1_000);
  }

  update() {
    const offered = (this.#desk.conversations ?? []).filter((each) => this.#desk.isOffered(each));
    this.#element.hidden = offered.length === 0;
    this.#list.update(
      offered.map((conversation) => ({
        key: `${conversation.id} ${conversation.offered.until}`,
        id: conversation.id,
        left: this.#left(conversation),
        busy: this.#desk.busy,
        extra: conversation,
      })),
    );
  }

  #left({ offered }) {
    const left = Math.max(0, new Date(offered.until) - Date.now());
    return this.#strings.duration(Math.ceil(left / 1000) * 1000);
  }

  /** Made once, so that the focus stays on a button while the seconds run. */
  #create({ extra: conversation }) {
    const t = (key, values) => this.#strings.t(key, values);
    const button = (kind, words, listener) =>
      h("button", { type: "button", class: kind, on: { click: listener } }, words);
    const { id, language, last } = conversation;
    const name = t("desk.untitled", { id: shortened(id) });
    const about = [
      badge(this.#strings, conversation),
      conversation.awaiting === "message"
        ? h("span", { class: "tag message" }, icon("mail"), t("desk.message_left"))
        : null,
      h("span", { class: "tag" }, this.#strings.languageName(language)),
      this.#desk.skillTitle(conversation.skill)
        ? h("span", { class: "tag" }, this.#desk.skillTitle(conversation.skill))
        : null,
    ];
    return h(
      "div",
      { class: "offer", role: "group", "aria-label": t("desk.offer.of", { name }) },
      icon("bell"),
      h(
        "div",
        { class: "whom" },
        h("b", {}, t("desk.offer.yours"), " ", h("span", { class: "left", role: "timer" })),
        h("span", {}, name, ...about),
        last?.author === "customer" ? h("span", { class: "said" }, last.text) : null,
      ),
      h(
        "div",
        { class: "answers" },
        button("primary", t("desk.offer.accept"), () => this.#accept(id)),
        button("secondary", t("desk.offer.decline"), () => this.#decline(id)),
      ),
    );
  }

  #draw({ element }, { left, busy }) {
    element.querySelector(".left").textContent = left;
    for (const button of element.querySelectorAll("button")) button.disabled = busy;
  }

  #now(id) {
    return this.#desk.conversations.find((conversation) => conversation.id === id);
  }

  async #accept(id) {
    const conversation = this.#now(id);
    if (conversation && (await this.#desk.change("take", conversation))) go(id);
  }

  #decline(id) {
    const conversation = this.#now(id);
    if (conversation) this.#desk.change("decline", conversation);
  }
}
