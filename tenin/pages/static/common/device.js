/**
 * What the browser lends: a place to keep things, and identifiers. Both work
 * where the browser withholds its own (storage blocked, a page without TLS).
 */

/** Keeps strings in localStorage, or in memory where that is refused. */
export class Store {
  #memory = new Map();

  get(name) {
    try {
      return localStorage.getItem(name) ?? this.#memory.get(name) ?? null;
    } catch {
      return this.#memory.get(name) ?? null;
    }
  }

  set(name, value) {
    try {
      localStorage.setItem(name, value);
      this.#memory.delete(name);
    } catch {
      this.#memory.set(name, value);
    }
  }

  remove(name) {
    this.#memory.delete(name);
    try {
      localStorage.removeItem(name);
    } catch {
      // refused; nothing was kept there
    }
  }

  /** @param {string} prefix @returns {string[]} the names that begin with it */
  names(prefix) {
    const names = new Set(this.#memory.keys());
    try {
      for (let i = 0; i < localStorage.length; i += 1) names.add(localStorage.key(i));
    } catch {
      // refused
    }
    return [...names].filter((name) => name.startsWith(prefix));
  }
}

/** @returns {string} a random UUID; crypto.randomUUID exists only in secure contexts */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
