/**
 * What belongs to a person's service: the bar of who waits, the forms for a rating and for a
 * message, files. Comes when one of them is needed; panel.js owns one.
 */

import { Forms } from "./forms.js";
import { Upload } from "./upload.js";
import { WaitingBar } from "./waiting.js";

export class Person {
  #bar;
  #forms;
  #upload;

  /** @param {import("./panel.js").Panel} panel @param {HTMLElement} place where the bar will stand */
  constructor(panel, place) {
    const { strings, chat } = panel;
    this.#bar = new WaitingBar(strings);
    this.#forms = new Forms(strings, chat);
    this.#upload = new Upload(panel);
    place.replaceWith(this.#bar.element);
  }

  /** @returns {HTMLElement} a card that is a form or a file */
  card(card, line) {
    return card.type === "file" ? this.#upload.draw(card) : this.#forms.draw(card, line);
  }

  /** The chat has changed. */
  update(state) {
    this.#bar.update(state);
    this.#forms.update();
    this.#upload.update();
  }
}
