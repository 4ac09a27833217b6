/** The page that shows the chat's options: each is tried on the chat in its corner at once. */

const MOST = 30; // events shown
const EVENTS = ["ready", "open", "close", "message", "unread"];
const DEFAULTS = { position: "right", colour: "#2c5a45", heading: "", launcher: "", page: "" };

await customElements.whenDefined("tenin-chat");
const chat = document.querySelector("tenin-chat");
const form = document.getElementById("options");
const line = document.getElementById("line");
const list = document.getElementById("events");

function chosen() {
  const given = Object.fromEntries(new FormData(form));
  return { ...given, launcher: given.launcher ? "none" : "" };
}

function apply() {
  const options = chosen();
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const value = options[name] ?? usual;
    if (value === (chat.getAttribute(name) ?? usual)) continue;
    if (value === usual) chat.removeAttribute(name);
    else chat.setAttribute(name, value);
  }
  line.textContent = written(options);
}

/** The line as it would stand on a shop's page. */
function written(options) {
  const source = new URL("/widget.js", location.href);
  const given = Object.entries(options).filter(([name, value]) => value !== DEFAULTS[name]);
  const data = given.map(([name, value]) => `\n  data-${name}=${quoted(value)}`).join("");
  return `<script type="module" src="${source}"${data}></script>`;
}

function quoted(value) {
  const safe = value.replaceAll("&", "&amp;");
  return safe.includes('"') && !safe.includes("'") ? `'${safe}'` : `"${safe.replaceAll('"', "&quot;")}"`;
}

function show({ type, detail }) {
  const said = Object.keys(detail).length > 0 ? ` ${JSON.stringify(detail)}` : "";
  const item = document.createElement("li");
  item.textContent = type + said;
  list.append(item);
  while (list.children.length > MOST) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
}

for (const name of EVENTS) document.addEventListener(`tenin:${name}`, show);
for (const button of document.querySelectorAll("[data-call]")) {
  button.addEventListener("click", () => chat[button.dataset.call]());
}
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
apply();
