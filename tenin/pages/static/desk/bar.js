/** The bar over the desk: the agent and whether they take conversations, the connection, notices. */

import { h, icon } from "../common/dom.js";
import { signOut } from "./server.js";

const PRESENCES = ["online", "busy", "away"];

export class Bar {
  #strings;
  #desk;
  #parts;
  #presence;

  /**
   * @param {import("../common/strings.js").Strings} strings
   * @param {import("./model.js").Desk} desk
   * @param {{connection: HTMLElement, agent: HTMLElement, leads: HTMLElement, train: HTMLElement,
   *     presence: HTMLElement, leave: HTMLFormElement, notice: HTMLElement}} parts of templates/desk.html
   */
  constructor(strings, desk, parts) {
    this.#strings = strings;
    this.#desk = desk;
    this.#parts = parts;
    const options = PRESENCES.map((value) => h("option", { value }, strings.t(`desk.presence.${value}`)));
    this.#presence = h(
      "select",
      {
        "aria-label": strings.t("desk.presence.title"),
        on: { change: () => desk.setPresence(this.#presence.value) },
      },
      ...options,
    );
    parts.leave.addEventListener("submit", (event) => {
      event.preventDefault(); // a script needs no token of a form
      signOut().then(
        () => location.assign("/desk/sign-in"),
        (error) => desk.failed(error),
      );
    });
    parts.presence.replaceChildren(h("i", { "aria-hidden": "true" }), this.#presence);
  }

  update() {
    const { me, connection } = this.#desk;
    const { agent, leads, train, presence } = this.#parts;
    const state = this.#strings.t(`desk.connection.${connection}`);
    if (this.#parts.connection.textContent !== state) this.#parts.connection.textContent = state;
    this.#parts.connection.dataset.state = connection;
    agent.textContent = me?.name ?? "";
    agent.title = this.#strings.t("desk.account.title");
    leads.hidden = !this.#desk.may("lead");
    train.hidden = !this.#desk.may("train");
    presence.hidden = !me?.presence;
    if (me?.presence) {
      presence.dataset.presence = me.presence;
      if (this.#presence.value !== me.presence) this.#presence.value = me.presence;
    }
    this.#drawNotice();
  }

  #drawNotice() {
    const { notice } = this.#parts;
    const { key = "", values = {}, message = "" } = this.#desk.notice ?? {};
    const words = key ? (this.#strings.maybe(key, values) ?? (message || this.#strings.t("desk.failed"))) : "";
    if (notice.dataset.text === words) return;
    notice.dataset.text = words;
    notice.replaceChildren();
    if (!words) return;
    const label = { type: "button", "aria-label": this.#strings.t("desk.close_notice") };
    const close = h("button", { ...label, on: { click: () => this.#desk.dismissNotice() } }, icon("close"));
    const signIn =
      key === "desk.signed_out" ? h("a", { href: "/desk/sign-in" }, this.#strings.t("desk.sign_in.button")) : null;
    notice.append(icon("alert"), ...[h("span", {}, words), signIn, close].filter(Boolean));
  }
}
