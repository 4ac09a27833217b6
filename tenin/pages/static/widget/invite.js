/**
 * Invites a visitor who agreed to be known to this page (docs/widget.md): tells the server what is
 * looked at, judges the rules' conditions, asks whether it may, and shows one bubble beside the
 * launcher. Never while somebody types on the page, and never over an open chat.
 */

import { Store, uuid, wantsPrivacy } from "../common/device.js";
import { h, icon } from "../common/dom.js";
import { holds } from "./invite_rules.js";
import { changes, current } from "./page.js";
import { post } from "./server.js";
import { wear } from "./sheets.js";
import { FORGET } from "./stored.js";

const VISITOR = "tenin.visitor"; // the id; kept once the visitor has agreed
const SEEN = "tenin.visitor.seen"; // products of this visit, and when it was last alive
const STILL = 15_000; // milliseconds between two words that the page is still looked at
const TICK = 1000;
const VISIT = 30 * 60_000; // without a page; as on the server
const MOVES = ["pointermove", "pointerdown", "keydown", "scroll", "touchstart"];

let inviter = null;
let byPage = null; // what the page says: whether the visitor agreed, null for nothing
let inChat = false; // whether they agreed in the chat that pages are told
let turn = Promise.resolve(); // one change after the other

/**
 * The page says whether the visitor agreed to be known to it, or no longer says anything.
 * @param {import("./widget.js").Widget} widget
 * @param {boolean|null} agreed goes before what was said in the chat; where the browser asks for
 *   privacy, all of it counts as no
 */
export function visitors(widget, agreed) {
  byPage = agreed;
  settle(widget);
}

/** The customer agreed in the chat that pages are told, or agrees no longer; as visitors(). */
export function visitorsInChat(widget, agreed) {
  inChat = agreed;
  settle(widget);
}

function settle(widget) {
  turn = turn.then(() => change(widget)).catch((error) => console.warn("tenin:", error));
}

/** The server forgets whom it has to, or is told again when it can be reached, or by the next page. */
async function forgetGone() {
  const store = new Store();
  const visitor = store.get(FORGET);
  if (!visitor) return;
  const response = await post("chat/visits/forget", null, { visitor }, { keepalive: true }).catch(() => null);
  if (response?.ok) store.remove(FORGET);
  else window.addEventListener("online", forgetGone, { once: true });
}

async function change(widget) {
  const agreed = (byPage ?? inChat) && !wantsPrivacy();
  if (!agreed) {
    const last = inviter ?? new Inviter(widget);
    inviter = null;
    last.stop();
    last.forget();
    await last.told(); // what is on its way must not make the visitor known again
  } else if (!inviter) {
    await Promise.all([widget.strings.load(["invite"]), wear("invite.css")]);
    inviter = new Inviter(widget);
    inviter.start();
  }
  await forgetGone();
}

class Inviter {
  #store = new Store();
  #widget;
  #rules = [];
  #perPage = 0;
  #shown = 0; // on this page
  #asked = new Set(); // names of rules that were asked for on this page
  #url = "";
  #seconds = 0;
  #movedAt = performance.now();
  #returning = false;
  #ordered; // what was told last
  #bubble = null;
  #busy = false;
  #told = Promise.resolve(); // one word to the server after the other
  #asking = null; // whether a rule's invitation may be shown
  #life = new AbortController();

  constructor(widget) {
    this.#widget = widget;
  }

  /** The visitor has agreed: begins, until stop(). */
  start() {
    const { signal } = this.#life;
    const known = this.#store.get(VISITOR) !== null;
    if (!known) this.#store.set(VISITOR, uuid());
    const { at = 0 } = this.#visit();
    this.#returning = known && Date.now() - at > VISIT;
    for (const move of MOVES) {
      const moved = () => (this.#movedAt = performance.now());
      window.addEventListener(move, moved, { signal, passive: true, capture: true });
    }
    changes.addEventListener("change", () => this.#look(), { signal });
    window.addEventListener("popstate", () => this.#look(), { signal });
    const timers = [setInterval(() => this.#tick(), TICK), setInterval(() => this.#tell(), STILL)];
    signal.addEventListener("abort", () => timers.forEach(clearInterval));
    this.#widget.chat.guest = { visitor: this.visitor };
    this.#look();
  }

  /** Invites nobody any more. */
  stop() {
    this.#life.abort();
    this.#close();
    this.#widget.chat.guest = null;
  }

  /** What is known of the visitor goes here, and is to go on the server. */
  forget() {
    if (this.visitor) this.#store.set(FORGET, this.visitor);
    this.#store.remove(VISITOR);
    this.#store.remove(SEEN);
  }

  /** All that was told of the visitor has been answered, or can't be. */
  async told() {
    await Promise.all([this.#told, this.#asking]);
  }

  /** The id by which the server knows this browser. */
  get visitor() {
    return this.#store.get(VISITOR);
  }

  /** Another page, or another thing on it. */
  #look() {
    const { url, sku } = current();
    if (url !== this.#url) {
      this.#url = url;
      this.#seconds = this.#shown = 0;
      this.#asked.clear();
      this.#close();
    }
    if (sku) {
      const { products = [] } = this.#visit();
      this.#remember([...products.filter((each) => each !== sku), sku].slice(-30));
    }
    this.#tell();
  }

  #visit() {
    try {
      return JSON.parse(this.#store.get(SEEN) ?? "{}");
    } catch {
      return {};
    }
  }

  #remember(products) {
    this.#store.set(SEEN, JSON.stringify({ at: Date.now(), products }));
  }

  #tell() {
    this.#told = this.#told.then(() => this.#tellNow()).catch((error) => console.warn("tenin:", error));
  }

  async #tellNow() {
    if (document.visibilityState !== "visible" || this.#life.signal.aborted) return;
    const { at = 0, products = [] } = this.#visit();
    this.#remember(Date.now() - at > VISIT ? [] : products);
    const { kind, title, url, sku, cart, ordered } = current();
    const page = { kind, title, path: new URL(url).pathname, sku, cart };
    const body = { visitor: this.visitor, language: this.#widget.strings.language, page };
    const once = ordered && ordered !== this.#ordered ? { ordered } : {};
    this.#ordered = ordered;
    const answer = await this.#post("chat/visits", { ...body, ...once }, true);
    if (!answer) return;
    this.#rules = answer.rules;
    this.#perPage = answer.per_page;
    if (answer.by_hand && !this.#widget.open) await this.#show(answer.by_hand.id, answer.by_hand);
  }

  #tick() {
    if (document.visibilityState !== "visible") return;
    this.#seconds += TICK / 1000;
    if (this.#busy || this.#bubble?.isConnected || this.#widget.open || this.#shown >= this.#perPage) return;
    if (isTyping()) return;
    const now = this.#now();
    const rule = this.#rules.find(({ name, when }) => !this.#asked.has(name) && holds(when, now));
    if (rule) this.#asking = this.#ask(rule);
  }

  #now() {
    const { kind, url, sku, cart } = current();
    const { scrollHeight, clientHeight } = document.documentElement;
    const room = scrollHeight - clientHeight;
    return {
      kind,
      path: new URL(url).pathname,
      seconds: this.#seconds,
      idle: (performance.now() - this.#movedAt) / 1000,
      scroll: room > 0 ? Math.round((100 * window.scrollY) / room) : 100,
      returning: this.#returning,
      seen: (this.#visit().products ?? []).length,
      sku,
      cart,
    };
  }

  async #ask({ name, text }) {
    this.#busy = true;
    this.#asked.add(name);
    await this.#told; // what it is counted for is the page that the server heard of last
    if (this.#life.signal.aborted) return;
    const answer = await this.#post("chat/invitations", { visitor: this.visitor, invitation: name });
    this.#busy = false;
    if (!answer) setTimeout(() => this.#asked.delete(name), STILL); // nobody heard it: ask again
    if (!answer?.show || this.#widget.open) return;
    this.#shown += 1;
    await this.#show(answer.show, { text });
  }

  async #show(invitation, { text, agent = null }) {
    this.#close();
    await this.#widget.strings.load(["invite"]); // of a language that is spoken by now
    if (this.#life.signal.aborted || this.#widget.open) return;
    const t = (key, values) => this.#widget.strings.t(key, values);
    const done = (what) => {
      this.#close();
      what();
    };
    const visitor = this.visitor;
    const accept = () => this.#accept(invitation);
    const dismiss = () => {
      this.#post(`chat/invitations/${invitation}`, { visitor, answer: "dismissed" });
      this.#widget.host.shadowRoot.querySelector(".launcher")?.focus({ preventScroll: true });
    };
    const close = { type: "button", class: "close", "aria-label": t("invite.dismiss") };
    this.#bubble = h(
      "div",
      {
        class: "invitation",
        role: "status",
        lang: this.#widget.strings.language,
        on: { keydown: (event) => event.key === "Escape" && done(dismiss) },
      },
      h("button", { ...close, on: { click: () => done(dismiss) } }, icon("close")),
      agent ? h("b", {}, agent) : null,
      h("p", {}, text ?? t("invite.product", { title: current().title })),
      h("button", { type: "button", class: "accept", on: { click: () => done(accept) } }, t("invite.accept")),
    );
    this.#widget.host.shadowRoot.append(this.#bubble);
  }

  /** In the chat that there is already, or as the beginning of one. */
  async #accept(invitation) {
    const { chat } = this.#widget;
    const visitor = this.visitor;
    chat.guest = { visitor, invitation };
    if (chat.session) await this.#post(`chat/invitations/${invitation}`, { visitor, answer: "accepted" }, true);
    this.#widget.show();
  }

  #close() {
    this.#bubble?.remove();
    this.#bubble = null;
  }

  /**
   * @param {boolean} [chatting] whose chat it is belongs to it, if they have one
   * @returns {Promise<object|null>} null where there was no answer, or a refusal
   */
  async #post(path, what, chatting = false) {
    const { chat } = this.#widget;
    const send = (token) => post(path, token, what, { keepalive: true });
    try {
      const response = await (chatting && chat.session ? chat.ask(send) : send(null));
      return response?.ok && response.status !== 204 ? await response.json() : null;
    } catch {
      return null;
    }
  }
}

/** Whether the focus is where one writes, on the page or in a form of a chat. */
function isTyping() {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return Boolean(focused?.matches("input:not([type=button], [type=submit], [type=checkbox], [type=radio]), textarea, select") || focused?.isContentEditable);
}
