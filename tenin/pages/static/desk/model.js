/**
 * What the desk knows: who the agent is, the conversations, the one that is open,
 * messages on their way. desk.js draws it whenever it says that something changed.
 */

import { Store } from "../common/device.js";
import { Outgoing } from "../common/outgoing.js";
import { Stream } from "../common/stream.js";
import { Reading, underWay } from "./progress.js";
import * as server from "./server.js";
import { Typing } from "./typing.js";

const OUTGOING = "tenin.desk.outgoing.";
const AGAIN = 5_000; // milliseconds before what could not be fetched is fetched again

export class Desk {
  #onChange;
  #stream;
  #stale = new Set(); // "me", "list", or the id of a conversation, to be fetched again
  #fetching = false;
  #refused = new Set(); // keys of messages whose refusal has been looked into
  #reading = new Reading(server.sayRead);

  me = null;
  settings = {};
  /** Who serves, and the skills there are. */
  team = { agents: [], skills: [] };
  /** Null until the list has been fetched. */
  conversations = null;
  openId = null;
  /** The open conversation with its lines; null while it is fetched. */
  open = null;
  /** What the agent has to be told: `{key, values, message}`, or null. */
  notice = null;
  busy = false;
  /** The conversation that was taken last, until its answer box has the focus. */
  taken = null;
  outgoing;
  typing;

  /** @param {() => void} onChange something to be drawn has changed */
  constructor(onChange) {
    this.#onChange = onChange;
    this.typing = new Typing({ onChange, send: server.sayTyping });
    this.outgoing = new Outgoing({
      store: new Store(),
      prefix: OUTGOING,
      post: server.postEntry,
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

  /** True if a conversation is on offer to this agent, and still for a while. */
  isOffered(conversation) {
    const { owner, offered } = conversation ?? {};
    if (owner !== "queue" || !offered || !this.me) return false;
    return offered.agent === this.me.id && new Date(offered.until) > Date.now();
  }

  /** @param {string} permission serve, lead, train or admin */
  may(permission) {
    return (this.me?.permissions ?? ["serve"]).includes(permission);
  }

  /** @returns {string|null} the name of a skill, null where there is none */
  skillTitle(id) {
    return id ? (this.team.skills.find((skill) => skill.id === id)?.title ?? null) : null;
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

  /** Fetches everything that is shown once more. */
  refresh() {
    this.#refresh("me", "list", this.openId);
  }

  /**
   * Changes a conversation as it was seen: take, decline, transfer, resolve, handback.
   * @returns {Promise<boolean>} whether it was done; if not, `notice` says why
   */
  async change(what, { id, epoch }, values = {}) {
    if (this.busy) return false;
    this.busy = true;
    this.notice = null;
    this.#onChange();
    let done = true;
    try {
      const conversation = await server.change(id, what, epoch, values);
      if (what === "take") this.taken = id;
      if (this.openId === id && conversation?.lines) this.open = conversation;
      if (this.openId === id && !conversation?.lines) this.#refresh(id);
    } catch (error) {
      done = false;
      this.#failed(error);
      this.#refresh(id);
    }
    this.busy = false;
    this.#refresh("list");
    this.#onChange();
    return done;
  }

  /** @param {string} presence online, busy or away */
  async setPresence(presence) {
    try {
      this.me = (await server.setPresence(presence)).agent;
    } catch (error) {
      this.#failed(error);
    }
    this.#onChange();
  }

  /**
   * @param {string} text for the customer of the open conversation
   * @param {{note?: boolean}} [kind] note: for agents alone
   */
  say(text, { note = false } = {}) {
    const after = this.open.lines.at(-1)?.id ?? 0;
    this.outgoing.add({ conversation: this.openId, text, note, after }, text);
  }

  /** The open conversation is in view as far as its end. */
  seen() {
    const line = this.open?.lines.at(-1)?.id ?? 0;
    const summary = this.conversations?.find(({ id }) => id === this.openId);
    if (!summary || summary.owner === "bot" || !this.#reading.reached(this.openId, line)) return;
    if (!summary.unread) return;
    summary.unread = 0;
    this.#onChange();
  }

  /** What is on its way in the open conversation. */
  get waiting() {
    return underWay(this.outgoing.entries, this.openId, this.open?.lines ?? []);
  }

  /** @param {string} key in the locale file */
  tell(key, values = {}) {
    this.notice = { key, values };
    this.#onChange();
  }

  dismissNotice() {
    this.notice = null;
    this.#onChange();
  }

  /** Says why a call failed. @param {server.CallError} error */
  failed(error) {
    this.#failed(error);
    this.#onChange();
  }

  #take({ type, data }) {
    const { conversation, who } = data ? JSON.parse(data) : {};
    if (type === "agents") this.#refresh("me");
    if (type === "typing") this.typing.seen(conversation, who);
    if (type === "changed") this.#refresh("list", conversation === this.openId ? conversation : null);
  }

  #connectionIs(state) {
    if (state === "online") {
      this.#reached();
      this.refresh();
    }
    this.#onChange();
  }

  #reached() {
    if (this.notice?.key === "desk.unreachable") this.notice = null;
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
    if (what === "me" || !this.me) await this.#fetchMe();
    if (what === "list") {
      const { conversations } = await server.getConversations();
      for (const { id, last } of conversations) {
        if (last?.author === "customer" && this.#newer(id, last)) this.typing.ended(id, "customer");
      }
      this.conversations = conversations;
    } else if (what !== "me" && what === this.openId) {
      await this.#fetchOpen(what);
    }
    this.#reached();
  }

  async #fetchMe() {
    const { agent, settings } = await server.getMe();
    this.me = agent;
    this.settings = settings ?? {};
    // Names alone: where they can't be had, the list does without.
    this.team = await server.getAgents().catch(() => this.team);
  }

  async #fetchOpen(id) {
    const conversation = await server.getConversation(id);
    if (id !== this.openId) return;
    if (this.mine && !this.isMine(conversation) && !this.busy) {
      const { owner, agent } = conversation;
      this.notice = { key: `desk.lost.${owner}`, values: { name: agent?.name ?? "" } };
    }
    this.open = conversation;
    this.#sent();
  }

  #newer(id, last) {
    return this.conversations?.find((known) => known.id === id)?.last?.at !== last.at;
  }

  #failed({ status, code, message }, what = null) {
    if (status === 401) return this.#signedOut();
    if (status === 404 && what === this.openId) this.show(null);
    if (status === 404) this.notice = { key: "desk.gone" };
    else if (status === 403) this.notice = { key: "desk.not_allowed" };
    else if (status === 0 || status >= 500) this.notice = { key: "desk.unreachable" };
    else this.notice = { key: `errors.${code || "changed_meanwhile"}`, message };
    if (what && (status === 0 || status >= 500)) setTimeout(() => this.#refresh(what), AGAIN);
  }

  #signedOut() {
    this.#stream.stop();
    this.outgoing.stop();
    this.notice = { key: "desk.signed_out" };
    this.#onChange();
  }
}
