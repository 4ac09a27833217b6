/**
 * The menu at the chat's head: the language, the sound, reading aloud, the way to "Your data". What
 * is chosen is kept on the device: whoever sees the menu has opened the chat.
 */

import { Store } from "../common/device.js";
import { addIcons, h, icon } from "../common/dom.js";
import { blip } from "./sound.js";
import * as speech from "./speech.js";
import { SOUND } from "./stored.js";

addIcons({
  bell: "M6 10a6 6 0 0 1 12 0v4l1.8 2.8H4.2L6 14zM10 20a2.2 2.2 0 0 0 4 0",
  person: "M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c.8-3.6 3.6-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
  globe: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM3.5 12h17M12 3.5c5.5 5 5.5 12 0 17M12 3.5c-5.5 5-5.5 12 0 17",
  speaker: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11",
});

const LANGUAGES = new URL("../locale/index.json", import.meta.url);
const store = new Store();

/**
 * @param {object} panel see panel.js
 * @param {HTMLElement} opener the button that opened it: the focus goes back there
 * @param {() => void} onOwnData "Your data" was chosen
 * @returns {Promise<HTMLElement>} the menu, open; it removes itself
 */
export async function openMenu(panel, opener, onOwnData) {
  const { strings, chat } = panel;
  const { languages } = await (await fetch(LANGUAGES)).json();
  const away = new AbortController();
  const close = (back = true) => {
    away.abort();
    menu.remove();
    opener.setAttribute("aria-expanded", "false");
    if (back) opener.focus();
  };
  const t = (key) => strings.t(`more.menu.${key}`);
  const menu = h(
    "div",
    { class: "menu", role: "group", "aria-label": t("title") },
    languageChoice(strings, languages, (language) => {
      close();
      chat.speak(language);
    }),
    toggle("bell", t("sound"), store.get(SOUND) === "1", (on) => {
      if (on) store.set(SOUND, "1");
      else store.remove(SOUND);
      if (on) blip();
      panel.listen();
    }),
    "speechSynthesis" in window
      ? toggle("speaker", t("aloud"), speech.isReading(), (on) => speech.readAloud(panel, on))
      : null,
    h(
      "button",
      { type: "button", class: "own", on: { click: () => [close(), onOwnData()] } },
      icon("person"),
      strings.t("more.privacy.entry"),
    ),
  );
  const { signal } = away;
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation(); // the chat itself stays open
    close();
  });
  menu.addEventListener("close", () => close(), { signal });
  panel.element.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target) && !opener.contains(event.target)) close(false);
  }, { signal });
  panel.element.addEventListener("focusin", (event) => {
    if (!menu.contains(event.target) && event.target !== opener) close(false);
  }, { signal });
  opener.setAttribute("aria-expanded", "true");
  panel.element.querySelector("header").after(menu);
  menu.querySelector("[aria-pressed='true']").focus();
  return menu;
}

/** Each language by its own name. */
function languageChoice(strings, languages, choose) {
  const options = languages.map((code) => {
    const now = code === strings.language;
    const state = { type: "button", lang: code, "aria-pressed": String(now) };
    const on = { click: () => choose(code) };
    return h("button", { ...state, on }, h("span", {}, strings.languageName(code, code)), icon("check"));
  });
  const legend = h("legend", {}, icon("globe"), strings.t("more.menu.language"));
  return h("fieldset", {}, legend, ...options);
}

function toggle(name, label, on, change) {
  const click = () => {
    const next = button.getAttribute("aria-checked") !== "true";
    button.setAttribute("aria-checked", String(next));
    change(next);
  };
  const state = { type: "button", role: "switch", "aria-checked": String(on), on: { click } };
  const button = h("button", state, icon(name), h("span", {}, label), h("i", { "aria-hidden": "true" }));
  return button;
}
