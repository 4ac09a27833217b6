/** The leads' page of skills: all of them are saved at once. */

import { changed, copyOf, saves, send, texts, ticked } from "./form.js";

const form = document.getElementById("skills");
const list = document.getElementById("list");

function collected() {
  return [...list.children].map((skill) => ({
    id: skill.querySelector("[name=id]").value.trim(),
    titles: texts(skill),
    categories: ticked(skill, "categories"),
  }));
}

function watch(skill) {
  const count = skill.querySelector(".count");
  skill.addEventListener("change", () => {
    count.textContent = String(ticked(skill, "categories").length);
  });
  skill.querySelector(".remove").addEventListener("click", () => {
    const next = skill.nextElementSibling?.querySelector("input") ?? document.getElementById("add");
    skill.remove();
    showEmpty();
    changed(form);
    next.focus();
  });
}

function showEmpty() {
  document.getElementById("empty").hidden = list.children.length > 0;
}

for (const skill of list.children) watch(skill);

document.getElementById("add").addEventListener("click", () => {
  const skill = copyOf("blank");
  watch(skill);
  list.append(skill);
  showEmpty();
  changed(form);
  skill.querySelector("input").focus();
});

saves(form, async () => {
  const { version } = await send("PUT", "skills", { version: form.dataset.version, skills: collected() });
  form.dataset.version = version;
  for (const key of list.querySelectorAll("[name=id]")) key.readOnly = true;
});
