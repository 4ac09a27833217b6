/**
 * The one question whether pages seen may be told, put when the customer has had an answer; how it
 * was answered is changed at "Your data" (own_data.js).
 */

import { wantsPrivacy } from "../common/device.js";
import { h } from "../common/dom.js";
import { get } from "./server.js";

export class Question {
  #panel;
  #session = null; // the one that was asked about
  #element = null;

  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    this.#panel = panel;
  }

  /** The chat has changed. @returns {Promise<void>} */
  async update() {
    const { chat } = this.#panel;
    const { session } = chat;
    if (session === this.#session) return;
    this.#remove();
    if (!this.#panel.answered || wantsPrivacy()) return;
    this.#session = session;
    const answer = await chat.ask((token, signal) => get("chat/pages", token, signal));
    if (!answer?.ok || session !== chat.session) return;
    const { agreed } = await answer.json();
    if (agreed === null && !this.#panel.element.hidden) this.#ask();
    else if (Boolean(agreed) !== chat.tells) chat.tells = Boolean(agreed);
  }

  /** The panel was closed: left unanswered, it was answered by no. */
  closed() {
    if (this.#element) this.#decide(false);
  }

  #ask() {
    const t = (key) => this.#panel.strings.t(`lines.${key}`);
    const answer = (words, agreed) =>
      h("button", { type: "button", on: { click: () => this.#decide(agreed) } }, words);
    this.#element = h(
      "div",
      { class: "ask", role: "group", "aria-labelledby": "ask" },
      h("p", { id: "ask" }, t("question")),
      h("div", {}, answer(t("yes"), true), answer(t("no"), false)),
    );
    this.#panel.composer.element.before(this.#element);
  }

  #decide(agreed) {
    const focused = this.#element.contains(this.#element.getRootNode().activeElement);
    this.#remove();
    if (focused) this.#panel.composer.focus();
    this.#panel.chat.allow(agreed);
  }

  #remove() {
    this.#element?.remove();
    this.#element = null;
  }
}
