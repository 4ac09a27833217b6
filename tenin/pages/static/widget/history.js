/**
 * What a signed-in customer said on other devices, above the conversation of this one: looked up
 * when the chat is opened, shown when it is asked for, older ones page by page, without buttons
 * to press. It stands in the page alone and goes with the customer. Comes for signed-in ones.
 */

import { h, textNodes } from "../common/dom.js";
import { get } from "./server.js";

const TOP = 40; // pixels from the top that count as being there
const SHORTEST = 5_000; // milliseconds between two looks whether the customer is still signed in
const LONGEST = 2 ** 31 - 1; // of a timer

export class EarlierChats {
  #strings;
  #chat;
  #log;
  #session;
  #latest = []; // found, and not shown yet
  #before = null;
  #shown = false;
  #loading = false;
  #timer = 0;
  #lines = h("div", { class: "lines" });
  #more;
  #now;
  #element;

  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    const { strings, chat } = panel;
    this.#strings = strings;
    this.#chat = chat;
    this.#session = chat.session;
    this.#log = panel.element.querySelector(".log");
    const t = (key) => strings.t(key);
    this.#more = h("button", { type: "button", on: { click: () => this.#press() } }, t("more.privacy.earlier"));
    this.#now = h("div", { class: "day", hidden: true }, t("more.privacy.now"));
    const label = { role: "group", "aria-label": t("more.privacy.earlier_label"), "aria-live": "off" };
    this.#element = h("div", { class: "earlier", ...label, hidden: true }, this.#more, this.#lines, this.#now);
    this.#log.prepend(this.#element);
    this.#log.addEventListener("scroll", () => {
      if (this.#shown && this.#log.scrollTop < TOP && this.#before !== null) this.#older();
    });
  }

  /** The chat has changed: what is another's, or nobody's, goes at once. */
  update() {
    const { session, signedIn } = this.#chat;
    if (session === this.#session && signedIn) return;
    this.#clear();
    this.#session = session;
    if (session && signedIn) this.look();
  }

  /** Looks what there is by now; what is shown already is shown anew. */
  async look() {
    const page = await this.#ask(null);
    if (!page) return;
    this.#latest = page.lines;
    this.#before = page.before;
    this.#element.hidden = page.lines.length === 0;
    if (this.#shown) this.#draw(this.#latest);
    else this.#more.hidden = false;
  }

  #press() {
    if (this.#shown) return this.#older();
    this.#shown = true;
    return this.#draw(this.#latest);
  }

  async #older() {
    if (this.#loading || this.#before === null) return;
    this.#loading = true;
    const page = await this.#ask(this.#before);
    this.#loading = false;
    if (!page) return;
    this.#latest = [...page.lines, ...this.#latest];
    this.#before = page.before;
    this.#draw(this.#latest);
  }

  /** @returns {Promise<object|null>} a page; null if there is none to be had, or for us */
  async #ask(before) {
    const session = this.#chat.session;
    const path = before === null ? "chat/history" : `chat/history?before=${before}`;
    const answer = await this.#chat.ask((token, signal) => get(path, token, signal));
    if (session !== this.#chat.session || !this.#chat.signedIn) return null;
    if (answer?.status === 403) this.#clear();
    if (!answer?.ok) return null;
    const page = await answer.json();
    if (session !== this.#chat.session || !this.#chat.signedIn) return null;
    this.#until(page.seconds * 1000);
    return page;
  }

  /** When the shop's word is over and wasn't renewed, nothing stays. */
  #until(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), Math.min(Math.max(milliseconds, SHORTEST), LONGEST));
  }

  #clear() {
    clearTimeout(this.#timer);
    this.#latest = [];
    this.#before = null;
    this.#shown = false;
    this.#lines.replaceChildren();
    this.#now.hidden = true;
    this.#element.hidden = true;
  }

  #draw(lines) {
    const { scrollHeight, scrollTop } = this.#log;
    const focused = this.#more === this.#more.getRootNode().activeElement;
    const parts = [];
    let day = "";
    for (const line of lines) {
      const at = new Date(line.at);
      if (at.toDateString() !== day) parts.push(h("div", { class: "day" }, this.#strings.day(at)));
      day = at.toDateString();
      parts.push(this.#line(line, at));
    }
    this.#lines.replaceChildren(...parts);
    this.#now.hidden = lines.length === 0;
    this.#more.hidden = this.#shown && this.#before === null;
    this.#log.scrollTop = scrollTop + this.#log.scrollHeight - scrollHeight; // what was read stays in its place
    if (focused && this.#more.hidden) this.#log.focus({ preventScroll: true });
  }

  #line({ author, name, text, cards }, at) {
    const titles = cards.map((card) => card.title).filter(Boolean);
    const said = [text, ...titles].filter(Boolean).join("\n");
    const who = this.#strings.t(`widget.author.${author}`, { name: name ?? "" });
    return h(
      "div",
      { class: `line ${author} first last` },
      h(
        "div",
        { class: "body" },
        h("span", { class: author === "agent" ? "name" : "unseen" }, who, h("span", { class: "unseen" }, ": ")),
        h("div", { class: "bubble" }, textNodes(said)),
      ),
      h("div", { class: "below" }, h("div", { class: "meta" }, h("time", { datetime: at.toISOString() }, this.#strings.time(at)))),
    );
  }
}
