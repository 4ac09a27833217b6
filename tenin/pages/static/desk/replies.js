/**
 * Ready replies under the answer box: "/" opens them, what follows filters by shortcut
 * or text, Enter or a click inserts one in place of what was typed. Nothing is sent.
 */

import { h } from "../common/dom.js";
import { getCanned } from "./server.js";

const MOST = 8;
// A slash at the beginning or after a space, also the wide one of an input method.
const TYPED = /(?:^|\s)([/／][^\s/／]*)$/;

export class Replies {
  #strings;
  #desk;
  #input;
  #wanted;
  #list;
  #count;
  #canned = []; // null: they couldn't be had
  #of = null; // the conversation they were made for
  #shown = [];
  #active = 0;
  #closedAt = -1; // where the slash stood that was closed by Escape

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {HTMLTextAreaElement} input
   * @param {() => boolean} wanted whether it is the customer who is written to
   */
  constructor(strings, desk, input, wanted) {
    this.#wanted = wanted;
    this.#strings = strings;
    this.#desk = desk;
    this.#input = input;
    this.#list = h("ul", { id: "replies", role: "listbox", "aria-label": strings.t("desk.replies.title") });
    this.#count = h("p", { class: "hint", role: "status" });
    this.element = h("div", { class: "replies", hidden: true }, this.#list, this.#count);
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", "replies");
    input.addEventListener("input", () => this.#look());
    input.addEventListener("blur", () => this.close());
    // Before the box itself: Enter would send.
    input.addEventListener("keydown", (event) => this.#key(event), { capture: true });
    this.element.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus
  }

  /** Writes the slash where the cursor is, for those without that key at hand. */
  open() {
    const { value, selectionStart } = this.#input;
    const before = value.slice(0, selectionStart);
    if (TYPED.test(before)) return this.#input.focus();
    this.#closedAt = -1;
    insert(this.#input, /(^|\s)$/.test(before) ? "/" : " /");
  }

  close() {
    this.element.hidden = true;
    this.#input.removeAttribute("aria-activedescendant");
  }

  /** @returns {{start: number, words: string}|null} what was typed, from its slash on */
  #typed() {
    const { value, selectionStart, selectionEnd } = this.#input;
    const match = selectionStart === selectionEnd && TYPED.exec(value.slice(0, selectionStart));
    return match ? { start: selectionStart - match[1].length, words: match[1].slice(1) } : null;
  }

  #look() {
    const typed = this.#typed();
    if (!typed) this.#closedAt = -1;
    if (!typed || typed.start === this.#closedAt || !this.#wanted()) return this.close();
    if (this.element.hidden || this.#of !== this.#desk.openId) this.#fetch();
    this.element.hidden = false;
    this.#active = 0;
    this.#draw(typed.words);
  }

  async #fetch() {
    const { openId, open } = this.#desk;
    if (this.#of !== openId) this.#canned = [];
    this.#of = openId;
    try {
      this.#canned = (await getCanned(openId, open.language)).canned;
    } catch {
      this.#canned = null;
    }
    const typed = this.#typed();
    if (!this.element.hidden && typed && this.#of === this.#desk.openId) this.#draw(typed.words);
  }

  #draw(words) {
    const wanted = words.toLocaleLowerCase();
    const begins = ({ shortcut }) => shortcut.toLocaleLowerCase().startsWith(wanted);
    const holds = ({ shortcut, text }) =>
      `${shortcut} ${text}`.toLocaleLowerCase().includes(wanted);
    const found = (this.#canned ?? []).filter(holds);
    this.#shown = [...found.filter(begins), ...found.filter((each) => !begins(each))].slice(0, MOST);
    this.#active = Math.min(this.#active, Math.max(0, this.#shown.length - 1));
    const rows = this.#shown.map(({ shortcut, text }, place) =>
      h(
        "li",
        {
          id: `reply-${place}`,
          role: "option",
          "aria-selected": String(place === this.#active),
          on: { click: () => this.#choose(place) },
        },
        h("b", {}, `/${shortcut}`),
        h("span", {}, text),
      ),
    );
    this.#list.replaceChildren(...rows);
    const t = (key, values) => this.#strings.t(key, values);
    const count = this.#shown.length;
    this.#count.textContent =
      this.#canned === null
        ? t("desk.replies.failed")
        : count > 0
          ? t("desk.replies.hint", { count })
          : t("desk.replies.none");
    if (rows.length > 0) {
      this.#input.setAttribute("aria-activedescendant", `reply-${this.#active}`);
      rows[this.#active].scrollIntoView({ block: "nearest" });
    } else this.#input.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    if (this.element.hidden || event.isComposing || event.keyCode === 229) return;
    const typed = this.#typed();
    if (!typed) return this.close();
    const { key } = event;
    const count = this.#shown.length;
    if (key === "Escape") {
      this.#closedAt = typed.start;
      this.close();
    } else if (key === "Enter" || (key === "Tab" && !event.shiftKey && count > 0)) {
      if (count > 0) this.#choose(this.#active); // and else: a mistyped shortcut isn't sent
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      if (count > 0) this.#active = (this.#active + (key === "ArrowDown" ? 1 : count - 1)) % count;
      this.#draw(typed.words);
    } else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #choose(place) {
    const typed = this.#typed();
    const reply = this.#shown[place];
    if (!typed || !reply) return;
    this.#input.setSelectionRange(typed.start, this.#input.selectionStart);
    insert(this.#input, reply.text);
    this.close();
  }
}

/**
 * Puts a text where the cursor is, in place of what is selected; the cursor goes behind it.
 * @param {HTMLTextAreaElement} input
 * @param {string} text
 */
export function insert(input, text) {
  input.focus({ preventScroll: true });
  input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.scrollTop = input.scrollHeight;
}
