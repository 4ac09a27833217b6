/**
 * One stream for all tabs of a browser. The tab that holds a Web Lock, the leader, has the
 * connection (stream.js) and passes on what comes by BroadcastChannel; when it is closed, killed,
 * frozen or held up, another takes over after the last event. Used by chat.js; where the browser
 * lacks either, each tab has its own.
 *
 * What tabs tell each other: `{after, events, state, hidden}`, the leader's events that follow on
 * the one of the id `after`; `{ask}`, for all after that id, which also asks whether the leader is
 * alive; `{refused}`.
 */

import { Stream } from "./stream.js";

const PROBE = 5000; // milliseconds between two questions to the leader
const STREAM_PATIENCE = 2000; // milliseconds in which it has to answer

export class SharedStream {
  #options;
  #shared = Boolean(navigator.locks && window.BroadcastChannel);
  #life = null; // aborted by stop()
  #claim = null; // to the lock, waiting or held
  #channel = null;
  #stream = null; // the leader's
  #timer = 0;
  #asked = 0; // when the leader was asked, if it has not answered
  #events = []; // all with an id: what a tab that comes later is given
  #numbered = new Set(); // their types
  #latest = new Map(); // the last of the other types

  lastEventId = "";
  state = "connecting";

  /**
   * @param {object} options those of Stream, and
   * @param {string} options.name what tabs with the same stream have in common
   */
  constructor(options) {
    this.#options = { onState() {}, onRefused() {}, ...options };
  }

  /** Takes part until stop(). */
  start() {
    if (this.#life) return;
    this.#life = new AbortController();
    const { signal } = this.#life;
    const join = () => this.#join();
    const leave = () => this.#leave();
    // A page that is put aside, and may come back as it was, holds nobody up.
    window.addEventListener("pagehide", leave, { signal });
    document.addEventListener("freeze", leave, { signal });
    window.addEventListener("pageshow", join, { signal });
    document.addEventListener("resume", join, { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.#ask(), { signal });
    join();
  }

  /** Leaves the stream to the other tabs. */
  stop() {
    this.#life?.abort();
    this.#life = null;
    this.#leave();
  }

  #join() {
    if (this.#claim) return;
    if (this.#shared) {
      this.#channel = new BroadcastChannel(this.#options.name);
      this.#channel.onmessage = ({ data }) => this.#hear(data);
      this.#timer = setInterval(() => this.#probe(), PROBE);
      this.#ask();
    }
    this.#contend();
  }

  #leave() {
    clearInterval(this.#timer);
    this.#claim?.abort();
    this.#claim = null;
    this.#retire();
    this.#channel?.close();
    this.#channel = null;
    this.#asked = 0;
  }

  /** Waits for the lock, or takes it from a leader that does not answer. */
  async #contend(steal = false) {
    this.#claim?.abort();
    const claim = new AbortController();
    const { signal } = claim;
    this.#claim = claim;
    if (!this.#shared) return this.#lead();
    const over = new Promise((resolve) => signal.addEventListener("abort", resolve));
    try {
      await navigator.locks.request(this.#options.name, steal ? { steal } : { signal }, () => {
        if (signal.aborted) return null;
        this.#lead();
        return over;
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#shared = error.name === "AbortError"; // else it is forbidden here
      this.#retire(); // another tab took it
      this.#contend();
    }
  }

  #lead() {
    const { connect, onRefused, silence, limits } = this.#options;
    this.#asked = 0;
    this.#stream = new Stream({
      connect,
      ...(silence && { silence }),
      ...(limits && { limits }),
      onEvent: (event) => {
        const after = this.lastEventId;
        if (this.#take(event)) this.#tell({ after, events: [event], ...this.#now });
      },
      onState: (state) => {
        if (state === "refused") return;
        this.#say(state);
        this.#tell({ after: this.lastEventId, events: [], ...this.#now });
      },
      onRefused: (refused) => {
        this.#tell({ refused });
        this.stop();
        onRefused(refused);
      },
    });
    this.#stream.lastEventId = this.lastEventId;
    this.#stream.start();
  }

  #retire() {
    this.#stream?.stop();
    this.#stream = null;
  }

  get #now() {
    return { state: this.state, hidden: document.hidden };
  }

  #tell(message) {
    this.#channel?.postMessage(message);
  }

  #ask() {
    if (this.#stream || !this.#channel) return;
    this.#asked ||= performance.now();
    this.#tell({ ask: this.lastEventId });
  }

  #probe() {
    if (this.#asked && performance.now() - this.#asked > STREAM_PATIENCE) this.#contend(true);
    else this.#ask();
  }

  #hear({ ask, refused, after, events, state, hidden }) {
    if (refused) {
      this.stop();
      this.#options.onRefused(refused);
    } else if (ask !== undefined) {
      if (!this.#stream) return;
      this.#stream.check();
      const missed = this.#events.filter(({ id }) => Number(id) > Number(ask));
      this.#tell({ after: ask, events: [...missed, ...this.#latest.values()], ...this.#now });
    } else if (Number(after) > Number(this.lastEventId)) {
      this.#ask(); // something was missed
    } else {
      for (const event of events) this.#take(event);
      if (this.#stream) return;
      this.#asked = 0;
      this.#say(state);
      // Timers of a hidden page are slow, and it would be long in coming back.
      if (hidden && state !== "online" && !document.hidden) this.#contend(true);
    }
  }

  /** @returns {boolean} false for what is known */
  #take(event) {
    const { type, data, id } = event;
    // In this format an event without an id has that of the one before it.
    if (Number(id) > Number(this.lastEventId)) {
      this.#events.push(event);
      this.#numbered.add(type);
      this.lastEventId = id;
    } else {
      if (this.#numbered.has(type) || this.#latest.get(type)?.data === data) return false;
      this.#latest.set(type, event);
    }
    try {
      this.#options.onEvent(event);
    } catch (error) {
      reportError(error);
    }
    return true;
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.#options.onState(state);
  }
}
