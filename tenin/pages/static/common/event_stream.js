/**
 * The event-stream format, read from the body of a `fetch` response.
 *
 * EventSource cannot send an Authorization header, so the widget and the desk
 * read the format themselves. First stop of everything the server sends; what
 * comes out goes through stream.js to the widget or the desk.
 */

/** Turns bytes, cut anywhere, into events `{type, data, id}`. */
export class EventStreamParser {
  #decoder = new TextDecoder(); // drops a byte order mark at the start
  #onEvent;
  #rest = "";
  #afterReturn = false;
  #type = "";
  #data = [];
  #id = "";

  /** @param {(event: {type: string, data: string, id: string}) => void} onEvent */
  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  /** Takes the next bytes. @param {Uint8Array} bytes */
  push(bytes) {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return;
    if (this.#afterReturn && text[0] === "\n") text = text.slice(1);
    this.#afterReturn = text.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop();
    for (const line of lines) this.#take(line);
  }

  #take(line) {
    if (line === "") {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value[0] === " ") value = value.slice(1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
  }

  #dispatch() {
    const event = { type: this.#type || "message", data: this.#data.join("\n"), id: this.#id };
    const empty = this.#data.length === 0;
    this.#type = "";
    this.#data = [];
    if (!empty) this.#onEvent(event);
  }
}

/**
 * Reads a response to its end. An event the end cuts off is dropped.
 *
 * @param {Response} response
 * @param {{onEvent: Function, onBytes?: Function}} handlers onBytes is called
 *     for every chunk, comments included: it is the sign of life.
 * @returns {Promise<void>} rejects when the connection breaks or is aborted
 */
export async function readEvents(response, { onEvent, onBytes = () => {} }) {
  const parser = new EventStreamParser(onEvent);
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    parser.push(value);
  }
}
