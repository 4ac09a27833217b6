/** The least that chats with Rasa's SocketIO channel: socket.io 4 over one WebSocket, a log, a box.
 *
 * Engine.io: "0" opens, "2" asks whether we are there and "3" says so, "4" is a message; in that
 * "0" joins the namespace and "2" is an event. No reconnecting, no history, no buttons, no styles.
 */
const server = new URLSearchParams(location.search).get("server");
const log = document.createElement("div");
const form = document.createElement("form");
const box = document.createElement("input");
log.setAttribute("role", "log");
box.setAttribute("aria-label", "Message");
box.disabled = true;
form.append(box);
document.body.append(log, form);

const socket = new WebSocket(`${server.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`);
let session = null;

function emit(name, data) {
  socket.send(`42${JSON.stringify([name, data])}`);
}

function show(author, text) {
  const line = document.createElement("p");
  line.className = author;
  line.textContent = text;
  log.append(line);
}

const events = {
  session_confirm(id) {
    session = id;
    box.disabled = false;
    box.focus();
  },
  bot_uttered(message) {
    if (message.text) show("bot", message.text);
  },
};

socket.addEventListener("message", ({ data }) => {
  if (data === "2") socket.send("3");
  else if (data[0] === "0") socket.send("40");
  else if (data.startsWith("40")) emit("session_request", { session_id: session });
  else if (data.startsWith("42")) {
    const [name, content] = JSON.parse(data.slice(2));
    events[name]?.(content);
  }
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show("customer", box.value);
  emit("user_uttered", { message: box.value, session_id: session });
  box.value = "";
});
