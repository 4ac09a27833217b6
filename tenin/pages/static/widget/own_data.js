/**
 * "Your data": what is kept in plain words, whether pages seen may be told, saving all of it as a
 * file, erasing it. Stands in the place of the chat while it is open; comes when it is first asked for.
 */

import { wantsPrivacy } from "../common/device.js";
import { h } from "../common/dom.js";
import { get, post } from "./server.js";

const FREE = 10_000; // milliseconds until a file's address is given back
const ERASING = 30_000; // the server waits for an answer that is being written

export class OwnData {
  #panel;
  #strings;
  #chat;
  #data = null;
  #element;
  #body = h("div", { class: "kept" });
  #said = h("p", { class: "said", role: "status" });
  #heading;
  #erased = false;

  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    const { strings, chat } = panel;
    this.#panel = panel;
    this.#strings = strings;
    this.#chat = chat;
    const t = (key) => strings.t(key);
    this.#heading = h("h3", { id: "own-data", tabindex: "-1" }, t("more.privacy.title"));
    this.#element = h(
      "section",
      { class: "own-data", role: "region", "aria-labelledby": "own-data", hidden: true },
      this.#heading,
      this.#body,
      this.#said,
      this.#button(t("more.privacy.back"), () => this.close(), "back"),
    );
    this.#element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.stopPropagation();
      this.close();
    });
    panel.element.append(this.#element);
  }

  async show() {
    this.#erased = false;
    this.#element.hidden = false;
    this.#panel.element.toggleAttribute("data-own", true); // stands in the place of the chat
    this.#heading.focus();
    this.#body.replaceChildren();
    this.#say("");
    const session = this.#chat.session;
    const answer = await this.#chat.ask((token, signal) => get("chat/data", token, signal));
    if (session !== this.#chat.session) return;
    if (!answer?.ok) return this.#say(answer?.status === 403 ? "more.privacy.sign_in" : "more.privacy.failed");
    this.#data = await answer.json();
    this.#draw();
  }

  /** The session is over: what was shown of it goes; that it was erased is still to be read. */
  left() {
    if (!this.#erased) this.close();
  }

  close() {
    if (this.#element.hidden) return;
    this.#data = null;
    this.#body.replaceChildren();
    this.#element.hidden = true;
    this.#panel.element.toggleAttribute("data-own", false);
    if (!this.#panel.element.hidden) this.#panel.composer.focus();
  }

  #draw() {
    const t = (key, values) => this.#strings.t(key, values);
    const { customer, conversations, visitors, mail_addresses: mail } = this.#data;
    const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);
    const count = (name) => sum(conversations.map((each) => each[name]?.length ?? 0));
    const addresses = mail.filter((each) => !each.withdrawn_at).map(({ address }) => address);
    const rows = [
      ["more.privacy.lines", count("lines")],
      ["more.privacy.pages", count("pages")],
      ["more.privacy.visits", sum(visitors.map(({ visits }) => visits))],
      ["more.privacy.products", sum(visitors.map(({ products }) => products.length))],
      ["more.privacy.invitations", sum(visitors.map(({ invitations }) => invitations.filter(({ shown }) => shown).length))],
      ["more.privacy.orders", count("orders_proved")],
      ["more.privacy.wishes", count("restock_wishes")],
      ["more.privacy.ratings", count("ratings")],
      ["more.privacy.files", count("files")],
    ].filter(([, number]) => number > 0);
    const kept = rows.map(([key, number]) => h("li", {}, t(key, { count: number })));
    for (const address of new Set(addresses)) kept.push(h("li", {}, t("more.privacy.address", { address })));
    this.#body.replaceChildren(
      h("p", {}, t(customer ? "more.privacy.all" : "more.privacy.this")),
      h("ul", {}, ...(kept.length > 0 ? kept : [h("li", {}, t("more.privacy.nothing"))])),
      this.#choice(),
      this.#button(t("more.privacy.save"), () => this.#save()),
      this.#erasing(),
    );
  }

  /** Whether pages are told, changed at any time. */
  #choice() {
    const t = (key) => this.#strings.t(key);
    if (wantsPrivacy()) return h("p", { class: "signal" }, t("more.privacy.signal"));
    const box = h("input", { type: "checkbox" });
    box.checked = this.#chat.tells;
    box.addEventListener("change", async () => {
      box.disabled = true;
      const known = await this.#chat.allow(box.checked);
      if (!known) box.checked = !box.checked;
      box.disabled = false;
      this.#say(known ? "" : "more.privacy.failed");
    });
    return h("label", {}, box, t("more.privacy.share"));
  }

  #save() {
    const file = new Blob([JSON.stringify(this.#data, null, 2)], { type: "application/json" });
    const href = URL.createObjectURL(file);
    h("a", { href, download: `chat-${new Date().toISOString().slice(0, 10)}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(href), FREE);
  }

  #erasing() {
    const t = (key) => this.#strings.t(key);
    const place = h("div", { class: "erase" });
    const first = () => this.#button(t("more.privacy.erase"), () => ask());
    const ask = () => {
      const no = this.#button(t("more.privacy.erase_no"), () => {
        place.replaceChildren(first());
        place.firstChild.focus();
      });
      const yes = this.#button(t("more.privacy.erase_yes"), () => this.#erase(yes), "danger");
      place.replaceChildren(h("p", { id: "erase" }, t("more.privacy.erase_sure")), h("div", {}, yes, no));
      yes.setAttribute("aria-describedby", "erase");
      no.focus();
    };
    place.append(first());
    return place;
  }

  async #erase(button) {
    button.disabled = true;
    this.#say("more.privacy.erasing");
    const answer = await this.#chat.ask((token) =>
      post("chat/erase", token, { confirm: true }, { signal: AbortSignal.timeout(ERASING) }),
    );
    button.disabled = false;
    if (answer?.ok) {
      this.#body.replaceChildren();
      this.#data = null;
      this.#erased = true;
      this.#chat.erased();
      this.#say("more.privacy.erased");
      this.#heading.focus();
    } else if (answer?.status === 409) this.#say("more.privacy.busy");
    else this.#say(answer?.status === 403 ? "more.privacy.sign_in" : "more.privacy.failed");
  }

  #say(key) {
    this.#said.textContent = key ? this.#strings.t(key) : "";
  }

  #button(words, listener, kind = null) {
    return h("button", { type: "button", class: kind, on: { click: listener } }, words);
  }
}
