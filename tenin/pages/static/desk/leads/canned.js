/** The leads' page of canned replies: each is saved by itself, and read as a customer would. */

import { attempt, saves, send, settle, strings, texts } from "./form.js";

const list = document.getElementById("replies");
const FILLED = {
  customer: strings.t("leads.canned.sample.customer"),
  order: strings.t("leads.canned.sample.order"),
  agent: list.dataset.agent,
};

function body(form) {
  return {
    shortcut: form.elements.namedItem("shortcut").value,
    skill: form.elements.namedItem("skill").value || null,
    texts: texts(form),
  };
}

/** As the desk fills a reply; a brace that is meant as one is written twice. */
function filled(text) {
  return text.replace(/\{\{|\}\}|\{(\w+)\}/g, (whole, name) => (name ? FILLED[name] ?? whole : whole[0]));
}

function draw(form) {
  for (const text of form.querySelectorAll(".text")) {
    text.querySelector(".filled").textContent = filled(text.querySelector("textarea").value);
  }
}

function again() {
  settle();
  location.reload();
}

for (const form of document.querySelectorAll("form.reply")) {
  draw(form);
  form.addEventListener("input", () => draw(form));
  const { id } = form.dataset;
  saves(form, async () => {
    if (!id) {
      await send("POST", "canned", body(form));
      again();
      return;
    }
    const { canned } = await send("PUT", `canned/${id}`, { version: form.dataset.version, ...body(form) });
    const saved = canned.find((reply) => String(reply.id) === id);
    form.dataset.version = saved.version;
    const summary = form.closest("details").querySelector("summary");
    summary.querySelector("b").textContent = `/${saved.shortcut}`;
    summary.querySelector(".first").textContent = saved.texts[strings.language];
  });
  form.querySelector(".remove")?.addEventListener("click", async () => {
    const remove = () => send("DELETE", `canned/${id}`, { version: form.dataset.version });
    if (!(await attempt(form, remove))) return;
    const item = form.closest("li");
    const next = (item.nextElementSibling ?? document.getElementById("new")).querySelector("summary");
    item.remove();
    document.getElementById("moved").textContent = strings.t("leads.removed");
    next.focus();
  });
}

list.addEventListener("click", async ({ target }) => {
  if (!target.matches?.(".up, .down")) return;
  const item = target.closest("li");
  const other = target.matches(".up") ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (target.matches(".up")) other.before(item);
  else other.after(item);
  target.focus();
  const order = [...list.children].map(({ dataset }) => Number(dataset.id));
  const moved = document.getElementById("moved");
  moved.classList.remove("failed");
  moved.textContent = strings.t("leads.saving");
  try {
    await send("PUT", "canned", { order });
    moved.textContent = strings.t("leads.saved");
  } catch (error) {
    moved.classList.add("failed");
    moved.textContent = error.words;
  }
});
