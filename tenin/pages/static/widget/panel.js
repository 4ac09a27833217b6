/** The open chat: header, state of the connection, log and composer. Drawn by widget.js. */

import { Composer } from "../common/composer.js";
import { h, icon } from "../common/dom.js";
import { Log } from "./log.js";
import { display } from "./transcript.js";

const MOUSE = window.matchMedia("(hover: hover) and (pointer: fine)");
const HITCH = 800; // milliseconds a reconnection may take before it is worth a word

export class Panel {
  #strings;
  #chat;
  #log;
  #badge = h("span", { class: "badge" });
  #title;
  #status;
  #notice;
  #latest;
  #noticeTimer = 0;
  #told = "";

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./chat.js").Chat} chat
   * @param {{title: string|null, onClose: () => void, onScroll: () => void}} options
   */
  constructor(strings, chat, { title, onClose, onScroll }) {
    this.#strings = strings;
    this.#chat = chat;
    this.title = title ?? strings.t("widget.title");
    this.#log = new Log(strings, {
      onChoose: (button) => {
        chat.choose(button);
        if (MOUSE.matches) this.composer.focus(); // by touch it would bring up the keyboard
      },
      onVisit: (event, url) => this.#visit(event, url, onClose),
      onRetry: ({ key }) => chat.outgoing.retry(key),
      onDismiss: ({ key }) => chat.outgoing.forget(key),
      onEdit: (entry) => this.#edit(entry),
      onScroll: () => {
        this.#showLatest();
        onScroll();
      },
    });
    this.composer = new Composer(strings, {
      placeholder: strings.t("widget.placeholder"),
      onSend: (text) => chat.say(text),
    });
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
      h("div", { class: "middle" }, this.#log.element, this.#latest),
      this.composer.element,
    );
  }

  #header(onClose) {
    const close = { type: "button", class: "close", "aria-label": this.#strings.t("widget.close") };
    return h(
      "header",
      {},
      this.#badge,
      h("div", { class: "who" }, this.#title, this.#status),
      h("button", { ...close, on: { click: onClose } }, icon("close")),
    );
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

  open() {
    this.element.hidden = false;
    this.update();
    this.#log.toEnd();
    this.composer.focus();
  }

  close() {
    this.element.hidden = true;
  }

  /** Draws the chat as it is now. */
  update() {
    const { transcript, outgoing, owner, agent, connection, working, ready } = this.#chat;
    const face = owner === "agent" ? "person" : "leaf";
    if (this.#badge.dataset.face !== face) this.#badge.replaceChildren(icon(face));
    this.#badge.dataset.face = face;
    set(this.#title, owner === "agent" && agent ? agent : this.title);
    set(this.#status, this.#strings.t(`widget.owner.${owner}`));
    this.element.dataset.owner = owner;
    this.element.dataset.connection = connection;
    const items = display(transcript, outgoing.entries);
    const busy = working && connection === "online" && owner === "bot";
    this.#log.update(items, { working: busy, ready });
    this.#showLatest();
    this.#tell(items.length === 0);
  }

  #showLatest() {
    this.#latest.hidden = this.#log.atEnd;
  }

  /** The state of the connection, where it matters; a short hitch does not. */
  #tell(empty) {
    const { connection } = this.#chat;
    const trouble = ["reconnecting", "offline", "failed"].includes(connection);
    const now = trouble ? connection : empty ? "starting" : "";
    if (now === this.#told) return;
    this.#told = now;
    clearTimeout(this.#noticeTimer);
    const wait = now === "reconnecting" ? HITCH : 0;
    this.#noticeTimer = setTimeout(() => this.#write(now), wait);
  }

  #write(state) {
    const words = state ? this.#strings.t(`widget.connection.${state}`) : "";
    this.#notice.dataset.state = state;
    this.#notice.replaceChildren(words);
    if (state === "failed") {
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
    const stops = [...this.element.querySelectorAll("button, textarea, a[href], [tabindex='0']")]
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
