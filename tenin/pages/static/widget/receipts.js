/** Tells the server which lines have been shown, soon and until it knows; used by chat.js. */

const QUIET = 300; // milliseconds before telling
const LATER = 10_000; // milliseconds before telling again

export class Receipts {
  #post;
  #shown = 0;
  #timer = 0;

  /** @param {(line: number) => Promise<Response|null>} post all lines up to this one were shown */
  constructor(post) {
    this.#post = post;
  }

  /** @returns {boolean} whether that is more than was shown before */
  shown(line) {
    if (line <= this.#shown) return false;
    this.#shown = line;
    this.#report(QUIET);
    return true;
  }

  /** Another conversation begins, or none. */
  clear() {
    clearTimeout(this.#timer);
    this.#shown = 0;
  }

  #report(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const line = this.#shown;
      const response = await this.#post(line);
      const lost = response === null || response.status >= 500;
      if (lost && line === this.#shown) this.#report(LATER);
    }, delay);
  }
}
