/**
 * Messages on their way to the server: in order, one at a time, each with its
 * idempotency key, kept on the device until the server has answered, so that
 * neither a lost connection nor a reload loses or doubles one. Tabs share the queue, and
 * one of them sends.
 *
 * An entry is `{key, body, text, at, state, error, line}`. `state`: "waiting", "sending",
 * "retrying", "sent" (accepted; `line` is its line's id) or "refused" (`error` says why).
 */

import { backoff } from "./backoff.js";
import { alone, uuid } from "./device.js";

const SEND_PATIENCE = 15_000;
const HELD_UP = 3000; // milliseconds after which a visible tab sends instead of another
const TOLD_TO_TABS = 200; // milliseconds in which storage tells all tabs that another has sent something
const PASSING = new Set([408, 425, 429]); // 4xx that time mends, like any 5xx

export class Outgoing {
  #options;
  #entries = [];
  #running = null; // this tab's turn at sending
  #stopped = true;
  #failures = 0;
  #attempt = null;
  #wake = null;

  /** When, by Date.now(), sending goes on after the server refused to take so much at once. */
  until = 0;

  /**
   * What an earlier page left unsent is taken up; nothing is sent before resume().
   *
   * @param {object} options
   * @param {import("./device.js").Store} options.store
   * @param {string} options.prefix the store's names for this queue
   * @param {(entry: object, signal: AbortSignal) => Promise<Response>} options.post
   * @param {() => void} [options.onChange] an entry was added, changed its state, or left
   * @param {() => void} [options.onUnknown] the server answered 401; sending stops until resume()
   * @param {number} [options.patience] milliseconds to wait for an answer
   * @param {object} [options.limits] of the back-off
   */
  constructor(options) {
    this.#options = { onChange() {}, onUnknown() {}, patience: SEND_PATIENCE, limits: {}, ...options };
    this.#entries = this.#stored();
    window.addEventListener("storage", ({ key }) => {
      if (key !== null && !key.startsWith(this.#options.prefix)) return;
      this.#share();
      setTimeout(() => this.#run(), TOLD_TO_TABS); // the tab it was written in goes first
    });
    window.addEventListener("online", () => this.#stopped || this.resume());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && !this.#stopped) this.resume();
    });
  }

  /** Entries in the order they are sent; sent ones stay until forget(). */
  get entries() {
    return this.#entries;
  }

  /**
   * Adds a message and starts sending.
   * @param {object} body what is posted
   * @param {string} [text] what is to be seen of it; empty: nothing
   * @param {{first?: boolean}} [place] first: before all that waits
   * @returns {object} the entry
   */
  add(body, text = "", { first = false } = {}) {
    const orders = this.#entries.map((entry) => entry.order);
    const order = first
      ? Math.min(Date.now(), ...orders) - 1
      : Math.max(Date.now(), ...orders.map((other) => other + 1));
    const entry = { key: uuid(), body, text, order, at: new Date().toISOString() };
    this.#options.store.set(this.#name(entry.key), JSON.stringify(entry));
    this.#entries.push({ ...entry, state: "waiting", error: null, line: null });
    this.#entries.sort((a, b) => a.order - b.order);
    this.#changed();
    this.#run();
    return this.#find(entry.key);
  }

  /** The server has the message: it came back by the stream, or the customer let go of it. */
  forget(key) {
    this.#options.store.remove(this.#name(key));
    const kept = this.#entries.filter((entry) => entry.key !== key);
    if (kept.length === this.#entries.length) return;
    this.#entries = kept;
    if (this.#attempt?.key === key) {
      this.#attempt.abort(); // the next need not wait for this answer, nor for another try
      this.#wake?.();
    }
    this.#changed();
  }

  /** Sends a refused message again, with the same key. */
  retry(key) {
    const entry = this.#find(key);
    if (entry?.state !== "refused") return;
    this.#options.store.set(this.#name(key), JSON.stringify(plain(entry)));
    this.#set(entry, { state: "waiting", error: null });
    this.#run();
  }

  /** Starts sending, or goes on at once: there is a session, or the network is back. */
  resume() {
    this.#stopped = false;
    if (Date.now() >= this.until) this.#wake?.();
    this.#run();
  }

  /** Sends nothing more until resume(); what is on its way comes to its end. */
  stop() {
    this.#stopped = true;
  }

  async #run() {
    if (this.#running) return;
    while (this.#next) {
      const turn = {};
      this.#running = turn;
      await alone(this.#options.prefix, () => this.#sendAll(turn), HELD_UP);
      this.#running = null;
      this.#wake?.(); // where another tab went ahead
    }
  }

  async #sendAll(turn) {
    this.#share();
    if (this.#next?.foreign) {
      await this.#pause(TOLD_TO_TABS);
      this.#share();
    }
    while (this.#next && this.#running === turn) await this.#send(this.#next);
  }

  get #next() {
    if (this.#stopped) return null;
    return this.#entries.find(({ state }) => state !== "sent" && state !== "refused");
  }

  /** One try. Leaves the entry sent, refused, gone, or to be tried again. */
  async #send(entry) {
    if (entry.state === "waiting") this.#set(entry, { state: "sending" });
    const attempt = new AbortController();
    const timer = setTimeout(() => attempt.abort(), this.#options.patience);
    this.#attempt = { key: entry.key, abort: () => attempt.abort() };
    let response = null;
    let answer = null;
    try {
      response = await this.#options.post(entry, attempt.signal);
      answer = await response.json().catch(() => null);
    } catch {
      response = null; // no answer: the same key makes trying again safe
    }
    clearTimeout(timer);
    if (this.#find(entry.key) !== entry) return; // the stream was faster
    const status = response?.status ?? 0;
    if (response?.ok && answer) {
      this.#failures = 0;
      this.until = 0;
      this.#options.store.remove(this.#name(entry.key));
      this.#set(entry, { state: "sent", line: answer.line ?? null });
      if (entry.line === null) this.forget(entry.key);
    } else if (status === 401) {
      this.#set(entry, { state: "retrying" });
      this.stop();
      this.#options.onUnknown();
    } else if (status >= 400 && status < 500 && !PASSING.has(status)) {
      this.#failures = 0;
      if (entry.text === "") return this.forget(entry.key); // nothing of it to be seen
      const error = { status, code: "", message: "", ...answer?.error };
      this.#options.store.set(this.#name(entry.key), JSON.stringify({ ...plain(entry), error }));
      this.#set(entry, { state: "refused", error });
    } else {
      const wait = Math.max(after(response), backoff(this.#failures, this.#options.limits));
      if (status === 429) this.until = Date.now() + wait;
      this.#set(entry, { state: "retrying" });
      await this.#pause(wait);
      this.#failures += 1;
    }
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #stored() {
    const { store, prefix } = this.#options;
    const entries = [];
    for (const name of store.names(prefix)) {
      try {
        const entry = JSON.parse(store.get(name));
        if (entry.key && entry.body) {
          const { error = null } = entry;
          const state = error ? "refused" : "waiting";
          entries.push({ ...plain(entry), state, error, line: null, foreign: true });
        }
      } catch {
        store.remove(name); // not ours to read any more
      }
    }
    return entries.sort((a, b) => a.order - b.order);
  }

  /** Takes over what other tabs have added, sent, or had refused. */
  #share() {
    const kept = new Map(this.#stored().map((entry) => [entry.key, entry]));
    this.#entries = this.#entries.filter((entry) => {
      const { state, error } = kept.get(entry.key) ?? {};
      kept.delete(entry.key);
      if (!state && entry.state !== "sent") {
        if (entry.text === "" || entry.state === "refused") return false;
        entry.state = "sent"; // by another tab, and to be forgotten when its line comes
      } else if (state && (state === "refused") !== (entry.state === "refused")) {
        Object.assign(entry, { state, error, foreign: true });
      }
      return true;
    });
    this.#entries.push(...kept.values());
    this.#entries.sort((a, b) => a.order - b.order);
    this.#changed();
  }

  #name(key) {
    return `${this.#options.prefix}${key}`;
  }

  #find(key) {
    return this.#entries.find((entry) => entry.key === key);
  }

  #set(entry, changes) {
    Object.assign(entry, changes);
    this.#changed();
  }

  #changed() {
    this.#options.onChange();
  }
}

/** The part of an entry that is kept on the device. */
function plain({ key, body, text, order, at }) {
  return { key, body, text, order, at };
}

/** @returns {number} milliseconds the server asked to wait, at most a minute */
export function after(response) {
  const seconds = Number(response?.headers.get("Retry-After"));
  return seconds > 0 ? Math.min(seconds, 60) * 1000 : 0;
}
