/**
 * One customer's conversation, without a picture of it: the session, the stream
 * of lines, the messages on their way, what has been read. widget.js owns one and
 * draws what it holds whenever it says that something changed.
 */

import { backoff } from "../common/backoff.js";
import { Store } from "../common/device.js";
import { Outgoing } from "../common/outgoing.js";
import { Stream } from "../common/stream.js";
import * as server from "./server.js";
import { Transcript } from "./transcript.js";

const TOKEN = "tenin.session";
const LANGUAGE = "tenin.language";
const SEEN = "tenin.seen";
const CUSTOMER = "tenin.customer"; // kept while the session is a signed-in customer's
const OUTGOING = "tenin.outgoing.";
const QUIET = 300; // milliseconds before telling the server what has been shown

export class Chat {
  #store = new Store();
  #onChange;
  #wanted;
  #customer; // the shop's token; "" if nobody is signed in, null if the page doesn't say
  #introduced = null; // the one that the server has been given for this session
  #token;
  #stream = null;
  #opened = false;
  #starting = false;
  #renewed = false; // a refused session is replaced once, not in a circle
  #wake = null;
  #timer = 0;
  #shown = 0;

  transcript = new Transcript();
  outgoing;
  owner = "bot";
  agent = null;
  working = false;
  /** "idle", "connecting", "online", "reconnecting", "offline" or "failed". */
  connection = "idle";
  /** False until the stream has told the state once: the history is still coming in. */
  ready = false;

  /**
   * @param {object} options
   * @param {() => void} options.onChange something to be drawn has changed
   * @param {string} options.wanted the language a new session is asked for
   * @param {string|null} [options.customer] the shop's token for who is signed in on the page;
   *   "" says that nobody is, null that the page doesn't tell
   */
  constructor({ onChange, wanted, customer = null }) {
    this.#onChange = onChange;
    this.#wanted = wanted;
    this.#customer = customer;
    this.#token = this.#store.get(TOKEN);
    this.outgoing = new Outgoing({
      store: this.#store,
      prefix: OUTGOING,
      post: (entry, signal) => server.postMessage(this.#token, entry, signal),
      onChange,
      onUnknown: () => this.#unknown(this.#token),
    });
    window.addEventListener("storage", (event) => this.#elsewhere(event));
    window.addEventListener("online", () => this.#wake?.());
    if (this.#customer === "") this.signOut();
    if (this.#token) this.#connect();
  }

  /** The session's language, null before there was a session. */
  get language() {
    return this.#store.get(LANGUAGE);
  }

  /** The id of the last line the customer has seen, in any tab. */
  get seen() {
    return Number(this.#store.get(SEEN) ?? 0);
  }

  /** The customer opened the chat: from here on things may be asked and stored. */
  open() {
    this.#opened = true;
    if (this.connection === "failed") this.#renewed = false;
    if (!this.#token) this.#begin();
    else if (this.connection === "failed") this.#connect();
  }

  /**
   * Somebody has signed in on the page, or the shop has renewed its word.
   * @param {string} customer the shop's token
   */
  signIn(customer) {
    this.#customer = customer;
    if (this.#token && !this.#starting) this.#introduce();
  }

  /** Nobody is signed in on the page any more: what a customer said leaves the device. */
  signOut() {
    this.#customer = "";
    if (!this.#token || !this.#store.get(CUSTOMER)) return;
    server.postSignOut(this.#token).catch(() => {}); // the token, which this device forgets, ends
    this.#leave();
  }

  /** @param {string} text */
  say(text) {
    this.outgoing.add({ text }, text);
  }

  /** @param {{id: string, title: string}} button */
  choose({ id, title }) {
    this.outgoing.add({ button: id }, title);
  }

  /** All lines up to this one are before the customer's eyes. */
  shown(id) {
    if (id <= this.#shown || !this.#token) return;
    this.#shown = id;
    if (id > this.seen) this.#store.set(SEEN, String(id));
    this.#report();
  }

  #report(delay = QUIET) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const token = this.#token;
      try {
        const response = await server.postReceived(token, this.#shown);
        if (response.status === 401) this.#unknown(token);
        else if (response.status >= 500) this.#report(10_000);
      } catch {
        this.#report(10_000);
      }
    }, delay);
  }

  /** Gets a session, trying until there is one. */
  async #begin() {
    if (this.#starting) return;
    this.#starting = true;
    const opened = this.#greeting();
    this.#say("connecting");
    for (let failures = 0; !this.#token; failures += 1) {
      const fresh = await alone(() => this.#session());
      if (this.#token) {
        if (!fresh) this.outgoing.forget(opened.key); // another tab's session has been greeted
        this.#connect();
      } else {
        this.#say(navigator.onLine ? "reconnecting" : "offline");
        await this.#pause(backoff(failures));
      }
    }
    this.#starting = false;
  }

  /** The entry that says the chat was opened, before anything that was typed. */
  #greeting() {
    const event = "opened";
    const stored = this.outgoing.entries.find(({ body }) => body.event === event);
    return stored ?? this.outgoing.add({ event }, "", { first: true });
  }

  /** @returns {Promise<boolean>} true if the session is new, false if another tab's or none */
  async #session() {
    this.#token ??= this.#store.get(TOKEN);
    if (this.#token) return false;
    try {
      const customer = this.#customer || null;
      const signal = AbortSignal.timeout(15_000);
      const response = await server.createSession(this.#wanted, customer, signal);
      if (!response.ok) return false;
      const { token, language, signed_in: signedIn } = await response.json();
      this.#introduced = customer;
      this.#mark(signedIn);
      this.#store.set(LANGUAGE, language);
      this.#store.set(TOKEN, token);
      this.#token = token;
      return true;
    } catch {
      return false;
    }
  }

  #connect() {
    const token = this.#token;
    this.#stream?.stop();
    this.ready = false;
    this.#stream = new Stream({
      connect: (lastEventId, signal) => server.openStream(token, lastEventId, signal),
      onEvent: (event) => this.#take(event),
      onState: (state) => this.#connectionIs(state),
      onRefused: (status) => (status === 401 ? this.#unknown(token) : this.#say("failed")),
    });
    this.#say("connecting");
    if (this.#customer && this.#customer !== this.#introduced) this.#introduce(this.#stream);
    else this.#start(this.#stream);
  }

  #start(stream) {
    stream.start();
    this.outgoing.resume();
  }

  /**
   * Tells the server who is signed in on the page; a conversation of another customer's is left.
   * @param {Stream|null} [stream] to be started once it is known whose conversation it is
   */
  async #introduce(stream = null) {
    const token = this.#token;
    const customer = this.#customer;
    const current = () => token === this.#token && customer === this.#customer;
    const waits = () => token === this.#token && stream !== null && stream === this.#stream;
    for (let failures = 0; current(); failures += 1) {
      const answer = await this.#told(token, customer);
      if (!current()) break;
      if (answer === "unknown") return this.#unknown(token);
      if (answer === "other") return this.#leave();
      if (answer !== "again") {
        this.#introduced = customer;
        if (answer === "known") this.#mark(true);
        break;
      }
      this.#say(navigator.onLine ? "reconnecting" : "offline");
      await this.#pause(backoff(failures));
    }
    // Whoever signed in meanwhile is introduced by a call of its own, which has no stream.
    if (waits()) this.#start(stream);
  }

  /** @returns {Promise<"known"|"refused"|"unknown"|"other"|"again">} what the server made of it */
  async #told(token, customer) {
    try {
      const response = await server.postSignIn(token, customer, AbortSignal.timeout(15_000));
      if (response.ok) return "known";
      if (response.status === 409) return "other";
      if (response.status >= 500 || response.status === 429) return "again";
      const { error } = await response.json();
      return error.code === "no_session" ? "unknown" : "refused";
    } catch {
      return "again";
    }
  }

  #mark(signedIn) {
    if (signedIn) this.#store.set(CUSTOMER, "1");
    else this.#store.remove(CUSTOMER);
  }

  /** The conversation is one customer's, and another one, or nobody, is at the page now. */
  #leave() {
    this.#store.remove(CUSTOMER);
    this.#store.remove(TOKEN);
    this.#store.remove(SEEN);
    this.#forget();
    for (const { key } of [...this.outgoing.entries]) this.outgoing.forget(key);
    if (this.#opened) this.#begin();
    else this.#say("idle");
  }

  #connectionIs(state) {
    if (state === "refused") return;
    if (state === "online") this.#renewed = false;
    this.#say(state);
  }

  #take({ type, data }) {
    if (type === "line") {
      const line = JSON.parse(data);
      this.transcript.add(line);
      if (line.key) this.outgoing.forget(line.key);
    } else if (type === "state") {
      const { owner, agent, working } = JSON.parse(data);
      this.owner = owner;
      this.agent = agent?.name ?? agent ?? null;
      this.working = Boolean(working);
      this.ready = true;
    }
    this.#onChange();
  }

  /** The server does not know this session (any more). */
  #unknown(token) {
    if (token !== this.#token) return;
    if (this.#store.get(TOKEN) === token) {
      this.#store.remove(TOKEN);
      this.#store.remove(SEEN);
    }
    this.#forget();
    if (!this.#opened) this.#say("idle");
    else if (this.#renewed) this.#say("failed");
    else {
      this.#renewed = true;
      this.#begin();
    }
  }

  /** Another tab has got, or lost, the session, or has shown lines. */
  #elsewhere({ key, newValue }) {
    if (key === SEEN) this.#onChange();
    if (key === CUSTOMER && !newValue) this.#customer = null; // what this page says is out of date
    if (key !== TOKEN || newValue === this.#token) return;
    if (this.#starting) {
      this.#wake?.(); // begin() finds what there is
      return;
    }
    if (this.#token) this.#forget();
    this.#token = newValue;
    if (newValue) this.#connect();
    else if (this.#opened) this.#begin();
    else this.#say("idle");
  }

  /** What belonged to the session goes; what the customer wrote and is unsent stays. */
  #forget() {
    this.#token = null;
    this.#introduced = null;
    this.#stream?.stop();
    this.#stream = null;
    clearTimeout(this.#timer);
    this.#shown = 0;
    this.transcript.clear();
    this.working = false;
    this.owner = "bot";
    this.agent = null;
    this.outgoing.stop();
    for (const { key, body, state } of this.outgoing.entries) {
      if (!body.text || state === "sent") this.outgoing.forget(key);
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

  #say(connection) {
    this.connection = connection;
    this.#onChange();
  }
}

/** Runs it while no other tab does, where the browser can tell. */
function alone(work) {
  return navigator.locks ? navigator.locks.request(TOKEN, work) : work();
}
