/**
 * Calls the agent: a sound that is off until switched on, the title of the page,
 * and a region that screen readers read out. No picture moves.
 */

import { h, icon } from "../common/dom.js";
import { shortened } from "./signs.js";

const KEPT = "tenin.desk.sound";
const FLASH = 1_200; // milliseconds
const TONES = { offer: [660, 880], message: [740] };

export class Attention {
  #strings;
  #desk;
  #store;
  #title = document.title;
  #offered = new Set();
  #unread = null; // unread lines by conversation, as they were; null before the first list
  #news = null; // what the title says by turns while nobody looks
  #turn = false;
  #audio = null;
  #loud;
  #polite = h("div", { class: "aside", role: "status" });
  #button;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {import("../common/device.js").Store} store
   * @param {HTMLElement} place for the switch of the sound
   */
  constructor(strings, desk, store, place) {
    this.#strings = strings;
    this.#desk = desk;
    this.#store = store;
    this.#loud = h("div", { class: "aside", role: "alert" });
    this.#button = h("button", { type: "button", class: "sound", on: { click: () => this.#switch() } });
    place.append(this.#button);
    document.body.append(this.#loud, this.#polite);
    this.#drawButton();
    setInterval(() => this.#flash(), FLASH);
    window.addEventListener("focus", () => this.#looked());
    document.addEventListener("visibilitychange", () => this.#looked());
    // A browser plays nothing before the first key or click on the page.
    const unlock = () => this.on && this.#context()?.resume();
    for (const type of ["pointerdown", "keydown"]) window.addEventListener(type, unlock);
  }

  get on() {
    return this.#store.get(KEPT) === "on";
  }

  update() {
    const { conversations } = this.#desk;
    if (conversations === null) return;
    const t = (key, values) => this.#strings.t(key, values);
    const offered = conversations.filter((each) => this.#desk.isOffered(each));
    const fresh = offered.filter(({ id }) => !this.#offered.has(id));
    this.#offered = new Set(offered.map(({ id }) => id));
    for (const { id } of fresh) {
      this.#call("offer", t("desk.offer.of", { name: t("desk.untitled", { id: shortened(id) }) }));
    }
    const mine = conversations.filter((each) => this.#desk.isMine(each));
    for (const { id, unread = 0 } of mine) {
      const more = unread > (this.#unread?.get(id) ?? 0);
      if (more && this.#unread !== null && (id !== this.#desk.openId || !looking())) {
        this.#call("message", t("desk.new_message", { name: t("desk.untitled", { id: shortened(id) }) }));
      }
    }
    this.#unread = new Map(mine.map(({ id, unread = 0 }) => [id, unread]));
    if (fresh.length === 0 && offered.length === 0 && this.#count() === 0) this.#news = null;
    this.#drawTitle();
  }

  /** What waits for somebody: unread lines of one's own, and the queue. */
  #count() {
    const waiting = this.#desk.conversations.filter(({ owner }) => owner === "queue").length;
    const unread = [...(this.#unread?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    return waiting + unread;
  }

  #call(kind, words) {
    const region = kind === "offer" ? this.#loud : this.#polite;
    region.textContent = words;
    if (!looking()) this.#news = words;
    if (this.on) this.#play(TONES[kind]);
  }

  #flash() {
    this.#turn = !this.#turn;
    this.#drawTitle();
  }

  #drawTitle() {
    if (this.#desk.conversations === null) return;
    const count = this.#count();
    const plain = count > 0 ? `(${count}) ${this.#title}` : this.#title;
    document.title = this.#news && this.#turn ? this.#news : plain;
  }

  #looked() {
    if (!looking()) return;
    this.#news = null;
    this.#drawTitle();
  }

  #switch() {
    this.#store.set(KEPT, this.on ? "off" : "on");
    this.#drawButton();
    if (this.on) this.#play(TONES.message); // so that one knows it
  }

  #drawButton() {
    const label = this.#strings.t(this.on ? "desk.sound.on" : "desk.sound.off");
    this.#button.setAttribute("aria-pressed", String(this.on));
    this.#button.setAttribute("aria-label", this.#strings.t("desk.sound.title"));
    this.#button.title = label;
    this.#button.replaceChildren(icon(this.on ? "bell" : "bell_off"));
  }

  #context() {
    this.#audio ??= window.AudioContext ? new AudioContext() : null;
    return this.#audio;
  }

  #play(tones) {
    const audio = this.#context();
    if (!audio) return;
    tones.forEach((frequency, place) => {
      const start = audio.currentTime + place * 0.16;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.32);
    });
  }
}

function looking() {
  return document.visibilityState === "visible" && document.hasFocus();
}
