/** The desk page: ties model, list and conversation to the elements of templates/desk.html. */

import { h, icon } from "../common/dom.js";
import { loadStrings } from "../common/strings.js";
import { ConversationView } from "./conversation.js";
import { ConversationList } from "./list.js";
import { Desk } from "./model.js";

const strings = await loadStrings([document.documentElement.lang]);
const parts = Object.fromEntries(
  ["list", "conversation", "notice", "agent", "connection"].map((id) => [id, document.getElementById(id)]),
);
const title = document.title;
let drawing = false;

const desk = new Desk(() => {
  if (drawing) return; // many changes at once are drawn once
  drawing = true;
  setTimeout(draw);
});
const list = new ConversationList(strings, desk, parts.list);
const conversation = new ConversationView(strings, desk, parts.conversation);

function draw() {
  drawing = false;
  const waiting = (desk.conversations ?? []).filter(({ owner }) => owner === "queue").length;
  document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
  document.body.classList.toggle("reading", desk.openId !== null);
  parts.agent.textContent = desk.me?.name ?? "";
  const state = strings.t(`desk.connection.${desk.connection}`);
  if (parts.connection.textContent !== state) parts.connection.textContent = state;
  parts.connection.dataset.state = desk.connection;
  drawNotice();
  list.update();
  conversation.update();
}

function drawNotice() {
  const text = desk.notice ? (strings.maybe(desk.notice) ?? strings.t("desk.failed")) : "";
  if (parts.notice.dataset.text === text) return;
  parts.notice.dataset.text = text;
  parts.notice.replaceChildren();
  if (!text) return;
  const label = { type: "button", "aria-label": strings.t("desk.close_notice") };
  const close = h("button", { ...label, on: { click: () => desk.dismissNotice() } }, icon("close"));
  parts.notice.append(icon("alert"), h("span", {}, text), close);
}

function follow() {
  const left = desk.openId;
  desk.show(location.hash.slice(1) || null);
  draw();
  // On a phone the list comes back: the focus goes to where one was.
  if (left && !desk.openId) parts.list.querySelector(`[data-conversation="${CSS.escape(left)}"]`)?.focus();
}

window.addEventListener("hashchange", follow);
follow();
desk.start();
draw();
