/**
 * The foot of a conversation: the answer box, its other mode for notes to colleagues,
 * ready replies, suggestions. Drafts are kept for each conversation and mode.
 */

import { Composer } from "../common/composer.js";
import { h, icon } from "../common/dom.js";
import { Files } from "./files.js";
import { Replies, insert } from "./replies.js";
import { Suggestions } from "./suggestions.js";

export class Writing {
  #strings;
  #desk;
  #drafts = new Map(); // "mode conversation" → text
  #shown = null;
  #mode = "reply";
  #composer;
  #replies;
  #suggestions;
  #files;
  #modes;
  #helps;
  #caret = [0, 0]; // where one wrote last: a dialog over the page makes the browser forget it
  #onSend;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {object} options
   * @param {() => void} options.onSend something is on its way
   * @param {() => void} options.onSearch the search is asked for
   */
  constructor(strings, desk, { onSend, onSearch }) {
    this.#strings = strings;
    this.#desk = desk;
    this.#onSend = onSend;
    const t = (key) => strings.t(key);
    const placeholder = t("desk.placeholder");
    this.#composer = new Composer(strings, { placeholder, onSend: (text) => this.#say(text) });
    const { input } = this.#composer;
    this.#replies = new Replies(strings, desk, input, () => this.#mode === "reply");
    this.#suggestions = new Suggestions(strings, desk, (text) => this.insert(text));
    input.addEventListener("input", () => {
      if (this.#mode === "reply" && desk.mine && input.value.trim()) desk.typing.own(desk.openId);
    });
    for (const type of ["input", "keyup", "pointerup"]) {
      input.addEventListener(type, () => {
        this.#caret = [input.selectionStart, input.selectionEnd];
      });
    }
    const mode = (name, sign) =>
      h(
        "button",
        { type: "button", "data-mode": name, on: { click: () => this.#switchTo(name) } },
        sign,
        t(`desk.mode.${name}`),
      );
    const modes = { class: "modes", role: "group", "aria-label": t("desk.mode.title") };
    this.#modes = h("div", modes, mode("reply", icon("bubble")), mode("note", icon("lock")));
    const help = (sign, words, keys, listener) =>
      h(
        "button",
        { type: "button", title: `${words} (${keys})`, "aria-label": words, on: { click: listener } },
        icon(sign),
        h("kbd", { "aria-hidden": "true" }, keys),
      );
    this.#helps = h(
      "div",
      { class: "helps" },
      help("bolt", t("desk.replies.title"), "/", () => this.#replies.open()),
      help("search", t("desk.search.title"), "Ctrl K", onSearch),
    );
    this.element = h(
      "div",
      { class: "writing" },
      this.#suggestions.element,
      h("div", { class: "tools" }, this.#modes, this.#helps),
      this.#replies.element,
      this.#composer.element,
    );
    this.#files = new Files(strings, desk, this.#composer, this.element);
  }

  update() {
    const { openId, open, mine } = this.#desk;
    if (openId !== this.#shown) {
      this.#keep();
      this.#shown = openId;
      this.#replies.close();
      this.#switch("reply");
    }
    this.element.hidden = !open;
    if (!open) return;
    // Without the conversation there are only notes; what was begun stays for when it is theirs.
    if (!mine && this.#mode === "reply") this.#switch("note");
    if (mine && this.#desk.taken === openId) this.#switch("reply");
    this.#modes.querySelector("[data-mode=reply]").disabled = !mine;
    this.#helps.hidden = !mine || this.#mode === "note";
    this.#suggestions.update();
    this.#files.update(this.#mode === "reply");
    if (mine && this.#desk.taken === openId) {
      this.#desk.taken = null;
      this.focus();
    }
  }

  focus() {
    this.#composer.focus();
  }

  /** Puts a text where the cursor is, into the answer to the customer. */
  insert(text) {
    if (this.#mode !== "reply") this.#switch("reply");
    const { input } = this.#composer;
    input.setSelectionRange(...this.#caret);
    const joins = /\S$/.test(input.value.slice(0, this.#caret[0])) ? "\n" : "";
    insert(input, joins + text);
  }

  /** A refused entry is to be written anew. */
  edit({ key, text, body }) {
    this.#desk.outgoing.forget(key);
    this.#switch(body.note ? "note" : "reply");
    this.#composer.text = [text, this.#composer.text].filter(Boolean).join("\n");
    this.focus();
  }

  #say(text) {
    this.#drafts.delete(`${this.#mode} ${this.#shown}`);
    this.#onSend();
    this.#desk.say(text, { note: this.#mode === "note" });
  }

  #switchTo(mode) {
    this.#switch(mode);
    this.focus();
  }

  #switch(mode) {
    if (mode !== this.#mode) this.#keep();
    this.#mode = mode;
    this.#composer.text = this.#drafts.get(`${mode} ${this.#shown}`) ?? "";
    this.#caret = [this.#composer.text.length, this.#composer.text.length];
    const words = this.#strings.t(mode === "note" ? "desk.note.placeholder" : "desk.placeholder");
    this.#composer.input.placeholder = words;
    this.#composer.input.setAttribute("aria-label", words);
    this.element.classList.toggle("note", mode === "note");
    this.#helps.hidden = mode === "note";
    this.#files.update(mode === "reply");
    this.#replies.close();
    for (const button of this.#modes.children) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    }
  }

  #keep() {
    if (this.#shown) this.#drafts.set(`${this.#mode} ${this.#shown}`, this.#composer.text);
  }
}
