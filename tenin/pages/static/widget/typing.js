/** Tells whoever serves, now and then, that the customer is typing; used by panel.js. */

import { post } from "./server.js";

const BETWEEN_SIGNS = 3000; // milliseconds between two signs

export class TypingSign {
  #chat;
  #after = 0;

  /** @param {import("./chat.js").Chat} chat */
  constructor(chat) {
    this.#chat = chat;
  }

  /** A character was typed. */
  typed() {
    const now = performance.now();
    if (this.#chat.state.owner === "bot" || now < this.#after) return;
    this.#after = now + BETWEEN_SIGNS;
    this.#chat.ask((token, signal) => post("chat/typing", token, null, { signal }));
  }
}
