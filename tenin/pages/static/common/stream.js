/**
 * A stream that stays: connects, reads events, and connects again whenever the
 * connection ends, breaks, or falls silent. The widget and the desk each hold one.
 *
 * States told to `onState`: "connecting" (never yet connected), "online",
 * "reconnecting", "offline" (the browser says there is no network) and "refused".
 */

import { backoff } from "./backoff.js";
import { readEvents } from "./event_stream.js";

const SILENCE = 40_000; // the server says something every 15 s
const HEALTHY = 10_000; // a connection that lived this long starts the back-off afresh
const FRESH = 5000; // so long a connection that is being made is left alone

export class Stream {
  #options;
  #life = null; // aborted by stop()
  #attempt = null; // aborted to connect afresh
  #wake = null;
  #immediately = false;
  #began = -FRESH; // when the connection was that is being made
  #lastBytes = 0;
  #timer = 0;

  /** What the browser tells the server it has: the id of the last event that carried one. */
  lastEventId = "";
  state = "connecting";

  /**
   * @param {object} options
   * @param {(lastEventId: string, signal: AbortSignal) => Promise<Response>} options.connect
   * @param {(event: {type: string, data: string, id: string}) => void} options.onEvent
   * @param {(state: string) => void} [options.onState]
   * @param {(status: number) => void} [options.onRefused] told of a 4xx that trying again
   *     cannot mend; the stream has stopped
   * @param {number} [options.silence] milliseconds without a byte before reconnecting
   * @param {object} [options.limits] of the back-off
   */
  constructor(options) {
    this.#options = { silence: SILENCE, limits: {}, onState() {}, onRefused() {}, ...options };
  }

  /** Connects, and keeps connecting until stop(). */
  start() {
    if (this.#life) return;
    const life = new AbortController();
    this.#life = life;
    const { signal } = life;
    window.addEventListener("online", () => this.reconnect(), { signal });
    // "offline" may be untrue (a server on this machine): a new try tells.
    window.addEventListener("offline", () => this.reconnect(), { signal });
    window.addEventListener("pageshow", (event) => event.persisted && this.reconnect(), { signal });
    document.addEventListener("visibilitychange", () => this.#seen(), { signal });
    this.#say("connecting");
    this.#loop(signal);
  }

  /** Ends the connection and does not come back. */
  stop() {
    this.#life?.abort();
    this.#life = null;
    this.#attempt?.abort();
    this.#wake?.();
  }

  /** Connects afresh, now. */
  reconnect() {
    this.#immediately = true;
    this.#attempt?.abort();
    this.#wake?.();
  }

  /** Connects afresh where a silence was not noticed: timers of hidden pages are slow. */
  check() {
    if (performance.now() - this.#lastBytes > this.#options.silence) this.reconnect();
  }

  #seen() {
    if (document.visibilityState !== "visible") return;
    const now = performance.now();
    const silent = now - this.#lastBytes > this.#options.silence / 2;
    if (now - this.#began < FRESH) return; // a second one would only be in its way
    if (this.state !== "online" || silent) this.reconnect();
  }

  async #loop(life) {
    for (let failures = 0; !life.aborted; failures += 1) {
      const began = performance.now();
      const status = await this.#connectOnce();
      if (life.aborted) return;
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
        this.stop();
        this.#say("refused");
        this.#options.onRefused(status);
        return;
      }
      if (status === 200 && performance.now() - began > HEALTHY) failures = 0;
      this.#say(navigator.onLine ? "reconnecting" : "offline");
      await this.#pause(backoff(failures, this.#options.limits));
    }
  }

  /** One connection, to its end. Returns the status, 0 where there was no answer. */
  async #connectOnce() {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#immediately = false;
    let status = 0;
    this.#began = performance.now();
    this.#heard();
    try {
      const response = await this.#options.connect(this.lastEventId, attempt.signal);
      status = response.status;
      if (status !== 200) return status;
      this.#say("online");
      await readEvents(response, {
        onEvent: (event) => this.#deliver(event),
        onBytes: () => this.#heard(),
      });
    } catch {
      // no network, or aborted: the loop tries again
    } finally {
      this.#began = -FRESH;
      clearTimeout(this.#timer);
      attempt.abort(); // frees the connection where the body was not read to its end
    }
    return status;
  }

  #deliver(event) {
    try {
      this.#options.onEvent(event);
    } catch (error) {
      reportError(error); // once; the same event coming again and again would help nobody
    }
    if (event.id !== "") this.lastEventId = event.id;
  }

  #heard() {
    this.#lastBytes = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.reconnect(), this.#options.silence);
  }

  #pause(milliseconds) {
    if (this.#immediately) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #say(state) {
    if (state === this.state) return;
    this.state = state;
    this.#options.onState(state);
  }
}
