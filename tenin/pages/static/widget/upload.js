/**
 * Files in the chat: sent while a person serves, shown whoever does. What the
 * server gives is fetched with the session's token and drawn on a canvas or saved; no address of it
 * stands in the page.
 */

import { h, icon } from "../common/dom.js";
import { Tray, UploadQueue, bytes, drawPicture, postFile, sheet } from "../common/uploads.js";
import { bearer, get } from "./server.js";
import { FILES } from "./stored.js";

const BASE = new URL("../../chat/files", import.meta.url);
const WIDE = 240; // pixels of a picture in the conversation
const LARGE = 2400;

const DRAFT = "files"; // among the chat's drafts: gone with the session, kept by a panel made anew

export class Upload {
  #strings;
  #chat;
  #tray;
  #queue;
  #root;
  #panel;
  #recalled = false;
  #served = null; // for whom the limits were asked

  /** @param {import("./panel.js").Panel} panel */
  constructor({ strings, chat, composer, element }) {
    this.#strings = strings;
    this.#chat = chat;
    if (!chat.drafts.has(DRAFT)) chat.drafts.set(DRAFT, queueOf(chat));
    this.#queue = chat.drafts.get(DRAFT);
    this.#panel = element;
    this.#root = element.getRootNode();
    this.#tray = new Tray(strings, this.#queue, composer.input, element);
    composer.element.before(this.#tray.element);
    composer.element.prepend(this.#tray.button);
    const { onChange } = this.#queue;
    this.#queue.onChange = () => {
      this.#keep();
      onChange();
    };
    this.#tray.show("", false);
  }

  update() {
    if (this.#chat.drafts.get(DRAFT) !== this.#queue) this.#leave();
    this.#recall();
    const { owner, agent } = this.#chat.state;
    const served = owner === "agent" ? `${agent}` : null;
    if (served !== this.#served) {
      this.#served = served;
      this.#queue.limits = null;
      if (served) this.#ask(served);
    }
    this.#tray.show("", served !== null && this.#queue.limits !== null);
  }

  /** What waits is kept by name: a page can't keep the file, but can say what became of it. */
  #keep() {
    if (!this.#recalled) return;
    const waiting = this.#queue.entries.filter(({ state }) => state !== "refused");
    const names = waiting.map(({ key, file }) => ({ key, name: file.name }));
    keepNames(names.length > 0 ? { session: this.#chat.session, names } : null);
  }

  /** Says which files were not sent when the page before was left. */
  #recall() {
    const { ready, session, transcript } = this.#chat;
    if (this.#recalled || !ready) return;
    const { session: of, names = [] } = keptNames();
    if (of === session && this.#panel.hidden) return;
    this.#recalled = true;
    const known = new Set([...transcript.lines, ...this.#queue.entries].map(({ key }) => key));
    for (const each of names) if (of === session && !known.has(each.key)) this.#queue.lost(each);
    this.#keep();
  }

  /** Another conversation, perhaps somebody else's: nothing of the one before is sent or seen. */
  #leave() {
    this.#queue.clear();
    this.#chat.drafts.set(DRAFT, this.#queue);
    for (const dialog of this.#root.querySelectorAll("dialog.large")) dialog.close();
  }

  /** What may be sent to whoever serves: another desk's people take none. */
  async #ask(served) {
    const response = await this.#chat.ask((token, signal) => get(BASE, token, signal));
    if (served !== this.#served) return;
    if (response?.ok) this.#queue.limits = await response.json();
    else if (!response || response.status >= 500) this.#served = null; // with the next change, again
    this.#tray.show("", this.#queue.limits !== null);
  }

  /** @returns {HTMLElement} a line's file */
  draw(card) {
    const words = this.#strings.t("upload.save", { name: card.name });
    const about = h(
      "span",
      { class: "about" },
      h("bdi", { class: "name" }, card.name),
      h("span", { class: "size" }, bytes(this.#strings, card.size)),
    );
    const said = h("span", { class: "words", role: "status" });
    const on = { click: () => this.#save(card, said) };
    const save = h("button", { type: "button", class: "save", "aria-label": words, title: words, on }, sheet(), about);
    const place = h("div", { class: "file" }, save, said);
    if (card.width) this.#picture(place, card, said);
    return place;
  }

  async #picture(place, card, said) {
    const scale = Math.min(1, WIDE / card.width, WIDE / card.height);
    const label = this.#strings.t("upload.open", { name: card.name });
    const on = { click: () => this.#enlarge(card, said) };
    const button = h("button", { type: "button", class: "picture", "aria-label": label, hidden: true, on });
    // Its place is kept from the start: what comes later moves nothing.
    const hold = h("canvas", { width: Math.ceil(card.width * scale), height: Math.ceil(card.height * scale) });
    button.append(hold);
    button.hidden = false;
    place.prepend(button);
    await near(button);
    const blob = await this.#fetched(card, said);
    if (!blob) return button.remove();
    const drawn = await drawPicture(blob, WIDE * Math.min(2, devicePixelRatio)).catch(() => null);
    if (!drawn) return button.remove();
    drawn.style.aspectRatio = `${hold.width} / ${hold.height}`;
    drawn.style.width = `${hold.width}px`;
    hold.replaceWith(drawn);
  }

  async #enlarge(card, said) {
    const blob = await this.#fetched(card, said);
    const canvas = blob && (await drawPicture(blob, LARGE).catch(() => null));
    if (!canvas) return;
    const t = (key) => this.#strings.t(key, { name: card.name });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", card.name);
    const close = h("button", { type: "button", on: { click: () => dialog.close() } }, icon("close"), t("upload.close"));
    const save = h("button", { type: "button", on: { click: () => give(blob, card.name) } }, t("upload.save"));
    const attributes = { class: "large", "aria-label": card.name, lang: this.#strings.language };
    const dialog = h("dialog", attributes, canvas, h("div", {}, save, close));
    dialog.addEventListener("close", () => dialog.remove());
    this.#root.append(dialog);
    dialog.showModal();
  }

  async #save(card, said) {
    const blob = await this.#fetched(card, said);
    if (blob) give(blob, card.name);
  }

  async #fetched({ id }, said) {
    const url = new URL(`files/${encodeURIComponent(id)}`, BASE);
    const response = await this.#chat.ask((token) => get(url, token, AbortSignal.timeout(60_000)));
    const blob = response?.ok ? await response.blob().catch(() => null) : null;
    const gone = response?.status === 404;
    said.textContent = blob ? "" : this.#strings.t(gone ? "upload.gone" : "upload.failed");
    return blob;
  }
}

function keptNames() {
  try {
    return JSON.parse(sessionStorage.getItem(FILES)) ?? {};
  } catch {
    return {};
  }
}

function keepNames(names) {
  try {
    if (names) sessionStorage.setItem(FILES, JSON.stringify(names));
    else sessionStorage.removeItem(FILES);
  } catch {
    // refused: then they are lost without a word
  }
}

function queueOf(chat) {
  const queue = new UploadQueue((entry, onProgress, signal) => {
    if (chat.drafts.get(DRAFT) === queue) {
      return chat.ask((token) => postFile(BASE, bearer(token), entry, onProgress, signal));
    }
    queue.clear();
    return Promise.resolve(null);
  });
  return queue;
}


/** Resolves once the element is about to be seen. */
function near(element) {
  return new Promise((resolve) => {
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      watch.disconnect();
      resolve();
    }, { rootMargin: "300px" });
    watch.observe(element);
  });
}

/** Saves it on the device under its name. */
function give(blob, name) {
  const href = URL.createObjectURL(blob);
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
