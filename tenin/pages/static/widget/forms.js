/**
 * The cards that are forms: rate a person's service, leave a message with an address. What is
 * typed stays, whatever is drawn anew and whatever sending comes to: it lies in the chat's drafts.
 * What was sent shows as sent, also after a reload, since the stream's state tells of it.
 */

import { uuid } from "../common/device.js";
import { addIcons, h, icon } from "../common/dom.js";
import { post } from "./server.js";

addIcons({
  star: "M12 3.6l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z",
});

const STARS = 5;
const LONGEST_WORD = 500; // characters; the server's limits
const LONGEST_TEXT = 4000;
const LONGEST_ADDRESS = 254;

/** All forms of one log. */
export class Forms {
  #strings;
  #chat;
  #forms = [];

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./chat.js").Chat} chat
   */
  constructor(strings, chat) {
    this.#strings = strings;
    this.#chat = chat;
  }

  /** @returns {HTMLElement|null} the form for a card of a line; null for a card that is none */
  draw(card, line) {
    const Kind = { rating: RatingForm, contact: ContactForm }[card.type];
    if (!Kind) return null;
    const form = new Kind(this.#strings, this.#chat, card, line);
    this.#forms.push(form);
    form.update();
    return form.element;
  }

  /** Shows each as it is now. */
  update() {
    for (const form of this.#forms) form.update();
  }
}

class Form {
  #error;
  #button;
  #fields;
  #done = h("div", { class: "sent", tabindex: "-1", hidden: true });
  #drawn = null;
  #sending = false;

  constructor(strings, chat, name, label) {
    this.strings = strings;
    this.chat = chat;
    if (!chat.drafts.has(name)) chat.drafts.set(name, {});
    this.draft = chat.drafts.get(name);
    this.#error = h("p", { class: "error", role: "alert", hidden: true });
    this.#button = h("button", { type: "submit" }, label);
    const on = { submit: (event) => this.#submit(event), input: () => this.#typed() };
    this.#fields = h("form", { on });
    this.element = h("div", { class: "card form" }, this.#fields, this.#done);
  }

  /** @param {...Node} fields of the form, in their order */
  fill(...fields) {
    this.#fields.append(...fields, this.#error, this.#button);
    this.#typed();
  }

  /** A field with its label above and a hint below. */
  field(input, label, hint = null) {
    const [name, id] = [input.name, uuid()];
    input.value = this.draft[name] ?? "";
    if (hint) input.setAttribute("aria-describedby", id);
    const below = hint && h("small", { id }, hint);
    return h("div", { class: "field" }, h("label", {}, h("span", {}, label), input), below);
  }

  #typed() {
    for (const { name, type, value, checked } of this.#fields.elements) {
      if (name && (type !== "radio" || checked)) this.draft[name] = value;
    }
    this.typed?.();
    this.#button.disabled = this.#sending || !this.ready();
  }

  ready() {
    return true;
  }

  update() {
    const sent = this.sent();
    const drawn = JSON.stringify(sent);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focused = this.#fields.contains(this.element.getRootNode().activeElement ?? null);
    this.element.hidden = sent === "elsewhere";
    this.#fields.hidden = sent !== null;
    this.#done.hidden = sent === null;
    this.#done.replaceChildren(...(sent === null ? [] : this.done(sent)));
    if (focused && sent !== null) this.#done.focus({ preventScroll: true });
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#sending || !this.ready()) return;
    this.#say("");
    this.#sending = true;
    this.#typed();
    const response = await this.chat.ask((token, signal) => this.post(token, signal));
    const answer = await response?.json().catch(() => null);
    this.#sending = false;
    this.#typed();
    if (response?.ok || response?.status === 409) this.accepted(response.ok);
    else this.#refused(answer?.error?.code);
    this.update();
  }

  #refused(code) {
    const otherwise = navigator.onLine ? "person.form.failed" : "person.form.offline";
    this.#say((code && this.strings.maybe(`errors.${code}`)) ?? this.strings.t(otherwise));
    this.refused?.(code);
  }

  #say(words) {
    this.#error.hidden = words === "";
    this.#error.textContent = words;
    if (words !== "") this.#button.scrollIntoView({ block: "nearest" });
  }
}

class RatingForm extends Form {
  #handoff;
  #stars;
  #kept = null; // what this page has sent; the state tells it soon

  constructor(strings, chat, { handoff }) {
    super(strings, chat, `rating-${handoff}`, strings.t("person.rating.send"));
    this.#handoff = handoff;
    this.#stars = numbers().map((count) => this.#star(count));
    const row = h("div", { class: "stars" }, ...this.#stars);
    const legend = h("legend", {}, strings.t("person.rating.title"));
    const word = h("textarea", { name: "word", rows: "2", maxlength: LONGEST_WORD });
    const field = this.field(word, strings.t("person.rating.word"));
    this.fill(h("fieldset", {}, legend, row), field);
  }

  #star(count) {
    const checked = this.draft.rating === String(count);
    const radio = { type: "radio", name: "rating", class: "unseen", value: count, checked };
    const words = h("span", { class: "unseen" }, this.strings.t("person.rating.star", { count }));
    return h("label", { class: "star" }, h("input", radio), icon("star"), words);
  }

  typed() {
    const chosen = Number(this.draft.rating ?? 0);
    this.#stars?.forEach((star, place) => star.classList.toggle("on", place < chosen));
  }

  ready() {
    return Number(this.draft.rating ?? 0) > 0;
  }

  post(token, signal) {
    const { rating, word = "" } = this.draft;
    const body = { handoff: this.#handoff, rating: Number(rating), word: word.trim() || null };
    return post("chat/rating", token, body, { signal });
  }

  accepted(fresh) {
    if (fresh) this.#kept = Number(this.draft.rating);
  }

  sent() {
    return this.chat.state.ratings[this.#handoff] ?? this.#kept;
  }

  done(count) {
    const words = this.strings.t("person.rating.done", { count });
    const stars = numbers().map((place) =>
      h("span", { class: place <= count ? "star on" : "star" }, icon("star")),
    );
    return [h("div", { class: "stars", "aria-hidden": "true" }, ...stars), h("p", {}, words)];
  }
}

class ContactForm extends Form {
  #line;
  #address;
  #kept = null;

  constructor(strings, chat, _, line) {
    super(strings, chat, `contact-${line.id}`, strings.t("person.contact.send"));
    this.#line = line;
    const t = (key) => strings.t(`person.contact.${key}`);
    const address = { type: "email", name: "address", required: true, maxlength: LONGEST_ADDRESS };
    this.#address = h("input", { ...address, autocomplete: "email", autocapitalize: "none" });
    const text = h("textarea", { name: "text", rows: "3", maxlength: LONGEST_TEXT });
    this.fill(
      h("b", {}, t("title")),
      this.field(text, t("text"), t("text_hint")),
      this.field(this.#address, t("address"), t("hint")),
    );
  }

  typed() {
    this.#address.removeAttribute("aria-invalid");
  }

  /** The same content keeps its key through all tries. */
  post(token, signal) {
    const { address = "", text = "" } = this.draft;
    const body = { address: address.trim(), text: text.trim() || null };
    const content = JSON.stringify(body);
    if (this.draft.content !== content) Object.assign(this.draft, { content, key: uuid() });
    return post("chat/contact", token, body, { key: this.draft.key, signal });
  }

  accepted() {
    this.#kept = { address: this.draft.address.trim() };
  }

  refused(code) {
    if (code !== "bad_address") return;
    this.#address.setAttribute("aria-invalid", "true");
    this.#address.focus({ preventScroll: true });
  }

  /** Only the last form can be filled in, and only the last before what was sent shows that. */
  sent() {
    const { contact } = this.chat.state;
    const cards = this.chat.transcript.lines.filter(({ cards }) =>
      cards?.some(({ type }) => type === "contact"),
    );
    const sent = Date.parse(contact?.at ?? "");
    const before = cards.filter(({ at }) => Date.parse(at) <= sent).at(-1);
    if (before?.id === this.#line.id) return { address: contact.address };
    if (cards.at(-1)?.id === this.#line.id) return this.#kept;
    return "elsewhere";
  }

  done({ address }) {
    const words = (key) => this.strings.t(`person.contact.${key}`, { address });
    return [h("p", {}, icon("check"), address ? words("done_mail") : words("done"))];
  }
}

function numbers() {
  return Array.from({ length: STARS }, (_, place) => place + 1);
}
