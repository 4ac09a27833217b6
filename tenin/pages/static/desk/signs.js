/** Why a conversation goes before others, in words; shared by list, offers and card. */

import { h, icon } from "../common/dom.js";

const IN_FRONT = new Set(["transferred", "returned"]); // reasons that aren't signs by themselves

/**
 * @param {import("../common/strings.js").Strings} strings
 * @param {object} conversation
 * @returns {string[]} the reasons, each once, the signs first
 */
export function reasons(strings, { signs = [], reason, asked }) {
  const kinds = IN_FRONT.has(reason) && !signs.includes(reason) ? [...signs, reason] : signs;
  const words = (sign) =>
    sign === "asked_again" && asked > 1
      ? strings.t("desk.asked", { count: asked })
      : strings.maybe(`desk.sign.${sign}`); // an ordinary reason has none
  return kinds.map(words).filter(Boolean);
}

/** How the priority is called: "Fast lane", "Sooner"; null for an ordinary one. */
export function laneName(strings, { priority = 0, reason }) {
  if (priority >= 2) return strings.t("desk.lane.fast");
  if (priority === 1 || IN_FRONT.has(reason)) return strings.t("desk.lane.sooner");
  return null;
}

/** @returns {HTMLElement|null} a badge: the lane, and why */
export function badge(strings, conversation) {
  const lane = laneName(strings, conversation);
  if (!lane) return null;
  const words = [lane, reasons(strings, conversation).join(strings.t("desk.and"))].filter(Boolean);
  const kind = conversation.priority >= 2 ? "tag urgent" : "tag sooner";
  return h("span", { class: kind }, icon("flag"), h("span", {}, words.join(strings.t("desk.colon"))));
}

/** Enough of an id to tell two conversations apart at a glance. */
export function shortened(id) {
  return id.slice(-5).toUpperCase();
}

/** Where a conversation is on the page: the address, so that the browser's back works. */
export function go(id, pane = "") {
  location.hash = id ? `#${id}${pane && `/${pane}`}` : "";
}

/** @returns {{id: string|null, pane: string}} what the address says is shown */
export function shownByAddress() {
  const [id, pane = ""] = location.hash.slice(1).split("/");
  return { id: id || null, pane };
}
