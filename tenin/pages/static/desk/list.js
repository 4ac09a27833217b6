/** The desk's left side: the conversations in groups, who waits how long, what was said last. */

import { h, icon } from "../common/dom.js";
import { KeyedList } from "../common/keyed.js";

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
    const { id, owner, language, reason, asked, waiting_since: since, last, agent } = conversation;
    const now = Date.now();
    const lasting = (at) => now - new Date(at).getTime();
    return {
      kind: "row",
      key: id,
      id,
      owner,
      agent: owner === "agent" && !this.#desk.isMine(conversation) ? agent?.name : null,
      current: id === this.#desk.openId,
      language: this.#strings.languageName(language),
      reason: reason ? (this.#strings.maybe(`desk.reason.${reason}`) ?? reason) : null,
      asked: owner === "queue" && asked > 1 ? asked : 0,
      waits: owner === "queue" && since ? this.#waits(lasting(since)) : null,
      ago: last ? this.#strings.ago(lasting(last.at)) : "",
      author: last ? this.#strings.t(`desk.author.${last.author}`) : "",
      text: last?.text ?? "",
    };
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
    element.className = ["row", item.owner].join(" ");
    element.dataset.conversation = item.id;
    if (item.current) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
    const tag = (text, kind = "") => (text ? h("span", { class: `tag ${kind}` }, text) : null);
    element.replaceChildren(
      h(
        "span",
        { class: "top" },
        h("b", {}, t("desk.untitled", { id: shortened(item.id) })),
        item.waits
          ? h("span", { class: "waits" }, icon("clock"), item.waits)
          : h("span", { class: "ago" }, item.ago),
      ),
      h("span", { class: "said" }, h("span", { class: "by" }, `${item.author}: `), item.text),
      h(
        "span",
        { class: "tags" },
        ...[
          tag(item.language),
          tag(item.agent),
          tag(item.owner === "queue" ? item.reason : null),
          tag(item.asked ? t("desk.asked", { count: item.asked }) : null, "urgent"),
        ].filter(Boolean),
      ),
    );
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const rows = [...this.element.querySelectorAll(".row")];
    const next = rows[rows.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

/** Shows a conversation (null: none) by way of the address, so that the browser's back works. */
export function go(id) {
  location.hash = id ? `#${id}` : "";
}

/** Enough of an id to tell two conversations apart at a glance. */
export function shortened(id) {
  return id.slice(-5).toUpperCase();
}
