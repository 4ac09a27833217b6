/**
 * `<tenin-chat>`: the chat in the corner of a page, in a shadow root.
 *
 * `<script type="module" src="…/static/widget/widget.js" data-tenin></script>` adds one.
 * Attributes of the script (or of the element, without `data-`): `data-language`, the page's
 * language, where the browser's should not decide; `data-heading`, what stands at its head;
 * `data-customer`, the shop's signed token for who is signed in, empty if nobody is.
 * A page that isn't made anew at signing in calls `signIn(token)` and `signOut()` of the element.
 *
 * Before the customer opens it for the first time nothing is stored and nothing is
 * asked of the server but static files.
 */

import { backoff } from "../common/backoff.js";
import { h, icon } from "../common/dom.js";
import { loadStrings } from "../common/strings.js";
import { Chat } from "./chat.js";
import { Panel } from "./panel.js";

const STYLE = new URL("widget.css", import.meta.url);
const PHONE = window.matchMedia("(max-width: 479px)");

class TeninChat extends HTMLElement {
  #chat = null;
  #panel = null;
  #launcher = null;
  #badge = null;
  #strings = null;
  #spoken = null; // the session's language last looked for
  #drawing = false;
  #pageOverflow = null;

  /** True while the panel is open. */
  get open() {
    return Boolean(this.#panel && !this.#panel.element.hidden);
  }

  async connectedCallback() {
    if (this.#chat) return;
    const root = this.attachShadow({ mode: "open" });
    const language = this.getAttribute("language");
    this.#chat = new Chat({
      wanted: language ?? navigator.language,
      customer: this.getAttribute("customer"),
      onChange: () => this.#changed(),
    });
    const wanted = [this.#chat.language, language, ...navigator.languages].filter(Boolean);
    const [sheet, strings] = await insist(() => Promise.all([loadSheet(), loadStrings(wanted)]));
    root.adoptedStyleSheets = [sheet];
    this.#build(strings);
    document.addEventListener("visibilitychange", () => this.#read());
    PHONE.addEventListener("change", () => this.#fit());
    window.visualViewport?.addEventListener("resize", () => this.#fit());
  }

  /** Somebody signed in on the page. @param {string} token the shop's, as in `data-customer` */
  signIn(token) {
    this.#chat?.signIn(token);
  }

  /** Nobody is signed in on the page any more. */
  signOut() {
    this.#chat?.signOut();
  }

  #build(strings) {
    const open = this.open;
    const draft = this.#panel?.composer.text ?? "";
    this.#strings = strings;
    this.#badge = h("span", { class: "unread", hidden: true });
    this.#launcher = h(
      "button",
      { type: "button", class: "launcher", on: { click: () => this.show() } },
      icon("bubble"),
      this.#badge,
    );
    this.#panel = new Panel(strings, this.#chat, {
      title: this.getAttribute("heading"),
      onClose: () => this.hide(),
      onScroll: () => this.#read(),
    });
    this.#panel.composer.text = draft;
    this.shadowRoot.replaceChildren(this.#launcher, this.#panel.element);
    if (open) this.show();
    this.#draw();
  }

  /** Opens the panel. */
  show() {
    this.#launcher.hidden = true;
    this.#panel.open();
    this.#fit();
    this.#chat.open();
    this.#read();
  }

  /** Closes the panel; the conversation goes on. */
  hide() {
    this.#panel.close();
    this.#launcher.hidden = false;
    this.#launcher.focus();
    this.#fit();
    this.#draw();
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
    if (this.open) this.#panel.update();
    this.#read();
    const count = this.#chat.transcript.unread(this.#chat.seen);
    this.#badge.hidden = count === 0;
    this.#badge.textContent = count > 99 ? "99+" : String(count);
    const label = count > 0 ? "widget.open_unread" : "widget.open";
    this.#launcher.setAttribute("aria-label", this.#strings.t(label, { count }));
  }

  /** The session may have another language than the page: its wording comes along. */
  async #speak(language) {
    this.#spoken = language;
    if (!language || language === this.#strings.language) return;
    const strings = await insist(() => loadStrings([language]));
    if (strings.language !== this.#strings.language) this.#build(strings);
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

async function loadSheet() {
  const sheet = new CSSStyleSheet();
  const response = await fetch(STYLE);
  if (!response.ok) throw new Error(`widget.css: ${response.status}`);
  return sheet.replace(await response.text());
}

if (!customElements.get("tenin-chat")) customElements.define("tenin-chat", TeninChat);

const script = document.querySelector("script[data-tenin]");
if (script && !document.querySelector("tenin-chat")) {
  const { language, heading, customer } = script.dataset;
  const add = () => document.body.append(h("tenin-chat", { language, heading, customer }));
  if (document.body) add();
  else document.addEventListener("DOMContentLoaded", add);
}
