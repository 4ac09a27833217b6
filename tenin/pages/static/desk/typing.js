/** Who is writing just now: signs that come and fade, and the agent's own, sent sparingly. */

const EVERY = 3_000; // at most one sign in this time
const LASTS = 7_000; // a sign that isn't repeated has faded

export class Typing {
  #onChange;
  #send;
  #seen = new Map(); // "who conversation" → the timer that ends it
  #sentAt = new Map();

  /**
   * @param {object} options
   * @param {() => void} options.onChange
   * @param {(conversation: string) => Promise<void>} options.send tells the customer's side
   */
  constructor({ onChange, send }) {
    this.#onChange = onChange;
    this.#send = send;
  }

  /** A sign has come. @param {string} who customer or agent */
  seen(conversation, who) {
    const name = `${who} ${conversation}`;
    clearTimeout(this.#seen.get(name));
    this.#seen.set(name, setTimeout(() => this.ended(conversation, who), LASTS));
    this.#onChange();
  }

  /** They have stopped, or what they wrote is there. */
  ended(conversation, who) {
    const name = `${who} ${conversation}`;
    clearTimeout(this.#seen.get(name));
    if (this.#seen.delete(name)) this.#onChange();
  }

  /** @returns {boolean} */
  is(conversation, who) {
    return this.#seen.has(`${who} ${conversation}`);
  }

  /** The agent wrote a character to the customer of a conversation. */
  own(conversation) {
    const now = Date.now();
    if (now - (this.#sentAt.get(conversation) ?? 0) < EVERY) return;
    this.#sentAt.set(conversation, now);
    this.#send(conversation).catch(() => {}); // only a sign: the next one comes soon
  }
}
