/**
 * Who is on the shop's pages now, having agreed to be seen: a button in the bar with their number,
 * and a dialog in which an agent invites one by hand.
 */

import { h } from "../common/dom.js";
import { closer, shown } from "./dialog.js";
import { getVisitors, inviteVisitor } from "./server.js";

const PAUSE = 15_000; // milliseconds between two looks
const LONGEST = 200; // characters; the server's limit

export class Visitors {
  #strings;
  #desk;
  #button;
  #visitors = [];
  #dialog = null;
  #list = h("ul", { class: "visitors" });
  #inviting = null; // the visitor whose form is open

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {HTMLButtonElement} button of templates/desk.html
   */
  constructor(strings, desk, button) {
    this.#strings = strings;
    this.#desk = desk;
    this.#button = button;
    button.addEventListener("click", () => this.#open());
    document.addEventListener("visibilitychange", () => this.#look());
    setInterval(() => this.#look(), PAUSE);
    this.#look();
  }

  update() {
    this.#button.hidden = this.#visitors.length === 0 || !this.#desk.me;
    const words = this.#strings.t("desk.visitors.button", { count: this.#visitors.length });
    if (this.#button.textContent !== words) this.#button.textContent = words;
  }

  async #look() {
    if (document.visibilityState !== "visible") return;
    try {
      this.#visitors = (await getVisitors()).visitors;
    } catch {
      return; // the desk's own connection tells of it
    }
    this.update();
    if (this.#dialog && !this.#inviting) this.#draw();
  }

  #open() {
    const title = h("h2", { id: "visitors-title" }, this.#strings.t("desk.visitors.title"));
    const close = closer(this.#strings, () => this.#dialog.close());
    const lead = h("p", { class: "hint" }, this.#strings.t("desk.visitors.lead"));
    const body = h("div", { class: "body" }, lead, this.#list);
    const dialog = { class: "on-site", "aria-labelledby": "visitors-title" };
    this.#dialog = shown(h("dialog", dialog, h("header", {}, title, close), body));
    this.#dialog.addEventListener("close", () => {
      this.#dialog = this.#inviting = null;
    });
    this.#draw();
  }

  #draw() {
    const rows = this.#visitors.map((visitor) => this.#row(visitor));
    const none = h("li", { class: "empty" }, this.#strings.t("desk.visitors.none"));
    this.#list.replaceChildren(...(rows.length > 0 ? rows : [none]));
  }

  #row(visitor) {
    const { id, page, products, since, visits, language, conversation, invited } = visitor;
    const t = (key, values) => this.#strings.t(key, values);
    const cart = page.cart_value
      ? t("desk.visitors.cart", { count: page.cart_items, value: this.#strings.money(Number(page.cart_value), page.currency) })
      : null;
    const facts = [
      this.#strings.languageName(language),
      this.#strings.duration(Date.now() - new Date(since).getTime()),
      visits > 1 ? t("desk.visitors.visits", { count: visits }) : null,
      cart,
    ];
    const state = conversation ? t("desk.visitors.chatting") : invited ? t("desk.visitors.invited") : null;
    return h(
      "li",
      {},
      h(
        "div",
        { class: "about" },
        h("b", {}, page.title || page.path),
        h("span", { class: "facts" }, facts.filter(Boolean).join(" · ")),
        products.length > 0 ? h("span", { class: "goods" }, products.slice(0, 4).join(t("desk.and"))) : null,
      ),
      state
        ? h("span", { class: "tag" }, state)
        : h("button", { type: "button", on: { click: () => this.#ask(visitor) } }, t("desk.visitors.invite")),
    );
  }

  /** The form in the place of one row; the list holds still meanwhile. */
  #ask(visitor) {
    this.#inviting = visitor;
    const t = (key, values) => this.#strings.t(key, values);
    const field = { id: "invitation", name: "text", rows: "2", maxlength: String(LONGEST), required: true };
    const input = h("textarea", field);
    input.value = t("desk.visitors.suggestion");
    const back = () => {
      this.#inviting = null;
      this.#draw();
    };
    const send = async (event) => {
      event.preventDefault();
      try {
        await inviteVisitor(visitor.id, input.value.trim());
        visitor.invited = true;
      } catch (error) {
        this.#desk.failed(error);
      }
      back();
    };
    const form = h(
      "form",
      { on: { submit: send } },
      h("label", { for: "invitation" }, t("desk.visitors.label", { language: this.#strings.languageName(visitor.language) })),
      input,
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", class: "secondary", on: { click: back } }, t("desk.dialog.cancel")),
        h("button", { type: "submit", class: "primary" }, t("desk.visitors.send")),
      ),
    );
    this.#list.replaceChildren(h("li", { class: "inviting" }, form));
    input.focus();
    input.select();
  }
}
