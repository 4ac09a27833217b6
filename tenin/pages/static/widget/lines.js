/**
 * What a line may have that the first ones mostly have not: marks in its text, cards, a refusal;
 * and the one question that follows the first answer. Comes when a line needs it; log.js draws the
 * rest.
 */

import { addIcons, h, icon } from "../common/dom.js";
import { drawCard } from "./cards.js";
import { markdown } from "./markdown.js";
import { Question } from "./question.js";

addIcons({
  alert: "M12 7v6m0 3.5v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
});

export class Lines {
  #strings;

  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    this.#strings = panel.strings;
    this.question = new Question(panel);
  }

  /** @returns {DocumentFragment} */
  text(text) {
    return markdown(text);
  }

  /** @returns {HTMLElement} a card that is no form */
  card(card, onVisit) {
    return drawCard(this.#strings, card, onVisit);
  }

  /** Why a message was refused, and what can be done. @returns {HTMLElement} */
  refusal({ extra: entry, error }, { onEdit, onRetry, onDismiss }) {
    const t = (key) => this.#strings.t(key);
    const button = (words, listener) =>
      h("button", { type: "button", on: { click: () => listener(entry) } }, words);
    const known = this.#strings.maybe(`errors.${error.code}`);
    const reason = known ?? (error.message || t("lines.refused"));
    // What was refused for itself is not worth sending again as it is.
    const again = error.status === 403 || error.status === 409;
    return h(
      "div",
      { class: "refusal", role: "alert" },
      h("p", {}, icon("alert"), reason),
      entry.body.text && !again ? button(t("lines.edit"), onEdit) : null,
      again ? button(t("widget.retry"), onRetry) : null,
      button(t("lines.dismiss"), onDismiss),
    );
  }
}
