/** Search over all answers, facts of the shop's policy and ready replies: Ctrl+K or Alt+K. */

import { h, icon } from "../common/dom.js";
import { closer, shown } from "./dialog.js";
import * as server from "./server.js";

const PAUSE = 200; // milliseconds without a key before it is searched

export class Search {
  #strings;
  #desk;
  #onInsert;
  #dialog = null;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {(text: string) => void} onInsert one was chosen
   */
  constructor(strings, desk, onInsert) {
    this.#strings = strings;
    this.#desk = desk;
    this.#onInsert = onInsert;
    document.addEventListener("keydown", (event) => {
      const asked = (event.ctrlKey || event.metaKey || event.altKey) && event.code === "KeyK";
      if (!asked || event.shiftKey) return;
      event.preventDefault();
      this.open();
    });
  }

  open() {
    if (this.#dialog || document.querySelector("dialog[open]")) return;
    const t = (key, values) => this.#strings.t(key, values);
    const { mine, open } = this.#desk;
    const language = open?.language ?? this.#strings.language;
    let results = [];
    let active = 0;
    let timer = 0;
    let asked = "";
    const list = h("ul", { id: "found", role: "listbox", "aria-label": t("desk.search.results") });
    const hint = h("p", { class: "hint", role: "status" }, t("desk.search.hint"));
    const input = h("input", {
      type: "search",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "found",
      "aria-autocomplete": "list",
      "aria-label": t("desk.search.title"),
      placeholder: t("desk.search.placeholder"),
      autocomplete: "off",
      on: { input: () => later(), keydown: (event) => key(event) },
    });
    const dialog = h(
      "dialog",
      { class: "search", "aria-label": t("desk.search.title") },
      h("header", {}, icon("search"), input, closer(this.#strings, () => dialog.close())),
      list,
      hint,
    );
    const choose = (place) => {
      const found = results[place];
      if (!found || !mine) return;
      dialog.close();
      this.#onInsert(found.text);
    };
    const draw = () => {
      const rows = results.map(({ kind, title, text }, place) =>
        h(
          "li",
          {
            id: `found-${place}`,
            role: "option",
            "aria-selected": String(place === active),
            on: { click: () => choose(place) },
          },
          h("span", { class: `tag ${kind}` }, t(`desk.kind.${kind}`)),
          h("b", {}, title),
          h("span", { class: "text" }, text),
        ),
      );
      list.replaceChildren(...rows);
      if (rows.length > 0) {
        input.setAttribute("aria-activedescendant", `found-${active}`);
        rows[active].scrollIntoView({ block: "nearest" });
      } else input.removeAttribute("aria-activedescendant");
    };
    const look = async () => {
      const words = input.value.trim();
      asked = words;
      if (!words) {
        results = [];
        hint.textContent = t("desk.search.hint");
        return draw();
      }
      try {
        const found = (await server.search(words, language)).results;
        if (asked !== words) return;
        results = found;
        const done = mine ? "desk.search.found" : "desk.search.found_only";
        hint.textContent = t(results.length > 0 ? done : "desk.search.none", { count: results.length });
      } catch {
        if (asked !== words) return;
        results = [];
        hint.textContent = t("desk.search.failed");
      }
      active = 0;
      draw();
    };
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(look, PAUSE);
    };
    const key = (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && results.length > 0) {
        active = (active + step + results.length) % results.length;
        draw();
      } else if (event.key === "Enter") choose(active);
      else if (event.key === "Escape") dialog.close(); // a search field would only be emptied
      else return;
      event.preventDefault();
    };
    this.#dialog = dialog;
    dialog.addEventListener("close", () => {
      clearTimeout(timer);
      this.#dialog = null;
    });
    shown(dialog);
    input.focus();
  }
}
