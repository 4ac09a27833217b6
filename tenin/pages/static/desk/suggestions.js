/** Over the answer box: what the bot understood last, and replies that would suit. */

import { h, icon } from "../common/dom.js";
import { getSuggestions } from "./server.js";

export class Suggestions {
  #strings;
  #desk;
  #onInsert;
  #asked = ""; // conversation and line of the customer that the suggestions are for

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {(text: string) => void} onInsert one was chosen
   */
  constructor(strings, desk, onInsert) {
    this.#strings = strings;
    this.#desk = desk;
    this.#onInsert = onInsert;
    const label = { role: "group", "aria-label": strings.t("desk.suggestions.title") };
    this.element = h("div", { class: "suggestions", hidden: true, ...label });
  }

  /** Asks again once the customer has said something else. */
  update() {
    const { openId, open, mine } = this.#desk;
    const line = mine ? (open.lines.findLast(({ author }) => author === "customer")?.id ?? 0) : 0;
    const wanted = `${openId} ${line}`;
    if (wanted === this.#asked) return;
    if (!this.#asked.startsWith(`${openId} `) || line === 0) this.element.hidden = true;
    this.#asked = wanted;
    if (line > 0) this.#fetch(openId, wanted);
  }

  async #fetch(id, wanted) {
    // Only a help: where it can't be had, there is none.
    const found = await getSuggestions(id).catch(() => ({ understood: [], replies: [] }));
    if (wanted !== this.#asked) return;
    const t = (key, values) => this.#strings.t(key, values);
    const [best] = found.understood;
    this.element.hidden = found.replies.length === 0;
    const replies = found.replies.map(({ title, text, source }) =>
      h(
        "button",
        { type: "button", class: source, title: text, on: { click: () => this.#onInsert(text) } },
        h("b", {}, title || t(`desk.kind.${source === "faq" ? "answer" : source}`)),
        h("span", {}, text),
      ),
    );
    this.element.replaceChildren(
      h("p", {}, icon("bolt"), best ? t("desk.suggestions.about", { need: best.title }) : t("desk.suggestions.title")),
      h("div", { class: "chips" }, ...replies),
    );
  }
}
