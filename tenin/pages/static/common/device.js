/**
 * What the browser lends: a place to keep things, turns among tabs, identifiers, and its user's
 * wish for privacy. All work where it withholds its own (storage blocked, a page without TLS).
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

/**
 * Does what only one tab may do at a time, where the browser can tell.
 * @param {string} name what tabs that exclude one another have in common
 * @param {() => Promise<*>} work
 * @param {number} patience milliseconds after which a visible page goes ahead of a tab that may be
 *   held up
 * @returns {Promise<*>} what the work returns; null if another tab went ahead before its end
 */
export async function alone(name, work, patience) {
  const { locks } = navigator;
  if (!locks) return work();
  const wait = new AbortController();
  const timer = setInterval(() => document.hidden || wait.abort(), patience);
  let began = false;
  const begin = () => {
    began = true;
    clearInterval(timer);
    return work();
  };
  const stolen = (error) => {
    if (began && error.name === "AbortError") return null;
    throw error;
  };
  try {
    return await locks.request(name, { signal: wait.signal }, begin).catch(stolen);
  } catch (error) {
    if (began) throw error;
    if (!wait.signal.aborted) return work(); // locks are forbidden here
    return await locks.request(name, { steal: true }, begin).catch(stolen);
  } finally {
    clearInterval(timer);
  }
}

/** @returns {boolean} true where Global Privacy Control or Do Not Track is on */
export function wantsPrivacy() {
  return navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
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
