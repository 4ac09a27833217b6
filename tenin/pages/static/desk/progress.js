/** How far things have come: what was read in each conversation, what is still on its way. */

export class Reading {
  #say;
  #reached = new Map(); // conversation → the last line that was said to be read

  /** @param {(conversation: string, line: number) => Promise<void>} say tells the server */
  constructor(say) {
    this.#say = say;
  }

  /** Tells that a conversation has been read up to a line. @returns {boolean} whether it is news */
  reached(conversation, line) {
    if (line <= (this.#reached.get(conversation) ?? 0)) return false;
    this.#reached.set(conversation, line);
    this.#say(conversation, line).catch(() => this.#reached.delete(conversation));
    return true;
  }
}

/**
 * @param {object[]} entries of the outgoing queue
 * @param {string} conversation
 * @param {object[]} lines of that conversation, as far as they are known
 * @returns {object[]} the entries for it that are not among its lines yet
 */
export function underWay(entries, conversation, lines) {
  const here = ({ key: sent, state, line, text: words, body }) =>
    lines.some(
      ({ id, key, author, text }) =>
        key === sent ||
        id === line ||
        // The list of lines may be faster than the answer to the sending.
        (state !== "refused" &&
          author === (body.note ? "note" : "agent") &&
          id > body.after &&
          text === words),
    );
  return entries.filter((entry) => entry.body.conversation === conversation && !here(entry));
}
