/** A question over the page: a <dialog> with a form, made anew each time and gone when closed. */

import { h, icon } from "../common/dom.js";

let numbers = 0;

/**
 * Asks. Escape or "cancel" closes without an answer; the browser keeps the focus inside
 * and puts it back where it was.
 *
 * @param {import("../common/strings.js").Strings} strings
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.confirm the words of the button that answers
 * @param {Node[]} options.body what is asked, its fields named
 * @param {(values: FormData) => Promise<boolean>|boolean} options.onConfirm false keeps it open
 * @returns {HTMLDialogElement}
 */
export function ask(strings, { title, confirm, body, onConfirm }) {
  const heading = `dialog-${(numbers += 1)}`;
  const t = (key) => strings.t(key);
  const cancel = h(
    "button",
    { type: "button", class: "secondary", on: { click: () => dialog.close() } },
    t("desk.dialog.cancel"),
  );
  const answer = h("button", { type: "submit", class: "primary" }, confirm);
  const form = h(
    "form",
    { method: "dialog", on: { submit: (event) => submit(event) } },
    h("header", {}, h("h2", { id: heading }, title), closer(strings, () => dialog.close())),
    h("div", { class: "body" }, ...body),
    h("footer", {}, cancel, answer),
  );
  const dialog = h("dialog", { class: "question", "aria-labelledby": heading }, form);
  async function submit(event) {
    event.preventDefault();
    answer.disabled = true;
    const done = await onConfirm(new FormData(form));
    answer.disabled = false;
    if (done !== false) dialog.close();
  }
  return shown(dialog);
}

/** Puts a dialog on the page until it is closed; a click beside it closes it. */
export function shown(dialog) {
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("mousedown", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** @returns {HTMLButtonElement} the cross in a dialog's corner */
export function closer(strings, listener) {
  const label = { type: "button", class: "close", "aria-label": strings.t("desk.dialog.close") };
  return h("button", { ...label, on: { click: listener } }, icon("close"));
}

/**
 * Choices of which one is taken.
 * @param {string} legend
 * @param {string} name of the field
 * @param {{value: string, title: string, detail?: string, kind?: string}[]} choices
 * @param {{chosen?: string}} [options]
 * @returns {HTMLFieldSetElement}
 */
export function choices(legend, name, choices, { chosen } = {}) {
  const rows = choices.map(({ value, title, detail, kind }) =>
    h(
      "label",
      { class: kind ? `choice ${kind}` : "choice" },
      h("input", { type: "radio", name, value, required: true, checked: value === chosen }),
      h("span", {}, title),
      detail ? h("span", { class: "detail" }, detail) : null,
    ),
  );
  return h("fieldset", {}, h("legend", {}, legend), ...rows);
}

/** A field of several lines that may stay empty. */
export function remark(name, label, hint) {
  const id = `field-${(numbers += 1)}`;
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    h("textarea", { id, name, rows: "3", maxlength: "2000", "aria-describedby": `${id}-hint` }),
    h("p", { id: `${id}-hint`, class: "hint" }, hint),
  );
}

/** A field of one line that may stay empty. */
export function line(name, label, hint, value = "") {
  const id = `field-${(numbers += 1)}`;
  const about = { "aria-describedby": `${id}-hint`, autocomplete: "off", maxlength: "64" };
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    h("input", { id, name, value, ...about }),
    h("p", { id: `${id}-hint`, class: "hint" }, hint),
  );
}
