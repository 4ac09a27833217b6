/** The leads' page of agents: what each serves, and for admins the accounts themselves. */

import { saves, send, settle, ticked } from "./form.js";

function served(form) {
  return {
    skills: ticked(form, "skills"),
    languages: ticked(form, "languages"),
    capacity: form.elements.namedItem("capacity").valueAsNumber,
  };
}

/** What only an admin's form has. */
function account(form) {
  const field = (name) => form.elements.namedItem(name);
  if (!field("login")) return {};
  const found = { name: field("name").value, login: field("login").value, role: field("role").value };
  if (field("active")) found.active = field("active").checked;
  if (field("password").value) found.password = field("password").value;
  return found;
}

for (const form of document.querySelectorAll("form.agent")) {
  saves(form, async () => {
    const body = { version: form.dataset.version, ...served(form), ...account(form) };
    const { agent } = await send("PATCH", `agents/${encodeURIComponent(form.dataset.id)}`, body);
    form.dataset.version = agent.version;
    form.querySelector("h2").textContent = agent.name;
    const password = form.elements.namedItem("password");
    if (password) password.value = "";
  });
}

const fresh = document.getElementById("new");
if (fresh) {
  saves(fresh, async () => {
    await send("POST", "agents", { ...served(fresh), ...account(fresh) });
    settle();
    location.reload();
  });
}
