/** Files at the desk: a customer's in the transcript, an agent's on their way to the customer. */

import { h } from "../common/dom.js";
import { Tray, UploadQueue, bytes, postFile, sheet } from "../common/uploads.js";
import { fileURL, getFileLimits, postFileTo } from "./server.js";

/** The button beside the answer box, and the rows above it. */
export class Files {
  #desk;
  #tray;
  #queue = new UploadQueue(({ place, ...entry }, onProgress, signal) => {
    const { url, headers } = postFileTo(place);
    return postFile(url, headers, entry, onProgress, signal).catch(() => null);
  });
  #asked = false;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {import("../common/composer.js").Composer} composer
   * @param {HTMLElement} target where files may be dropped
   */
  constructor(strings, desk, composer, target) {
    this.#desk = desk;
    this.#tray = new Tray(strings, this.#queue, composer.input, target);
    composer.element.before(this.#tray.element);
    composer.element.prepend(this.#tray.button);
  }

  /** @param {boolean} answering not a note, which carries no files */
  update(answering) {
    const { openId, mine } = this.#desk;
    if (mine && !this.#asked) this.#ask();
    this.#tray.show(openId ?? "", Boolean(mine && answering && this.#queue.limits));
  }

  async #ask() {
    this.#asked = true;
    this.#queue.limits = await getFileLimits().catch(() => null);
    this.#asked = this.#queue.limits !== null;
    this.#tray.show(this.#desk.openId ?? "", Boolean(this.#desk.mine && this.#queue.limits));
  }
}

/**
 * A file in the transcript: a picture is seen, and opens by itself; all else is saved.
 * @returns {HTMLElement}
 */
export function fileItem(strings, { id, name, size, media_type: type, width, height }) {
  const url = fileURL(id);
  const about = [h("bdi", { class: "name" }, name), h("span", { class: "size" }, bytes(strings, size))];
  const label = strings.t("upload.save", { name });
  const save = h("a", { href: url, download: name, "aria-label": label, title: label }, sheet(), ...about);
  const item = h("li", { class: "file" }, save);
  if (width && type.startsWith("image/")) {
    const open = { href: url, target: "_blank", rel: "noopener", "aria-label": strings.t("upload.open", { name }) };
    const image = h("img", { src: url, alt: name, width, height, loading: "lazy" });
    const link = h("a", { class: "picture", ...open }, image);
    image.addEventListener("error", () => link.remove());
    item.prepend(link);
  }
  return item;
}
