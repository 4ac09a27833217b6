/**
 * The box one writes in, the same for customers and agents: Enter sends,
 * Shift+Enter breaks the line, an input method's Enter only chooses characters.
 */

import { h, icon } from "./dom.js";

const LIMIT = 4000; // characters; the server's limit
const NEAR_LIMIT = 400;

export class Composer {
  #strings;
  #onSend;
  #button;
  #counter;

  /**
   * @param {import("./strings.js").Strings} strings
   * @param {{placeholder: string, onSend: (text: string) => void}} options
   */
  constructor(strings, { placeholder, onSend }) {
    this.#strings = strings;
    this.#onSend = onSend;
    const field = { rows: "1", placeholder, "aria-label": placeholder, enterkeyhint: "send" };
    this.input = h("textarea", {
      ...field,
      autocomplete: "off",
      on: { keydown: (event) => this.#key(event), input: () => this.#changed() },
    });
    this.#counter = h("span", { class: "counter", role: "status" });
    const send = { class: "send", type: "submit", "aria-label": strings.t("common.send") };
    this.#button = h("button", { ...send, title: strings.t("common.send") }, icon("send"));
    this.element = h(
      "form",
      { class: "composer", on: { submit: (event) => this.#submit(event) } },
      this.input,
      this.#counter,
      this.#button,
    );
    this.#changed();
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    this.input.value = text;
    this.#changed();
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  #key(event) {
    // 229: what Safari says of the Enter that ends a composition.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key === "Enter" && !event.shiftKey && !composing) this.#submit(event);
  }

  #submit(event) {
    event.preventDefault();
    const text = this.text.trim();
    if (text === "" || lengthOf(text) > LIMIT) return;
    this.text = "";
    this.input.focus({ preventScroll: true });
    this.#onSend(text);
  }

  #changed() {
    const used = lengthOf(this.text.trim());
    const left = LIMIT - used;
    this.#button.disabled = used === 0 || left < 0;
    const words = left < 0 ? "common.over" : "common.left";
    this.#counter.textContent =
      left < NEAR_LIMIT ? this.#strings.t(words, { count: Math.abs(left) }) : "";
    this.#counter.classList.toggle("over", left < 0);
    this.input.setAttribute("aria-invalid", String(left < 0));
    this.input.style.height = "auto";
    if (this.input.scrollHeight > 0) this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }
}

/** Characters as the server counts them, not UTF-16 units. */
function lengthOf(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
