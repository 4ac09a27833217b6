/**
 * The quiet bar above the lines while a customer waits for a person: what they were last
 * promised, in words. It is read aloud when it changes, at most once a minute: what it says
 * first is said by a line as well.
 */

import { h, icon } from "../common/dom.js";

const QUIET = 60_000; // milliseconds between two announcements
const HEARD = 5000; // so long the words stay where a screen reader finds them to announce
const WEEK = 6 * 86_400_000;

export class WaitingBar {
  #strings;
  #text = h("span");
  #live = h("span", { class: "unseen", role: "status" });
  #shown = "";
  #spoken = "";
  #spokenAt = 0;
  #timer = 0;

  /** @param {import("../common/strings.js").Strings} strings */
  constructor(strings) {
    this.#strings = strings;
    const label = strings.t("person.waiting.label");
    const bar = { class: "waiting", role: "group", "aria-label": label, hidden: true };
    this.element = h("div", bar, icon("clock"), this.#text, this.#live);
  }

  /** @param {object} state as the stream tells it */
  update(state) {
    const words = inWords(this.#strings, state);
    if (words === this.#shown) return;
    const first = this.#shown === "";
    this.#shown = words;
    this.#text.textContent = words;
    this.element.hidden = words === "";
    if (first || words === "") this.#begin();
    else this.#timer ||= setTimeout(() => this.#announce(), this.#left());
  }

  /** What stands there now is known. */
  #begin() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#spoken = this.#shown;
    this.#spokenAt = performance.now();
    this.#live.textContent = "";
  }

  #left() {
    return Math.max(0, this.#spokenAt + QUIET - performance.now());
  }

  #announce() {
    this.#timer = 0;
    if (this.#shown === this.#spoken) return;
    const words = this.#shown;
    this.#begin();
    this.#live.textContent = words;
    setTimeout(() => {
      if (this.#live.textContent === words) this.#live.textContent = "";
    }, HEARD);
  }
}

/**
 * @param {import("../common/strings.js").Strings} strings
 * @param {{waiting: object|null, contact: object|null}} state
 * @returns {string} "" where nobody waits
 */
export function inWords(strings, { waiting, contact }) {
  if (!waiting) return "";
  const { kind, place, low, high, opens, closes } = waiting;
  const say = (key, values) => strings.t(`person.waiting.${key}`, values);
  const range = () => {
    if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
    return low === high ? say("range", { count: low }) : say("span", { low, high });
  };
  const parts = () => {
    switch (kind) {
      case "queued":
        return [say("place", { place }), range()];
      case "nobody":
        return [place ? say("place", { place }) : null, say("nobody")];
      case "closing":
        return [
          say("place", { place }),
          range(),
          closes ? say("closing", { closes: moment(strings, closes) }) : null,
        ];
      case "closed":
        return [opens ? say("closed", { opens: moment(strings, opens) }) : say("nobody")];
      case "message":
        if (!contact) return [say("message_open")];
        return [contact.address ? say("message_mail", contact) : say("message")];
      case "elsewhere":
      case "unreachable":
        return [say(kind)];
      default:
        return [strings.t("widget.owner.queue")];
    }
  };
  return parts().filter(Boolean).join(" · ");
}

/** A time near enough to go without its date. */
function moment(strings, iso) {
  const at = new Date(iso);
  const now = new Date();
  if (at.toDateString() === now.toDateString()) return strings.time(at);
  if (at - now > WEEK) return strings.moment(at);
  const style = { weekday: "short", hour: "numeric", minute: "2-digit" };
  return new Intl.DateTimeFormat(strings.language, style).format(at);
}
