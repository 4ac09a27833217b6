/**
 * The lines of a conversation as the customer sees them: by id, each once, in
 * order, with what is still on its way at the end. No DOM here; log.js draws it.
 */

const NEW_GROUP_AFTER = 5 * 60_000; // a longer silence begins a new group of lines

/** The lines the stream has brought. */
export class Transcript {
  #byId = new Map();
  #ordered = [];

  /** @returns {boolean} false if a line of this id is here already */
  add(line) {
    if (this.#byId.has(line.id)) return false;
    this.#byId.set(line.id, line);
    let place = this.#ordered.length;
    while (place > 0 && this.#ordered[place - 1].id > line.id) place -= 1;
    this.#ordered.splice(place, 0, line);
    return true;
  }

  clear() {
    this.#byId.clear();
    this.#ordered = [];
  }

  /** In order of id. */
  get lines() {
    return this.#ordered;
  }

  /** The highest id, 0 where there is none. */
  get highest() {
    return this.#ordered.at(-1)?.id ?? 0;
  }

  /** How many lines of others lie after the line `seen`. */
  unread(seen) {
    return this.#ordered.filter(({ id, author }) => id > seen && author !== "customer").length;
  }

  /**
   * The line whose buttons may be clicked: the last with buttons that the bot or the
   * system said since the customer, or an agent, spoke. Null where there is none.
   */
  get choice() {
    for (const line of [...this.#ordered].reverse()) {
      if (line.author === "customer" || line.author === "agent") return null;
      if (line.buttons?.length) return line;
    }
    return null;
  }
}

/**
 * What is to be seen, top to bottom.
 *
 * @param {Transcript} transcript
 * @param {object[]} entries of the outgoing queue
 * @returns {object[]} items: `{key, kind: "day", at}` or `{key, kind: "line", id, author, name, text,
 *     at, buttons, cards, state, error, extra, first, last, event}`; `event` is true for what only happened
 *     (somebody joined), without choices; `buttons` only those that may be
 *     clicked; `state` and `extra` (the entry) are null for a line that the server has
 */
export function display(transcript, entries) {
  const known = new Set(transcript.lines.map(({ key }) => key).filter(Boolean));
  const waiting = entries.filter(({ key, text }) => text !== "" && !known.has(key));
  const choice = waiting.every(({ state }) => state === "refused") ? transcript.choice : null;
  const lines = [
    ...transcript.lines.map((line) => said(line, choice)),
    ...waiting.map((entry) => outgoing(entry)),
  ];
  const items = [];
  let before = null;
  for (const line of lines) {
    const day = line.at.toDateString();
    if (day !== before?.at.toDateString()) {
      items.push({ key: `day-${day}`, kind: "day", at: line.at });
      before = null;
    }
    line.first = !before || !together(before, line);
    line.last = true;
    if (before && !line.first) before.last = false;
    items.push(line);
    before = line;
  }
  return items;
}

function said(line, choice) {
  return {
    // A line of the customer's own keeps the element it had while it was on its way.
    key: line.key ? `own-${line.key}` : `line-${line.id}`,
    kind: "line",
    id: line.id,
    author: line.author,
    name: line.name ?? null,
    text: line.text,
    at: new Date(line.at),
    buttons: line === choice ? line.buttons : [],
    cards: line.cards ?? [],
    state: null,
    error: null,
    extra: null,
    event: line.author === "system" && !line.buttons?.length && !line.cards?.length,
  };
}

function outgoing(entry) {
  return {
    key: `own-${entry.key}`,
    kind: "line",
    id: null,
    author: "customer",
    name: null,
    text: entry.text,
    at: new Date(entry.at),
    buttons: [],
    cards: [],
    state: entry.state,
    error: entry.error,
    extra: entry,
  };
}

function together(one, next) {
  return one.author === next.author && one.name === next.name && next.at - one.at < NEW_GROUP_AFTER;
}
