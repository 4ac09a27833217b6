/**
 * What is behind the buttons at the chat's head and box: the menu with the language, the sound and
 * "Your data", the microphone; and what a signed-in customer said on other devices. Comes when the
 * first of it is asked for; panel.js owns one.
 */

import { EarlierChats } from "./history.js";
import { openMenu } from "./menu.js";
import { OwnData } from "./own_data.js";
import { blipOnce } from "./sound.js";
import { dictate } from "./speech.js";

export class More {
  #panel;
  #session;
  #history = null;
  #view = null;

  /** A sound for a line that nobody looks at. */
  sound = blipOnce;

  /** @param {import("./panel.js").Panel} panel */
  constructor(panel) {
    this.#panel = panel;
    this.#session = panel.chat.session;
  }

  /** @param {HTMLElement} opener the button: the focus goes back there */
  menu(opener) {
    openMenu(this.#panel, opener, () => {
      this.#view ??= new OwnData(this.#panel);
      this.#view.show();
    });
  }

  /** @param {HTMLElement} button of the microphone */
  dictate(button) {
    dictate(this.#panel, button);
  }

  /** The panel was opened. */
  opened() {
    if (this.#panel.chat.signedIn) this.#history?.look();
  }

  /** The panel was closed. */
  closed() {
    this.#view?.close();
  }

  /** The chat has changed. */
  update() {
    const { session, signedIn, ready } = this.#panel.chat;
    this.#history?.update();
    if (session !== this.#session) this.#view?.left();
    this.#session = session;
    if (this.#history || !signedIn || !ready || !session) return;
    this.#history = new EarlierChats(this.#panel);
    this.#history.look();
  }
}
