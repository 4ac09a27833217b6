/** What few conversations need, or none at first: it comes when it is first asked for. */

const AGAIN = 5000; // milliseconds until a try that failed is made once more, if it is needed still

/** Something that comes once; where that fails, at the next try. */
export class Later {
  #load;
  #onChange;
  #coming = null;

  /** It, once it has come. */
  now = null;
  /** True once a try has failed. */
  failed = false;

  /**
   * @param {() => Promise<object>} load
   * @param {() => void} onChange it has come, or can't be had: what needs it asks for it
   */
  constructor(load, onChange) {
    this.#load = load;
    this.#onChange = onChange;
  }

  /** @returns {Promise<object|null>} it; null where it can't be had now */
  get() {
    return (this.#coming ??= this.#get());
  }

  async #get() {
    try {
      this.now = await this.#load();
    } catch (error) {
      console.warn("tenin:", error);
      this.#coming = null;
    }
    setTimeout(this.#onChange, this.now || !this.failed ? 0 : AGAIN);
    this.failed = !this.now;
    return this.now;
  }
}
