/**
 * The chat in the corner of a page: what `<tenin-chat>` (loader.js) shows in its shadow root, the
 * button and the panel. Its attributes are the options of docs/widget.md; what becomes of the
 * chat it tells as events.
 *
 * Before the customer opens it for the first time nothing is stored and nothing is
 * asked of the server but static files.
 */

import { backoff } from "../common/backoff.js";
import { Store } from "../common/device.js";
import { h, icon } from "../common/dom.js";
import { loadStrings } from "../common/strings.js";
import { Chat } from "./chat.js";
import { Panel } from "./panel.js";
import { dress, wear } from "./sheets.js";
import { FORGET } from "./stored.js";

const PARTS = ["common", "widget"]; // of the wording
const PHONE = window.matchMedia("(max-width: 479px)");

export class Widget {
  #host;
  #chat = null;
  #panel = null;
  #launcher = null;
  #badge = null;
  #strings = null;
  #spoken = null; // the session's language last looked for
  #tells = false; // whether pages may be told, as invite.js knows it
  #drawing = false;
  #pageOverflow = null;
  #before = null; // what had the focus when the chat was opened
  #told = null; // the id of the last line told of; null while a history comes in
  #count = 0; // of unread lines, last told

  /** @param {HTMLElement} host the element, with a shadow root */
  constructor(host) {
    this.#host = host;
  }

  /** The element, with its shadow root. */
  get host() {
    return this.#host;
  }

  /** The conversation. */
  get chat() {
    return this.#chat;
  }

  /** The wording. */
  get strings() {
    return this.#strings;
  }

  /** True while the panel is open. */
  get open() {
    return Boolean(this.#panel && !this.#panel.element.hidden);
  }

  /** Draws the button. @returns {Promise<void>} when there is one */
  async start() {
    const host = this.#host;
    const language = host.getAttribute("language");
    this.#chat = new Chat({
      wanted: language ?? navigator.language,
      customer: host.getAttribute("customer"),
      onChange: () => this.#changed(),
    });
    const wanted = [this.#chat.language, language, ...navigator.languages].filter(Boolean);
    dress(host.shadowRoot);
    const [strings] = await Promise.all([
      insist(() => loadStrings(wanted, PARTS)),
      insist(() => wear("widget.css")),
    ]);
    for (const name of ["colour", "page", "visitors"]) if (host.hasAttribute(name)) this.changed(name);
    if (new Store().get(FORGET)) this.#invite(false); // the server did not hear of it
    this.#build(strings);
    if (this.#chat.takeContinued()) this.show();
    document.addEventListener("visibilitychange", () => this.#read());
    PHONE.addEventListener("change", () => this.#fit());
    window.visualViewport?.addEventListener("resize", () => this.#fit());
  }

  /** An option has another value now. @param {string} name of the attribute */
  async changed(name) {
    const value = this.#host.getAttribute(name);
    if (name === "customer") {
      if (value) this.#chat.signIn(value);
      else if (value === "") this.#chat.signOut();
    } else if (name === "heading") {
      this.#build(this.#strings);
    } else if (name === "colour") {
      (await import("./colour.js")).paint(this.#host, value);
    } else if (name === "page") {
      (await import("./page.js")).tell(value);
    } else if (name === "visitors") {
      (await import("./visitor.js")).visitor.visitors(this, value && value === "agreed");
    }
  }

  /** Tells the page. @param {string} name @param {object} [detail] never what was said */
  tell(name, detail = {}) {
    this.#host.dispatchEvent(new CustomEvent(`tenin:${name}`, { detail, bubbles: true }));
  }

  #build(strings) {
    const open = this.open;
    const draft = this.#panel?.composer.text ?? "";
    const focus = this.#host.shadowRoot.activeElement !== null; // else it is the page's
    this.#strings = strings;
    this.#badge = h("span", { class: "unread", hidden: true });
    this.#launcher = h(
      "button",
      { type: "button", class: "launcher", on: { click: () => this.show() } },
      icon("bubble"),
      this.#badge,
    );
    this.#panel = new Panel(strings, this.#chat, {
      title: this.#host.getAttribute("heading"),
      onClose: () => this.hide(),
      onScroll: () => this.#read(),
    });
    this.#panel.composer.text = draft;
    this.#host.shadowRoot.replaceChildren(this.#launcher, this.#panel.element);
    if (open) this.show(focus);
    this.#draw();
  }

  /** Opens the panel. @param {boolean} [focus] whether one is to write at once */
  show(focus = true) {
    const news = !this.open;
    if (news) this.#before = document.activeElement;
    this.#launcher.hidden = true;
    this.#panel.open(focus);
    this.#fit();
    this.#chat.open();
    this.#read();
    if (news) this.tell("open");
  }

  /** Closes the panel; the conversation goes on. */
  hide() {
    this.#panel.close();
    this.#launcher.hidden = false;
    this.#launcher.focus();
    if (this.#host.getAttribute("launcher") === "none") this.#before?.focus();
    this.#fit();
    this.#draw();
    this.tell("close");
  }

  /** Many changes at once, such as a history coming in, are drawn once. */
  #changed() {
    if (this.#drawing || !this.#panel) return;
    this.#drawing = true;
    setTimeout(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw() {
    if (this.#chat.language !== this.#spoken) this.#speak(this.#chat.language);
    if (this.#chat.tells !== this.#tells) this.#invite(this.#chat.tells);
    // What is gone from a chat that is closed goes from the page as well.
    if (this.open || this.#chat.transcript.highest === 0) this.#panel.update();
    this.#panel.hear();
    this.#read();
    const count = this.#chat.transcript.unread(this.#chat.seen);
    this.#badge.hidden = count === 0;
    this.#badge.textContent = count > 99 ? "99+" : String(count);
    const label = count > 0 ? "widget.open_unread" : "widget.open";
    this.#launcher.setAttribute("aria-label", this.#strings.t(label, { count }));
    this.#report(count);
  }

  #report(count) {
    const { transcript, ready } = this.#chat;
    if (count !== this.#count) this.tell("unread", { count });
    this.#count = count;
    const told = this.#told;
    this.#told = ready ? transcript.highest : null;
    if (told === null || !ready) return;
    for (const { id, author } of transcript.lines) if (id > told) this.tell("message", { author });
  }

  /** The conversation may have another language than the page, or get one: its wording comes along. */
  async #speak(language) {
    this.#spoken = language;
    if (!language || language === this.#strings.language) return;
    const strings = await insist(() => loadStrings([language], PARTS));
    const current = language === this.#spoken && strings.language !== this.#strings.language;
    if (current) this.#build(strings);
  }

  /** Who agreed in the chat is known to the shop's pages as well. */
  async #invite(agreed) {
    this.#tells = agreed;
    (await insist(() => import("./visitor.js"))).visitor.visitorsInChat(this, agreed);
  }

  /** What lies open before a visible page's reader counts as read. */
  #read() {
    const seen = this.open && document.visibilityState === "visible" && this.#panel.atEnd;
    if (seen) this.#chat.shown(this.#chat.transcript.highest);
  }

  /** On a phone the panel covers the page, above the keyboard; the page holds still behind it. */
  #fit() {
    const full = this.open && PHONE.matches;
    this.#panel.modal = full;
    const height = full ? `${window.visualViewport?.height ?? window.innerHeight}px` : "";
    this.#panel.element.style.setProperty("--height", height);
    const page = document.documentElement.style;
    if (full && this.#pageOverflow === null) {
      this.#pageOverflow = page.overflow;
      page.overflow = "hidden";
    } else if (!full && this.#pageOverflow !== null) {
      page.overflow = this.#pageOverflow;
      this.#pageOverflow = null;
    }
  }
}

/** Does it, again and again until it succeeds: without its files there is no chat. */
async function insist(work) {
  for (let failures = 0; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      console.warn("tenin:", error);
      await new Promise((resolve) => setTimeout(resolve, backoff(failures, { least: 1000 })));
    }
  }
}
