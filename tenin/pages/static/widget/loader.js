/**
 * `/widget.js`: the one line of a shop's page (docs/widget.md). It adds `<tenin-chat>` with the
 * script's `data-…` as attributes, and the element's interface: what the chat is made of
 * comes when the page has loaded and is idle, when its visitor first does something, or when the
 * page opens the chat. Until the visitor opens it nothing is stored, and nothing is asked for
 * but static files.
 */

const WIDGET = new URL("static/joined/widget/widget.js", import.meta.url).href;
const OPTIONS = ["language", "heading", "customer", "position", "colour", "launcher", "page", "visitors"];
const SIGNS = ["pointerdown", "keydown", "touchstart", "scroll"]; // of somebody there
const LATEST = 4000; // milliseconds to wait for idle time
const LONGEST = 60_000; // milliseconds between two tries to load

class TeninChat extends HTMLElement {
  static observedAttributes = OPTIONS;

  #loading = null;
  #widget = null;

  connectedCallback() {
    if (this.shadowRoot) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(":host { position: fixed !important }"); // takes no place on the page
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    whenIdle(() => this.#load());
  }

  attributeChangedCallback(name) {
    this.#widget?.changed(name);
  }

  /** True while the chat is open. */
  get opened() {
    return Boolean(this.#widget?.open);
  }

  /** Opens the chat. @returns {Promise<void>} when it is open */
  async open() {
    await this.#load();
    this.#widget.show();
  }

  /** Closes it; the conversation goes on. */
  close() {
    if (this.opened) this.#widget.hide();
  }

  /** Somebody is signed in on the page. @param {string} token the shop's, "" for nobody */
  identify(token) {
    this.setAttribute("customer", token ?? "");
  }

  /** As identify(). */
  signIn(token) {
    this.identify(token);
  }

  /** Nobody is signed in on the page any more. */
  signOut() {
    this.identify("");
  }

  /** What the visitor looks at. @param {object} details as in docs/widget.md */
  page(details) {
    this.setAttribute("page", JSON.stringify(details ?? {}));
  }

  /** The visitor agreed that pages are told, and to be invited; or agrees no longer. */
  visitors(agreed) {
    this.setAttribute("visitors", agreed ? "agreed" : "refused");
  }

  #load() {
    return (this.#loading ??= this.#start());
  }

  async #start() {
    const { Widget } = await insist(() => import(WIDGET));
    const widget = new Widget(this);
    await widget.start();
    this.#widget = widget;
    widget.tell("ready");
  }
}

/** Does it once the page can spare the time, or at once when somebody is there. */
function whenIdle(work) {
  const now = () => {
    for (const sign of SIGNS) removeEventListener(sign, now, true);
    work();
  };
  for (const sign of SIGNS) addEventListener(sign, now, { capture: true, passive: true });
  const idle = () => {
    if (window.requestIdleCallback) requestIdleCallback(now, { timeout: LATEST });
    else setTimeout(now, LATEST / 10); // Safari
  };
  if (document.readyState === "complete") idle();
  else addEventListener("load", idle, { once: true });
}

async function insist(work) {
  for (let wait = 1000; ; wait = Math.min(2 * wait, LONGEST)) {
    try {
      return await work();
    } catch (error) {
      console.warn("tenin:", error);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

if (!customElements.get("tenin-chat")) customElements.define("tenin-chat", TeninChat);

/** The page's chat; a page's own module may import it. */
const chat = document.querySelector("tenin-chat") ?? document.createElement("tenin-chat");
const script = [...document.scripts].find(({ src }) => src === import.meta.url);
for (const name of OPTIONS) {
  const value = script?.dataset[name];
  if (value !== undefined && !chat.hasAttribute(name)) chat.setAttribute(name, value);
}
const add = () => chat.isConnected || document.body.append(chat);
if (document.body) add();
else document.addEventListener("DOMContentLoaded", add);

export default chat;
