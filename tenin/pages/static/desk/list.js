/** The desk's left side: the conversations in groups, who waits how long, what was said last. */

import { h, icon } from "../common/dom.js";
import { KeyedList } from "../common/keyed.js";
import { badge, go, shortened } from "./signs.js";
import { dots } from "./transcript.js";

const TICK = 5_000;

export class ConversationList {
  #strings;
  #desk;
  #list;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {HTMLElement} element to be filled
   */
  constructor(strings, desk, element) {
    this.#strings = strings;
    this.#desk = desk;
    this.element = element;
    this.#list = new KeyedList(
      element,
      (part, item) => (item.kind === "row" ? this.#row(part, item) : this.#plain(part, item)),
      ({ kind, key }) => this.#create(kind, key),
    );
    element.addEventListener("keydown", (event) => this.#key(event));
    setInterval(() => this.update(), TICK); // the waiting goes on
  }

  update() {
    const { conversations } = this.#desk;
    if (conversations === null) {
      this.#list.update([{ kind: "empty", key: "loading", text: this.#strings.t("desk.loading") }]);
      return;
    }
    const groups = { queue: [], mine: [], others: [], bot: [] };
    for (const conversation of conversations) {
      const { owner } = conversation;
      if (owner === "agent") groups[this.#desk.isMine(conversation) ? "mine" : "others"].push(conversation);
      else groups[owner]?.push(conversation);
    }
    const items = [];
    for (const [name, members] of Object.entries(groups)) {
      const none = this.#strings.maybe(`desk.none.${name}`);
      if (members.length === 0 && none === null) continue;
      const text = this.#strings.t(`desk.groups.${name}`);
      items.push({ kind: "group", key: `group-${name}`, text, count: members.length, name });
      if (members.length === 0) items.push({ kind: "empty", key: `none-${name}`, text: none });
      items.push(...members.map((conversation) => this.#item(conversation)));
    }
    this.#list.update(items);
  }

  #item(conversation) {
    const { id, owner, language, reason, waiting_since: since, last, agent } = conversation;
    const now = Date.now();
    const lasting = (at) => now - new Date(at).getTime();
    const others = owner === "agent" && !this.#desk.isMine(conversation);
    return {
      kind: "row",
      key: id,
      id,
      owner,
      offered: this.#desk.isOffered(conversation),
      agent: others ? agent?.name : null,
      current: id === this.#desk.openId,
      unread: conversation.unread ?? 0,
      writing: this.#desk.typing.is(id, "customer"),
      language: this.#strings.languageName(language),
      skill: this.#desk.skillTitle(conversation.skill),
      reason: this.#reason(owner, reason),
      why: { ...conversation, last: null, unread: 0, updated_at: null },
      message: owner !== "bot" && conversation.awaiting === "message",
      waits: owner === "queue" && since ? this.#waits(lasting(since)) : null,
      ago: last ? this.#strings.ago(lasting(last.at)) : "",
      author: last ? this.#strings.t(`desk.author.${last.author}`) : "",
      text: last?.text ?? "",
    };
  }

  #reason(owner, reason) {
    if (owner !== "queue" || !reason) return null;
    return this.#strings.maybe(`desk.sign.${reason}`) ? null : this.#strings.maybe(`desk.reason.${reason}`);
  }

  #waits(milliseconds) {
    return this.#strings.t("desk.waits", { duration: this.#strings.duration(milliseconds) });
  }

  #create(kind, key) {
    if (kind === "group") return h("h3");
    if (kind === "empty") return h("p", { class: "empty" });
    return h("button", { type: "button", class: "row", on: { click: () => go(key) } });
  }

  #plain({ element }, { kind, text, count, name }) {
    element.replaceChildren(text);
    if (kind !== "group") return;
    element.className = name;
    element.append(h("span", { class: "count" }, String(count)));
  }

  #row({ element }, item) {
    const t = (key, values) => this.#strings.t(key, values);
    element.className = ["row", item.owner, item.offered && "on-offer", item.unread && "unread"]
      .filter(Boolean)
      .join(" ");
    element.dataset.conversation = item.id;
    if (item.current) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
    const tag = (text, kind = "", sign = null) =>
      text ? h("span", { class: `tag ${kind}` }, sign && icon(sign), text) : null;
    const when = item.waits
      ? h("span", { class: "waits" }, icon("clock"), item.waits)
      : h("span", { class: "ago" }, item.ago);
    const said = item.writing
      ? h("span", { class: "said typed" }, dots(), t("desk.typing.customer"))
      : h("span", { class: "said" }, h("span", { class: "by" }, `${item.author}: `), item.text);
    const tags = [
      badge(this.#strings, item.why),
      tag(item.message ? t("desk.message_left") : null, "message", "mail"),
      tag(item.reason),
      tag(item.skill),
      tag(item.language),
      tag(item.agent, "", "person"),
    ].filter(Boolean);
    element.replaceChildren(
      h("span", { class: "top" }, h("b", {}, t("desk.untitled", { id: shortened(item.id) })), when),
      h("span", { class: "middle" }, said, this.#unread(item.unread)),
      h("span", { class: "tags" }, ...tags),
    );
  }

  #unread(count) {
    if (!count) return null;
    return h(
      "span",
      { class: "new" },
      h("span", { "aria-hidden": "true" }, String(Math.min(count, 99))),
      h("span", { class: "aside" }, this.#strings.t("desk.unread", { count })),
    );
  }

  #key(event) {
    const rows = [...this.element.querySelectorAll(".row")];
    const place = rows.indexOf(event.target);
    const steps = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: rows.length - 1 };
    const next = rows[steps[event.key]];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}
