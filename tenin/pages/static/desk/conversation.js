/** The desk's middle: whose the open conversation is, what may be done, transcript, answer box. */

import { h, icon } from "../common/dom.js";
import { confirmHandBack, markLine, resolveDialog, transferDialog } from "./actions.js";
import { badge, go, shortened } from "./signs.js";
import { Transcript } from "./transcript.js";
import { Writing } from "./writing.js";

export class ConversationView {
  #strings;
  #desk;
  #shown = null;
  #title = h("h2", { tabindex: "-1" });
  #about = h("p", { class: "about" });
  #errands = h("ul", { class: "errands" });
  #buttons = {};
  #transcript;
  #watching = h("p", { class: "watching" });
  #empty;
  #body;

  /** The answer box. */
  writing;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {HTMLElement} element to be filled
   * @param {{onSearch: () => void}} options
   */
  constructor(strings, desk, element, { onSearch }) {
    this.#strings = strings;
    this.#desk = desk;
    const t = (key) => strings.t(key);
    const button = (name, kind, words, listener) => {
      const on = { click: () => listener(desk.open) };
      this.#buttons[name] = h("button", { type: "button", class: kind, on }, words);
      return this.#buttons[name];
    };
    const back = h(
      "button",
      { type: "button", class: "back", "aria-label": t("desk.back"), on: { click: () => go(null) } },
      icon("back"),
    );
    this.#buttons.card = h(
      "button",
      {
        type: "button",
        class: "case",
        "aria-label": t("desk.card.open"),
        title: t("desk.card.open"),
        on: { click: () => go(desk.openId, "card") },
      },
      icon("card"),
    );
    this.#transcript = new Transcript(strings, desk, {
      onEdit: (entry) => this.writing.edit(entry),
      onExample: (line) => markLine(strings, desk, line),
      onEnd: () => this.#seen(),
    });
    document.addEventListener("visibilitychange", () => this.#seen());
    window.addEventListener("focus", () => this.#seen());
    const onSend = () => {
      this.#transcript.atEnd = true;
    };
    this.writing = new Writing(strings, desk, { onSend, onSearch });
    const actions = h(
      "div",
      { class: "actions" },
      button("take", "primary", "", (open) => desk.change("take", open)),
      button("decline", "secondary", t("desk.offer.decline"), (open) => desk.change("decline", open)),
      button("handback", "secondary", t("desk.handback"), (open) => confirmHandBack(strings, desk, open)),
      button("transfer", "secondary", t("desk.transfer.button"), (open) => transferDialog(strings, desk, open)),
      button("resolve", "primary", t("desk.resolve.button"), (open) => resolveDialog(strings, desk, open)),
    );
    const who = h("div", { class: "who" }, this.#title, this.#about);
    this.#empty = h("div", { class: "choose" }, icon("bubble"), h("p", {}, t("desk.choose")));
    this.#body = h(
      "div",
      { class: "open" },
      h("header", {}, back, who, actions, this.#buttons.card),
      this.#errands,
      this.#transcript.element,
      h("div", { class: "foot" }, this.#watching, this.writing.element),
    );
    element.replaceChildren(this.#empty, this.#body);
  }

  update() {
    const { openId, open, mine, busy } = this.#desk;
    this.#empty.hidden = openId !== null;
    this.#body.hidden = openId === null;
    const switched = openId !== this.#shown;
    if (switched) this.#transcript.clear();
    this.#shown = openId;
    if (openId === null) return this.writing.update();
    const t = (key, values) => this.#strings.t(key, values);
    this.#title.textContent = t("desk.untitled", { id: shortened(openId) });
    if (switched) this.#title.focus({ preventScroll: true });
    const offered = this.#desk.isOffered(open);
    const free = open && open.owner !== "agent";
    this.#show("take", free, busy);
    this.#show("decline", offered, busy);
    for (const name of ["handback", "transfer", "resolve"]) this.#show(name, mine, busy);
    const taking = offered ? "desk.offer.accept" : open?.owner === "bot" ? "desk.take_over" : "desk.take";
    this.#buttons.take.textContent = t(taking);
    const name = open?.agent?.name ?? "";
    this.#watching.hidden = mine;
    this.#watching.textContent = open ? t(`desk.watching.${open.owner}`, { name }) : "";
    this.#drawAbout(name);
    const errands = (open?.errands ?? []).map((errand) => this.#errand(errand));
    this.#errands.hidden = errands.length === 0;
    this.#errands.replaceChildren(...errands);
    this.#transcript.update();
    this.writing.update();
    this.#seen();
  }

  /** The head of the conversation takes the focus, as after coming back to it on a phone. */
  focusHead() {
    (this.#buttons.card.offsetParent ? this.#buttons.card : this.#title).focus();
  }

  #show(name, shown, busy) {
    const button = this.#buttons[name];
    const focused = document.activeElement === button;
    button.hidden = !shown;
    button.disabled = busy;
    // What was done took the button away: the focus stays near.
    if (focused && !shown) this.#title.focus({ preventScroll: true });
  }

  #drawAbout(name) {
    const { open, mine } = this.#desk;
    const t = (key, values) => this.#strings.t(key, values);
    if (!open) return this.#about.replaceChildren(t("desk.loading"));
    const kind = mine ? "mine" : open.owner;
    this.#about.replaceChildren(
      ...[
        h("span", { class: `owner ${kind}` }, t(`desk.owner.${kind}`, { name })),
        h("span", {}, this.#strings.languageName(open.language)),
        open.owner === "bot" ? null : badge(this.#strings, open),
        open.awaiting === "message" && open.owner !== "bot"
          ? h("span", { class: "tag message" }, icon("mail"), t("desk.message_left"))
          : null,
      ].filter(Boolean),
    );
  }

  /** Told to the server once the end is in view of somebody who looks. */
  #seen() {
    const visible = document.visibilityState === "visible" && document.hasFocus();
    if (this.#shown && visible && this.#transcript.atEnd) this.#desk.seen();
  }

  /** What the customer was about with an order, and what the shop's system left for a person. */
  #errand({ need, failed, order, proved, item, wish }) {
    const t = (key, values) => this.#strings.t(key, values);
    const what = this.#strings.maybe(`desk.errand.need.${need}`) ?? t("desk.errand.other");
    const mark = { true: "desk.errand.proved", false: "desk.errand.unproved" }[proved];
    const number = order && h("span", {}, t("desk.errand.order", { number: order }));
    if (number && mark) number.append(" ", h("i", { class: proved ? "proved" : "unproved" }, t(mark)));
    const wishes = Object.entries(wish).map(([kind, values]) =>
      h("span", {}, t(`desk.errand.${kind}`, { value: values.join(" / ") })),
    );
    const label = t(failed ? "desk.errand.failed" : "desk.errand.about");
    return h(
      "li",
      { class: failed && "failed" },
      h("b", {}, failed ? icon("alert") : null, label),
      h("span", {}, what),
      number,
      item && h("span", {}, item),
      ...wishes,
    );
  }
}
