/**
 * What the desk knows: who the agent is, the conversations, the one that is open,
 * messages on their way. desk.js draws it whenever it says that something changed.
 */

import { Store } from "../common/device.js";
import { Outgoing } from "../common/outgoing.js";
import { Stream } from "../common/stream.js";
import * as server from "./server.js";

const OUTGOING = "tenin.desk.outgoing.";
const AGAIN = 5_000; // milliseconds before what could not be fetched is fetched again

export class Desk {
  #onChange;
  #stream;
  #stale = new Set(); // "list", or the id of a conversation, to be fetched again
  #fetching = false;
  #refused = new Set(); // keys of messages whose refusal has been looked into

  me = null;
  /** Null until the list has been fetched. */
  conversations = null;
  openId = null;
  /** The open conversation with its lines; null while it is fetched. */
  open = null;
  /** The key in the locale file of what the agent has to be told, or null. */
  notice = null;
  busy = false;
  outgoing;

  /** @param {() => void} onChange something to be drawn has changed */
  constructor(onChange) {
    this.#onChange = onChange;
    this.outgoing = new Outgoing({
      store: new Store(),
      prefix: OUTGOING,
      post: (entry, signal) => server.postMessage(entry, signal),
      onChange: () => this.#sent(),
      onUnknown: () => this.#signedOut(),
    });
    this.#stream = new Stream({
      connect: server.openStream,
      onEvent: (event) => this.#take(event),
      onState: (state) => this.#connectionIs(state),
      onRefused: (status) => this.#failed({ status }),
    });
  }

  /** "connecting", "online", "reconnecting", "offline" or "refused". */
  get connection() {
    return this.#stream.state;
  }

  /** True if the open conversation is this agent's. */
  get mine() {
    return this.isMine(this.open);
  }

  isMine(conversation) {
    return conversation?.owner === "agent" && conversation.agent?.id === this.me?.id;
  }

  /** Connects; everything is fetched once the stream stands, and again whenever it stands again. */
  start() {
    this.#stream.start();
    this.outgoing.resume();
  }

  /** @param {string|null} id null closes */
  show(id) {
    if (id === this.openId) return;
    this.openId = id;
    this.open = null;
    this.#onChange();
    if (id) this.#refresh(id);
  }

  /** Takes the open conversation. */
  take() {
    return this.#change(server.take);
  }

  /** Hands the open conversation back to the bot. */
  handBack() {
    return this.#change(server.handBack);
  }

  /** @param {string} text for the customer of the open conversation */
  say(text) {
    this.outgoing.add({ conversation: this.openId, text, after: this.open.lines.at(-1)?.id ?? 0 }, text);
  }

  /** What is on its way to the customer of the open conversation. */
  get waiting() {
    const lines = this.open?.lines ?? [];
    const here = (entry) =>
      lines.some(
        ({ id, key, author, text }) =>
          key === entry.key ||
          id === entry.line ||
          // The list of lines may be faster than the answer to the sending.
          (entry.state !== "refused" && author === "agent" && id > entry.body.after && text === entry.text),
      );
    return this.outgoing.entries.filter(
      (entry) => entry.body.conversation === this.openId && !here(entry),
    );
  }

  dismissNotice() {
    this.notice = null;
    this.#onChange();
  }

  async #change(call) {
    const { id, epoch } = this.open;
    this.busy = true;
    this.notice = null;
    this.#onChange();
    try {
      const conversation = await call(id, epoch);
      if (this.openId === id) this.open = conversation;
    } catch (error) {
      this.#failed(error);
      this.#refresh(id);
    }
    this.busy = false;
    this.#refresh("list");
    this.#onChange();
  }

  #take({ type, data }) {
    if (type !== "changed") return;
    const { conversation } = JSON.parse(data);
    this.#refresh("list", conversation === this.openId ? conversation : null);
  }

  #connectionIs(state) {
    if (state === "online") {
      if (this.notice === "desk.unreachable") this.notice = null;
      this.#refresh("list", this.openId);
    }
    this.#onChange();
  }

  #sent() {
    for (const { key, state, line, body } of this.outgoing.entries) {
      if (state !== "sent") continue;
      const shown = this.open?.id === body.conversation && this.open.lines.some(({ id }) => id === line);
      if (shown || this.openId !== body.conversation) this.outgoing.forget(key);
    }
    const lost = this.outgoing.entries.filter(({ key, error }) => error && !this.#refused.has(key));
    for (const { key } of lost) this.#refused.add(key);
    if (lost.length > 0) this.#refresh("list", this.openId);
    this.#onChange();
  }

  /** Fetches again, one at a time; what changes meanwhile is fetched once more. */
  async #refresh(...what) {
    for (const each of what) if (each) this.#stale.add(each);
    if (this.#fetching) return;
    this.#fetching = true;
    while (this.#stale.size > 0) {
      const [next] = this.#stale;
      this.#stale.delete(next);
      try {
        await this.#fetch(next);
      } catch (error) {
        this.#failed(error, next);
      }
      this.#onChange();
    }
    this.#fetching = false;
  }

  async #fetch(what) {
    this.me ??= (await server.getMe()).agent;
    if (what === "list") {
      this.conversations = (await server.getConversations()).conversations;
      if (this.notice === "desk.unreachable") this.notice = null;
      return;
    }
    if (what !== this.openId) return;
    const conversation = await server.getConversation(what);
    if (this.notice === "desk.unreachable") this.notice = null;
    if (what !== this.openId) return;
    this.open = conversation;
    this.#sent();
  }

  #failed({ status, code }, what = null) {
    if (status === 401) return this.#signedOut();
    if (status === 404 && what === this.openId) this.show(null);
    if (status === 404) this.notice = "desk.gone";
    else if (status === 409) this.notice = `errors.${code || "changed_meanwhile"}`;
    else if (status === 0 || status >= 500) this.notice = "desk.unreachable";
    else this.notice = "desk.failed";
    if (what && (status === 0 || status >= 500)) setTimeout(() => this.#refresh(what), AGAIN);
  }

  #signedOut() {
    this.#stream.stop();
    this.outgoing.stop();
    this.notice = "desk.signed_out";
    this.#onChange();
  }
}
