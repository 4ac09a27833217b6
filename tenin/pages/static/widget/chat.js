/**
 * One customer's conversation, without a picture of it: the session, the stream
 * of lines, the messages on their way, what has been read. widget.js owns one and
 * draws what it holds whenever it says that something changed.
 */

import { backoff } from "../common/backoff.js";
import { Store, alone } from "../common/device.js";
import { Outgoing, after } from "../common/outgoing.js";
import { SharedStream } from "../common/shared_stream.js";
import { Receipts } from "./receipts.js";
import { createSession, openStream, post } from "./server.js";
import { CHOSEN, CONTINUED, CUSTOMER, LANGUAGE, OUTGOING, PAGES, SEEN, TOKEN } from "./stored.js";
import { Transcript } from "./transcript.js";

const SETTLED = 300; // milliseconds
const PATIENCE = 15_000; // milliseconds for an answer
const BEGINNING = { owner: "bot", agent: null, working: false, agent_typing: false };
const STATE = Object.freeze({ ...BEGINNING, waiting: null, ratings: {}, contact: null });

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
  #until = 0; // as of outgoing, for a session
  #posted = null; // the token that a message went out with last
  #lost = false; // there was a session, which other tabs replace as well
  #greeted = false; // the new session's first lines are there already
  #receipts = new Receipts((line) =>
    this.ask((token) => post("chat/received", token, { line }, { keepalive: true })),
  );

  transcript = new Transcript();
  outgoing;
  /** As the stream tells it: who serves or is waited for, and what was sent by forms. */
  state = STATE;
  /** Who begins the next session: a visitor who agreed to be known, and what they accepted. */
  guest = null;
  /** What stands in forms that aren't sent yet, by their names. */
  drafts = new Map();
  /** "idle", "connecting", "online", "reconnecting", "offline" or "closed". */
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
    this.#wanted = this.#store.get(CHOSEN) ?? wanted;
    this.#customer = customer;
    this.#token = this.#store.get(TOKEN);
    this.outgoing = new Outgoing({
      store: this.#store,
      prefix: OUTGOING,
      post: ({ key, body }, signal) =>
        post("chat/messages", (this.#posted = this.#token), body, { key, signal }),
      onChange,
      onUnknown: () => this.#unposted(),
    });
    window.addEventListener("storage", (event) => this.#elsewhere(event));
    window.addEventListener("online", () => this.#wake?.());
    if (this.#customer === "") this.signOut();
    if (this.#token) this.#connect();
  }

  /** When, by Date.now(), the server will take more; in the past: now. */
  get until() {
    return Math.max(this.#until, this.outgoing.until);
  }

  /** The session's language, null before there was a session. */
  get language() {
    return this.#store.get(LANGUAGE);
  }

  /** Tells one session from another; null without one. */
  get session() {
    return this.#token?.slice(0, 8) ?? null;
  }

  /** True while the session is a signed-in customer's, as far as this device knows. */
  get signedIn() {
    return this.#store.get(CUSTOMER) !== null;
  }

  /** Whether the customer agreed, in this session, that pages seen are told. */
  get tells() {
    return this.#token !== null && this.#store.get(PAGES) === this.session;
  }

  set tells(agreed) {
    if (agreed) this.#store.set(PAGES, this.session);
    else this.#store.remove(PAGES);
    this.#follow();
    this.#onChange();
  }

  /**
   * Tells the server whether pages seen may be told.
   * @param {boolean} agreed
   * @returns {Promise<boolean>} whether it knows that now
   */
  async allow(agreed) {
    const { session } = this;
    const answer = await this.ask((token, signal) =>
      post("chat/pages/consent", token, { agreed }, { signal, keepalive: true }),
    );
    const known = Boolean(answer?.ok) && session === this.session;
    if (known) this.tells = agreed;
    return known;
  }

  /** All that was said has been erased: nothing of it stays on the device either. */
  erased() {
    this.#leave();
  }

  /** The id of the last line the customer has seen, in any tab. */
  get seen() {
    return Number(this.#store.get(SEEN) ?? 0);
  }

  /** The customer opened the chat: from here on things may be asked and stored. */
  open() {
    this.#opened = true;
    if (this.connection === "closed") this.#renewed = false;
    if (!this.#token) this.#begin();
    else if (this.connection === "closed") this.#connect();
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
    // The token, which this device forgets, ends.
    post("chat/sign-out", this.#token, null, { keepalive: true }).catch(() => {});
    this.#leave();
  }

  /** The customer has chosen a language: the page speaks it at once, the server from then on. */
  async speak(language) {
    this.#wanted = language;
    this.#store.set(CHOSEN, language);
    this.#store.set(LANGUAGE, language);
    this.#onChange();
    for (let failures = 0; this.#token && this.language === language; failures += 1) {
      const answer = await this.ask((token, signal) => post("chat/language", token, { language }, { signal }));
      const status = answer?.status ?? 0;
      if (status && status < 500 && status !== 429) return;
      await new Promise((resolve) => setTimeout(resolve, backoff(failures)));
    }
  }

  /** @param {string} text */
  say(text) {
    this.outgoing.add({ text }, text);
  }

  /** @param {{id: string, title: string}} button */
  choose({ id, title }) {
    this.outgoing.add({ button: id }, title);
  }

  /**
   * Asks the server something for this session, once.
   * @param {(token: string, signal: AbortSignal) => Promise<Response>} call
   * @returns {Promise<Response|null>} null where there was no answer
   */
  async ask(call) {
    const token = this.#token;
    if (!token) return null;
    const response = await call(token, AbortSignal.timeout(PATIENCE)).catch(() => null);
    if (response?.status === 401) this.#unknown(token);
    return response;
  }

  /** True, once, after a link in a mail has brought this conversation here. */
  takeContinued() {
    const continued = this.#store.get(CONTINUED) !== null;
    if (continued) this.#store.remove(CONTINUED);
    return continued;
  }

  /** All lines up to this one are before the customer's eyes. */
  shown(id) {
    if (!this.#token || !this.#receipts.shown(id)) return;
    if (id > this.seen) this.#store.set(SEEN, String(id));
  }

  /** Gets a session, trying until there is one. */
  async #begin() {
    if (this.#starting) return;
    this.#starting = true;
    const opened = this.#greeting();
    this.#say("connecting");
    for (let failures = 0; !this.#token; failures += 1) {
      const fresh = await alone(TOKEN, () => this.#session(), 2 * PATIENCE);
      if (this.#token) {
        // Another tab's session has been greeted, or this one by the invitation it came from.
        if (!fresh || this.#greeted) this.outgoing.forget(opened.key);
        this.#connect();
      } else {
        this.#say(navigator.onLine ? "reconnecting" : "offline");
        await this.#pause(Math.max(this.#until - Date.now(), backoff(failures)));
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
    // What another tab has stored just now is seen here a moment later.
    if (this.#lost) await new Promise((resolve) => setTimeout(resolve, SETTLED));
    this.#token ??= this.#store.get(TOKEN);
    if (this.#token) return false;
    try {
      const customer = this.#customer || null;
      const signal = AbortSignal.timeout(PATIENCE);
      const response = await createSession(this.#wanted, customer, this.guest, signal);
      this.#until = response.status === 429 ? Date.now() + after(response) : 0;
      if (!response.ok) return false;
      const { token, language, signed_in: signedIn, greeted } = await response.json();
      this.#greeted = greeted;
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
    this.#stream = new SharedStream({
      name: `tenin.stream.${token}`,
      connect: (lastEventId, signal) => openStream(token, lastEventId, signal),
      onEvent: (event) => this.#take(event),
      onState: (state) => this.#connectionIs(state),
      onRefused: (status) => (status === 401 ? this.#unknown(token) : this.#say("closed")),
    });
    this.#say("connecting");
    this.#follow();
    if (this.#customer && this.#customer !== this.#introduced) this.#introduce(this.#stream);
    else this.#start(this.#stream);
  }

  #follow() {
    if (this.tells) import("./visitor.js").then(({ visitor }) => visitor.follow(this)).catch(() => {});
  }

  #start(stream) {
    stream.start();
    this.outgoing.resume();
  }

  /**
   * Tells the server who is signed in on the page; a conversation of another customer's is left.
   * @param {SharedStream|null} [stream] to be started once it is known whose conversation it is
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
      const response = await post("chat/sign-in", token, { customer }, { signal: AbortSignal.timeout(PATIENCE) });
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
    // First of all, so that other tabs don't take it into the next session.
    for (const { key } of [...this.outgoing.entries]) this.outgoing.forget(key);
    this.#store.remove(CUSTOMER);
    this.#store.remove(TOKEN);
    this.#store.remove(SEEN);
    this.#store.remove(PAGES);
    this.#forget();
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
      this.state = { ...STATE, ...JSON.parse(data) };
      this.ready = true;
      const { language } = this.state; // of the conversation: what is written changes it
      if (language && !this.#store.get(CHOSEN)) this.#store.set(LANGUAGE, language);
    }
    this.#onChange();
  }

  /** A message was refused by its session: an old one's, perhaps, which has been replaced since. */
  #unposted() {
    if (this.#token && this.#posted !== this.#token) this.outgoing.resume();
    else this.#unknown(this.#posted);
  }

  /** The server does not know this session (any more). */
  #unknown(token) {
    if (token !== this.#token) return;
    if (this.#store.get(TOKEN) === token) {
      this.#store.remove(TOKEN);
      this.#store.remove(SEEN);
      this.#store.remove(PAGES);
    }
    this.#forget();
    if (!this.#opened) this.#say("idle");
    else if (this.#renewed) this.#say("closed");
    else {
      this.#renewed = true;
      this.#begin();
    }
  }

  /** Another tab has got, or lost, the session, or has shown lines. */
  #elsewhere({ key, newValue }) {
    if (key === PAGES) this.#follow();
    if ([SEEN, LANGUAGE, PAGES].includes(key)) this.#onChange();
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
    this.#lost = true;
    this.#token = null;
    this.#introduced = null;
    this.#stream?.stop();
    this.#stream = null;
    this.#receipts.clear();
    this.transcript.clear();
    this.state = STATE;
    this.drafts.clear();
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
