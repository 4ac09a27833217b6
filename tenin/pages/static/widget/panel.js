/** The open chat: header, state of the connection, log and composer. Drawn by widget.js. */

import { Composer } from "../common/composer.js";
import { Store } from "../common/device.js";
import { h, icon } from "../common/dom.js";
import { Later } from "./later.js";
import { initials, Log, MARKS } from "./log.js";
import { wear } from "./sheets.js";
import { FILES, SOUND } from "./stored.js";
import { display } from "./transcript.js";
import { TypingSign } from "./typing.js";

const MOUSE = window.matchMedia("(hover: hover) and (pointer: fine)");
const TROUBLE = ["reconnecting", "offline", "closed"];
const HEARD = 3000; // milliseconds that good news stays
const EARS = new Set(); // of all panels, one after the other
const HITCH = 800; // milliseconds a reconnection may take before it is worth a word
const CALM = 2000; // milliseconds: an answer is read before something is asked
const FORMS = ["rating", "contact", "file"]; // cards of person.js

export class Panel {
  #strings;
  #chat;
  #heard = null; // the newest line that the ears have been told of
  #log;
  #badge = h("span", { class: "badge" });
  #title;
  #status;
  #notice;
  #lines;
  #person;
  #more;
  #latest;
  #noticeTimer = 0;
  #told = "";
  #asking = 0;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./chat.js").Chat} chat
   * @param {{title: string|null, onClose: () => void, onScroll: () => void}} options
   */
  constructor(strings, chat, { title, onClose, onScroll }) {
    this.strings = this.#strings = strings;
    this.chat = this.#chat = chat;
    this.title = title ?? strings.t("widget.title");
    const waiting = h("div", { hidden: true });
    this.#lines = this.#later("lines", ["lines", "errors"], async () => {
      const { Lines } = await import("./lines.js");
      return () => new Lines(this);
    });
    this.#person = this.#later("person", ["person", "upload", "errors"], async () => {
      const { Person } = await import("./person.js");
      return () => new Person(this, waiting);
    });
    this.#more = this.#later("more", ["more"], async () => {
      const { More } = await import("./more.js");
      return () => new More(this);
    });
    const actions = {
      onRetry: ({ key }) => chat.outgoing.retry(key),
      onDismiss: ({ key }) => chat.outgoing.forget(key),
      onEdit: (entry) => this.#edit(entry),
    };
    const onVisit = (event, url) => this.#visit(event, url, onClose);
    this.#log = new Log(strings, {
      drawText: (text) => this.#lines.now?.text(text),
      drawCard: (card, line) =>
        FORMS.includes(card.type) ? this.#person.now?.card(card, line) : this.#lines.now?.card(card, onVisit),
      drawRefusal: (item) => this.#lines.now?.refusal(item, actions),
      onChoose: (button) => {
        chat.choose(button);
        if (MOUSE.matches) this.composer.focus(); // by touch it would bring up the keyboard
      },
      onScroll: () => {
        this.#showLatest();
        onScroll();
      },
    });
    this.composer = new Composer(strings, {
      placeholder: strings.t("widget.placeholder"),
      onSend: (text) => chat.say(text),
    });
    this.#microphone();
    this.listen();
    const typing = new TypingSign(chat);
    this.composer.input.addEventListener("input", () => typing.typed());
    this.#title = h("h2", { id: "title" });
    this.#status = h("p", { class: "status", role: "status" });
    this.#notice = h("div", { class: "notice", role: "status" });
    this.#latest = h(
      "button",
      { type: "button", class: "latest", hidden: true, on: { click: () => this.#log.toEnd() } },
      icon("down"),
      strings.t("widget.latest"),
    );
    const dialog = { class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true };
    this.element = h(
      "section",
      { ...dialog, lang: strings.language, on: { keydown: (event) => this.#key(event, onClose) } },
      this.#header(onClose),
      this.#notice,
      waiting,
      h("div", { class: "middle" }, this.#log.element, this.#latest),
      this.composer.element,
    );
  }

  #header(onClose) {
    const close = { type: "button", class: "close", "aria-label": this.#strings.t("widget.close") };
    const name = { "aria-label": this.#strings.t("widget.menu"), "aria-expanded": "false" };
    return h(
      "header",
      {},
      this.#badge,
      h("div", { class: "who" }, this.#title, this.#status),
      h("button", { type: "button", class: "close", ...name, on: { click: (event) => this.#menu(event) } }, icon("menu")),
      h("button", { ...close, on: { click: onClose } }, icon("close")),
    );
  }

  async #menu({ currentTarget: opener }) {
    const shown = () => this.element.querySelector(".menu");
    if (shown()) return shown().dispatchEvent(new Event("close"));
    const more = await this.#more.get();
    if (!shown()) more?.menu(opener);
  }

  /** The microphone, where the browser has one to offer; what it does comes when it is asked for. */
  #microphone() {
    if (!(window.SpeechRecognition ?? window.webkitSpeechRecognition)) return;
    const click = async () => (await this.#more.get())?.dictate(button);
    const name = { "aria-label": this.#strings.t("widget.microphone"), "aria-pressed": "false" };
    const button = h("button", { type: "button", class: "microphone", ...name, on: { click } }, icon("microphone"));
    this.composer.input.after(button);
  }

  /** What hears of lines of others as they come: `(lines, panel) => void`. */
  get ears() {
    return EARS;
  }

  /** Tells of lines that have come since it was last asked; a history is no news. */
  hear() {
    const { transcript, ready } = this.#chat;
    if (!ready) this.#heard = null;
    const heard = this.#heard;
    if (ready) this.#heard = transcript.highest;
    if (!ready || heard === null || transcript.highest <= heard) return;
    const news = transcript.lines.filter(({ id, author }) => id > heard && author !== "customer");
    if (news.length === 0) return;
    for (const ear of EARS) ear(news, this);
    const unseen = this.element.hidden || document.visibilityState === "hidden";
    if (this.sound && unseen) this.sound();
  }

  /** A sound for lines that nobody looks at, if it was asked for on this device. */
  async listen() {
    this.sound = null;
    if (new Store().get(SOUND) === "1") this.sound = (await this.#more.get())?.sound;
  }

  /** @param {string} text @returns {Promise<string>} as it is read aloud, without marks */
  async plain(text) {
    return (await this.#lines.get())?.text(text).textContent ?? text;
  }

  /** True once the customer has had an answer to something they said. */
  get answered() {
    const { lines } = this.#chat.transcript;
    const first = lines.findIndex(({ author }) => author === "customer");
    return lines.some(({ author }, at) => first >= 0 && at > first && author !== "customer");
  }

  /** Says something of the chat itself in the bar below the header. @param {string} words */
  say(words) {
    this.#notice.dataset.state = "said";
    this.#notice.replaceChildren(words);
  }

  /** True while the newest line is before the customer's eyes. */
  get atEnd() {
    return this.#log.atEnd;
  }

  /** True where the panel covers the page: Tab goes round in it. */
  get modal() {
    return this.element.getAttribute("aria-modal") === "true";
  }

  set modal(modal) {
    this.element.setAttribute("aria-modal", String(modal));
  }

  open(focus) {
    this.element.hidden = false;
    this.update();
    this.#log.toEnd();
    if (focus) this.composer.focus();
    this.#more.now?.opened();
  }

  close() {
    this.element.hidden = true;
    this.element.dispatchEvent(new Event("close"));
    this.element.querySelector(".menu")?.dispatchEvent(new Event("close"));
    this.#lines.now?.question.closed();
    this.#more.now?.closed();
  }

  /** A part that comes with a style, its words, and a module that gives what makes it. */
  #later(style, words, load) {
    const get = async () => {
      const looks = [wear("lines.css"), wear(`${style}.css`)];
      const [make] = await Promise.all([load(), this.#strings.load(words), ...looks]);
      return make();
    };
    return new Later(get, () => this.update());
  }

  /** Asks for what an item needs to be drawn, as long as it isn't there. */
  #missing({ author, text, cards = [], state }) {
    const forms = cards.some(({ type }) => FORMS.includes(type));
    const others = cards.some(({ type }) => !FORMS.includes(type));
    const marks = text && author !== "customer" && MARKS.test(text);
    const parts = [(others || marks || state === "refused") && this.#lines, forms && this.#person];
    const missing = parts.filter((part) => part && !part.now);
    for (const part of missing) part.get();
    return missing;
  }

  /** Draws the chat as it is now. */
  update() {
    const { transcript, outgoing, state, connection, ready } = this.#chat;
    const { owner, agent } = state;
    const face = owner === "agent" ? initials(agent ?? "") : "";
    if (this.#badge.dataset.face !== face) this.#badge.replaceChildren(face || icon("leaf"));
    this.#badge.dataset.face = face;
    set(this.#title, owner === "agent" && agent ? agent : this.title);
    set(this.#status, this.#strings.t(`widget.owner.${owner}`));
    this.element.dataset.owner = owner;
    this.element.dataset.connection = connection;
    const all = display(transcript, outgoing.entries);
    // What can't be drawn as it should waits for that, but where that can't be had it goes without.
    const items = all.filter((item) => {
      const missing = this.#missing(item);
      item.missing = missing.length;
      return item.state || missing.every(({ failed }) => failed);
    });
    const online = connection === "online";
    const whole = items.length === all.length;
    const working = !whole || (state.working && online && owner === "bot");
    const typing = state.agent_typing && online && owner === "agent" ? agent : null;
    if (state.waiting || owner === "agent" || someLost()) this.#person.get();
    if (!this.element.hidden && this.#chat.signedIn) this.#more.get();
    this.#log.update(items, { working, typing, ready: ready && whole });
    this.#person.now?.update(state);
    this.#more.now?.update();
    this.#showLatest();
    this.#tell(all.length === 0);
    if (this.answered && !this.element.hidden && !this.#lines.now) {
      this.#asking ||= setTimeout(() => {
        this.#asking = 0;
        this.#lines.get();
      }, CALM);
    }
    this.#lines.now?.question.update();
  }

  #showLatest() {
    this.#latest.hidden = this.#log.atEnd;
  }

  /** The state of the connection, where it matters; a short hitch does not. */
  #tell(empty) {
    const { connection, until } = this.#chat;
    const trouble = TROUBLE.includes(connection);
    const count = Math.ceil((until - Date.now()) / 1000);
    const limited = count > 0 && connection !== "offline";
    let now = limited ? "limited" : trouble ? connection : empty ? "starting" : "";
    // Connected again; the word on it goes by itself.
    if (!now && [...TROUBLE, "online"].includes(this.#notice.dataset.state)) now = "online";
    const told = limited ? until : now;
    if (told === this.#told) return;
    this.#told = told;
    clearTimeout(this.#noticeTimer);
    const wait = now === "reconnecting" ? HITCH : 0;
    this.#noticeTimer = setTimeout(() => this.#write(now, count), wait);
  }

  #write(state, count) {
    const words = state ? this.#strings.t(`widget.connection.${state}`, { count }) : "";
    this.#notice.dataset.state = state;
    this.#notice.replaceChildren(words);
    if (state === "limited") this.#noticeTimer = setTimeout(() => this.update(), count * 1000);
    if (state === "online") this.#noticeTimer = setTimeout(() => this.#write("", 0), HEARD);
    if (state === "closed") {
      const again = { type: "button", on: { click: () => this.#chat.open() } };
      this.#notice.append(h("button", again, this.#strings.t("widget.retry")));
    }
  }

  /** What a card shows may stand on this very page: then there is no need for a new one. */
  #visit(event, url, onClose) {
    const { origin, pathname, hash } = new URL(url);
    const place = hash && document.getElementById(decodeURIComponent(hash.slice(1)));
    if (!place || origin !== location.origin || pathname !== location.pathname) return;
    event.preventDefault();
    if (this.modal) onClose();
    location.hash = hash;
  }

  #edit({ key, body }) {
    const draft = this.composer.text;
    this.composer.text = draft.trim() === "" ? body.text : `${body.text}\n${draft}`;
    this.#chat.outgoing.forget(key);
    this.composer.focus();
  }

  #key(event, onClose) {
    if (event.key === "Escape" && !event.isComposing) {
      event.stopPropagation();
      onClose();
    } else if (event.key === "Tab" && this.modal) {
      this.#keepFocus(event);
    }
  }

  #keepFocus(event) {
    const stops = [...this.element.querySelectorAll("button, input, textarea, a[href], [tabindex='0']")]
      .filter((element) => !element.disabled && element.offsetParent !== null);
    const from = event.shiftKey ? stops.at(0) : stops.at(-1);
    if (this.element.getRootNode().activeElement !== from) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops.at(0)).focus();
  }
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Whether a page of this tab was left before its files were sent. */
function someLost() {
  try {
    return sessionStorage.getItem(FILES) !== null;
  } catch {
    return false; // storage is refused: nothing was kept
  }
}
