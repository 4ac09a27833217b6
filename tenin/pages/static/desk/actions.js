/** What an agent does with a conversation that asks back first: pass on, hand back, resolve, mark. */

import { h } from "../common/dom.js";
import { ask, choices, line, remark } from "./dialog.js";
import { getAgents, getCard, getSuggestions, markExample } from "./server.js";

const RESOLUTIONS = ["solved", "informed", "unreachable", "spam", "other"];

const noted = (values) => {
  const note = values.get("note")?.trim();
  return note ? { note } : {};
};

/** To a skill or to a colleague, with a note for whoever takes over. */
export async function transferDialog(strings, desk, conversation) {
  const t = (key, values) => strings.t(key, values);
  let team;
  try {
    team = await getAgents();
  } catch (error) {
    return desk.failed(error);
  }
  const skills = team.skills.map(({ id, title }) => ({ value: `skill ${id}`, title }));
  const colleagues = team.agents
    .filter(({ id }) => id !== desk.me.id)
    .map(({ id, name, presence, serving, capacity }) => ({
      value: `agent ${id}`,
      title: name,
      kind: presence,
      detail: [t(`desk.presence.${presence}`), t("desk.transfer.serving", { serving, capacity })].join(
        t("desk.and"),
      ),
    }));
  const none = h("p", { class: "hint" }, t("desk.transfer.nobody"));
  ask(strings, {
    title: t("desk.transfer.title"),
    confirm: t("desk.transfer.button"),
    body: [
      skills.length > 0 ? choices(t("desk.transfer.skill"), "to", skills) : null,
      colleagues.length > 0 ? choices(t("desk.transfer.agent"), "to", colleagues) : null,
      skills.length + colleagues.length === 0 ? none : null,
      remark("note", t("desk.note.label"), t("desk.transfer.note_hint")),
    ].filter(Boolean),
    onConfirm: async (values) => {
      const [kind, id] = (values.get("to") ?? "").split(" ");
      if (!id) return false;
      await desk.change("transfer", conversation, { [kind]: id, ...noted(values) });
      return true;
    },
  });
}

/** How it ended, for the figures; the customer is asked for a rating then. */
export function resolveDialog(strings, desk, conversation) {
  const t = (key) => strings.t(key);
  const ways = RESOLUTIONS.map((value) => ({ value, title: t(`desk.resolution.${value}`) }));
  ask(strings, {
    title: t("desk.resolve.title"),
    confirm: t("desk.resolve.button"),
    body: [
      choices(t("desk.resolve.how"), "resolution", ways, { chosen: "solved" }),
      remark("note", t("desk.note.label"), t("desk.resolve.note_hint")),
    ],
    onConfirm: async (values) => {
      const resolution = values.get("resolution");
      await desk.change("resolve", conversation, { resolution, ...noted(values) });
      return true;
    },
  });
}

/** Back to the bot, with the order number if the agent has learnt it. */
export function confirmHandBack(strings, desk, conversation) {
  const t = (key) => strings.t(key);
  ask(strings, {
    title: t("desk.handback"),
    confirm: t("desk.back_to_bot.confirm"),
    body: [
      h("p", {}, t("desk.back_to_bot.lead")),
      line("order_number", t("desk.back_to_bot.order"), t("desk.back_to_bot.order_hint")),
    ],
    onConfirm: async (values) => {
      const number = values.get("order_number").trim();
      const slots = number ? { slots: { order_number: number } } : {};
      await desk.change("handback", conversation, slots);
      return true;
    },
  });
}

/** A customer's sentence as an example to train on, with the need it stands for if that is clear. */
export async function markLine(strings, desk, said) {
  const t = (key, values) => strings.t(key, values);
  const id = desk.openId;
  const [known, card] = await Promise.all([
    getSuggestions(id).catch(() => ({ understood: [] })),
    getCard(id).catch(() => ({ tried: [] })),
  ]);
  const needs = new Map();
  for (const { need, title } of [...known.understood, ...card.tried]) {
    if (need) needs.set(need, title ?? need);
  }
  if (card.category) needs.set(card.category, card.category_title ?? card.category);
  const offered = [...needs].map(([value, title]) => ({ value, title }));
  offered.push({ value: "", title: t("desk.example.open") });
  ask(strings, {
    title: t("desk.example.title"),
    confirm: t("desk.example.button"),
    body: [
      h("blockquote", {}, said.text),
      choices(t("desk.example.need"), "need", offered, { chosen: "" }),
      h("p", { class: "hint" }, t("desk.example.masked")),
    ],
    onConfirm: async (values) => {
      try {
        await markExample(id, said.id, values.get("need") || null);
        desk.tell("desk.example.done");
      } catch (error) {
        desk.failed(error);
      }
      return true;
    },
  });
}
