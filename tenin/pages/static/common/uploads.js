/**
 * Files on their way to the other side: chosen, dropped or pasted, looked at before they are sent,
 * one after the other, each with its idempotency key, again and again while there is no connection.
 * Used by the widget and the desk, which load it when files can be sent; words in upload.json.
 */

import { backoff } from "./backoff.js";
import { uuid } from "./device.js";
import { h, icon } from "./dom.js";
import { KeyedList } from "./keyed.js";
import { after } from "./outgoing.js";

const STALLED = 60_000; // milliseconds without progress
const PASSING = new Set([408, 425, 429]); // 4xx that time mends, like any 5xx
const CLIP = "M19.5 11.5l-7.6 7.6a4.9 4.9 0 0 1-7-7l8.2-8.1a3.3 3.3 0 0 1 4.6 4.6l-8 8a1.6 1.6 0 0 1-2.3-2.3l7.3-7.3";
const SHEET = "M6.5 3.5h7.5l4 4v13H6.5zM14 3.5v4h4";
const SMALL = 88; // pixels of a preview

/** The files that wait, in order. They stay in memory alone: a page that is left forgets them. */
export class UploadQueue {
  #post;
  #running = false;
  #failures = 0;
  #wake = null;

  /** @type {object[]} `{key, place, file, state, part, until, error}`; "waiting", "sending", "retrying", "refused" */
  entries = [];
  /** What the server takes: `{types, endings, max_bytes}`, null until it has said so. */
  limits = null;
  onChange = () => {};
  /** @type {(file: File) => void} */
  onSent = () => {};

  /**
   * @param {(entry: object, onProgress: (part: number) => void, signal: AbortSignal) =>
   *     Promise<Response|null>} post null where there was no answer
   */
  constructor(post) {
    this.#post = post;
    window.addEventListener("online", () => this.#wake?.());
  }

  /** @param {Iterable<File>} files @param {string} [place] the conversation, where there are several */
  add(files, place = "") {
    for (const file of files) {
      const error = this.#fault(file);
      const state = error ? "refused" : "waiting";
      this.entries.push({ key: uuid(), place, file, state, part: 0, until: 0, error, stop: null });
    }
    this.onChange();
    this.#run();
  }

  /** One that was not sent when its page was left: all that is left of it is its name. */
  lost({ key, name }, place = "") {
    const file = { name, type: "", size: 0 };
    this.entries.push({ key, place, file, state: "refused", part: 0, until: 0, error: { code: "lost" }, stop: null });
    this.onChange();
  }

  /** What is wrong with a file before it is sent; the server looks again, into it. */
  #fault({ name, type, size }) {
    if (size === 0) return { code: "file_empty" };
    if (!this.limits) return null;
    const { types, endings, max_bytes: most } = this.limits;
    const known = types.includes(type) || endings.some((ending) => name.toLowerCase().endsWith(ending));
    if (!known) return { code: "file_type" };
    return size > most ? { code: "file_too_large" } : null;
  }

  remove(key) {
    const entry = this.entries.find((other) => other.key === key);
    this.entries = this.entries.filter((other) => other !== entry);
    entry?.stop?.abort();
    this.#wake?.();
    this.onChange();
  }

  /** Lets go of all. */
  clear() {
    for (const { key } of this.entries) this.remove(key);
  }

  /** Tries at once what waits to be tried again, or was refused, with the same key. */
  retry(key) {
    const entry = this.entries.find((other) => other.key === key);
    if (entry?.state === "refused") Object.assign(entry, { state: "waiting", error: null, part: 0 });
    this.#wake?.();
    this.onChange();
    this.#run();
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    for (;;) {
      const entry = this.entries.find(({ state }) => state !== "refused");
      if (!entry) break;
      await this.#send(entry);
    }
    this.#running = false;
  }

  async #send(entry) {
    Object.assign(entry, { state: entry.state === "retrying" ? "retrying" : "sending", part: 0 });
    entry.stop = new AbortController();
    this.onChange();
    const onProgress = (part) => {
      Object.assign(entry, { part, state: "sending" });
      this.onChange();
    };
    const response = await this.#post(entry, onProgress, entry.stop.signal);
    const answer = await response?.json().catch(() => null);
    if (!this.entries.includes(entry)) return; // let go of meanwhile
    const status = response?.status ?? 0;
    if (response?.ok) {
      this.#failures = 0;
      this.entries = this.entries.filter((other) => other !== entry);
      this.onSent(entry.file);
    } else if (status >= 400 && status < 500 && !PASSING.has(status)) {
      this.#failures = 0;
      const { code = "", message = "" } = answer?.error ?? {};
      // Only what is refused for the conversation's sake is worth trying again as it is.
      Object.assign(entry, { state: "refused", error: { code, message, again: status === 409 } });
    } else {
      const wait = Math.max(after(response), backoff(this.#failures));
      Object.assign(entry, { state: "retrying", until: status === 429 ? Date.now() + wait : 0 });
      this.onChange();
      await this.#pause(wait);
      this.#failures += 1;
    }
    this.onChange();
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/**
 * Posts a file and tells how far it is, which fetch() can't.
 * @param {URL} url
 * @param {object} headers
 * @param {object} entry of an UploadQueue
 * @returns {Promise<Response>} rejects where there is no answer
 */
export function postFile(url, headers, { key, file }, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    const all = { ...headers, "Idempotency-Key": key, "X-File-Name": encodeURIComponent(file.name || "file") };
    for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
    let timer = 0;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED);
    };
    const fail = () => reject(new Error("no answer"));
    request.upload.onprogress = ({ loaded, total }) => {
      alive();
      onProgress(total ? loaded / total : 0);
    };
    request.onload = () => {
      const { status, responseText } = request;
      const headers = { "Retry-After": request.getResponseHeader("Retry-After") ?? "" };
      resolve(new Response(responseText, { status, headers }));
    };
    request.onerror = fail;
    request.onabort = fail;
    request.onloadend = () => clearTimeout(timer);
    signal.addEventListener("abort", () => request.abort());
    alive();
    request.send(file);
  });
}

/** What is to be seen of a queue: the button, the rows above the answer box. */
export class Tray {
  #strings;
  #queue;
  #input;
  #list;
  #rows;
  #said = h("p", { class: "unseen", role: "status" });
  #chooser = h("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true" });
  #place = "";
  #previews = new WeakMap(); // of files

  /** Chooses files; to be put beside the answer box. */
  button;
  /** The rows; to be put above it. */
  element;

  /**
   * @param {import("./strings.js").Strings} strings with the part "upload"
   * @param {UploadQueue} queue
   * @param {HTMLTextAreaElement} input the answer box, where a picture may be pasted
   * @param {HTMLElement} target where files may be dropped
   */
  constructor(strings, queue, input, target) {
    this.#strings = strings;
    this.#queue = queue;
    this.#input = input;
    const words = strings.t("upload.attach");
    const click = () => this.#chooser.click();
    const label = { type: "button", class: "attach", "aria-label": words, title: words };
    this.button = h("button", { ...label, on: { click } }, drawn(CLIP));
    this.#list = h("ul", { "aria-label": strings.t("upload.list") });
    this.#rows = new KeyedList(this.#list, (part, item) => this.#draw(part, item), () => h("li"));
    this.element = h("div", { class: "tray" }, this.#list, this.#said, this.#chooser);
    this.#chooser.addEventListener("change", () => {
      this.#add(this.#chooser.files);
      this.#chooser.value = "";
    });
    input.addEventListener("paste", (event) => this.#paste(event));
    this.#dropped(target);
    queue.onChange = () => this.update();
    queue.onSent = ({ name }) => this.#say(strings.t("upload.sent", { name }));
  }

  /** @param {string} place of which conversation @param {boolean} open whether files are taken */
  show(place, open) {
    this.#place = place;
    const { limits } = this.#queue;
    this.button.hidden = !open || !limits?.types.length;
    if (limits) this.#chooser.accept = [...limits.types, ...limits.endings].join();
    this.update();
  }

  update() {
    const entries = this.#queue.entries.filter(({ place }) => place === this.#place);
    const active = this.element.getRootNode().activeElement;
    const focused = this.#list.contains(active);
    this.#rows.update(
      entries.map(({ key, state, part, until, error, file }) => {
        const percent = Math.round(part * 100);
        return { key, state, percent, until, error, name: file.name, size: file.size, extra: file };
      }),
    );
    this.element.hidden = entries.length === 0 && this.#said.textContent === "";
    if (focused && !active.isConnected) this.#input.focus({ preventScroll: true });
  }

  get #open() {
    return !this.button.hidden;
  }

  #add(files) {
    if (!this.#open || files.length === 0) return;
    this.#say("");
    this.#queue.add(files, this.#place);
  }

  #say(words) {
    this.#said.textContent = words;
    this.update();
  }

  #paste(event) {
    const { files, types } = event.clipboardData;
    // A cell of a table comes as words and as a picture of them: the words are meant.
    if (!this.#open || files.length === 0 || types.includes("text/plain")) return;
    event.preventDefault();
    this.#add([...files]);
  }

  #dropped(target) {
    const over = (event) => {
      if (!this.#open || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      target.classList.toggle("dropping", event.type === "dragover");
      if (event.type === "drop") this.#add([...event.dataTransfer.files]);
    };
    for (const type of ["dragover", "drop"]) target.addEventListener(type, over);
    target.addEventListener("dragleave", () => target.classList.remove("dropping"));
    target.dataset.drop = this.#strings.t("upload.drop");
  }

  #draw(part, { key, state, percent, until, error, name, size, extra: file }) {
    const t = (word, values) => this.#strings.t(word, values);
    const { retry, remove } = { retry: () => this.#queue.retry(key), remove: () => this.#queue.remove(key) };
    if (!part.progress) {
      part.progress = h("progress", { max: "100", "aria-label": t("upload.progress", { name }) });
      part.about = h("span", { class: "about" });
      part.again = h("button", { type: "button", on: { click: retry } }, t("upload.retry"));
      const words = t("upload.cancel", { name });
      const label = { type: "button", class: "cancel", "aria-label": words, title: words };
      part.cancel = h("button", { ...label, on: { click: remove } }, icon("close"));
      part.words = h("span", { class: "words", role: "alert" });
      const file_name = h("bdi", { class: "name" }, name);
      part.about.append(file_name, part.words, part.progress);
      part.element.append(this.#preview(file), part.about, part.again, part.cancel);
    }
    part.element.dataset.state = state;
    part.progress.value = percent;
    part.progress.hidden = state !== "sending";
    part.again.hidden = !(state === "retrying" || error?.again);
    let words = "";
    if (error) words = this.#fault(error, size);
    else if (state === "retrying") {
      const count = Math.ceil((until - Date.now()) / 1000);
      words = count > 0 ? t("upload.limited", { count }) : t("upload.retrying");
    }
    if (part.words.textContent !== words) part.words.textContent = words;
  }

  #fault({ code, message }, size) {
    if (code === "lost") return this.#strings.t("upload.lost");
    const { endings = [], max_bytes: most = 0 } = this.#queue.limits ?? {};
    const types = [...new Set(endings.map((ending) => ending.slice(1).toUpperCase()))].join(", ");
    const values = { types, size: bytes(this.#strings, size), most: bytes(this.#strings, most) };
    const known = this.#strings.maybe(`upload.errors.${code}`, values) ?? this.#strings.maybe(`errors.${code}`);
    return known ?? (message || this.#strings.t("upload.refused"));
  }

  #preview(file) {
    const known = this.#previews.get(file);
    if (known) return known;
    const place = h("span", { class: "preview" }, sheet());
    this.#previews.set(file, place);
    if (file.type.startsWith("image/")) {
      drawPicture(file, SMALL).then((canvas) => place.replaceChildren(canvas)).catch(() => {});
    }
    return place;
  }
}

/**
 * A picture on a canvas: no page's policy has to allow an address for it.
 * @param {Blob} blob
 * @param {number} most pixels of its longer side
 * @returns {Promise<HTMLCanvasElement>} rejects if it is none
 */
export async function drawPicture(blob, most) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas;
}

/** A size in the words of a language. @param {number} count of bytes */
export function bytes(strings, count) {
  const [unit, size] = count < 999_500 ? ["kilobyte", 1000] : ["megabyte", 1_000_000];
  const style = { style: "unit", unit, maximumFractionDigits: size > 1000 ? 1 : 0 };
  return new Intl.NumberFormat(strings.language, style).format(Math.max(count, 1000) / size);
}

/** The sign of a file that is no picture. */
export function sheet() {
  return drawn(SHEET);
}

function drawn(path) {
  const svg = icon("check");
  svg.firstChild.setAttribute("d", path);
  return svg;
}
