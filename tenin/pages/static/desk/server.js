/** The desk's calls (docs/architecture.md), one function each; used by the desk's modules. */

/** Where Tenin answers: the folder that holds `static/`. */
const BASE = new URL("../../desk/", import.meta.url);

const CHANGES = { "Content-Type": "application/json", "X-Tenin-Desk": "1" };
const PATIENCE = 15_000;

/** A call that was answered with an error, or (status 0) not at all. */
export class CallError extends Error {
  constructor(status, { code = "", message = "" } = {}) {
    super(message || `status ${status}`);
    this.status = status;
    this.code = code;
  }
}

/** Ends this browser's visit. */
export const signOut = () => call("../sign-out", { method: "POST", headers: CHANGES });

async function call(path, options = {}) {
  const signal = AbortSignal.timeout(PATIENCE);
  let response;
  try {
    response = await fetch(new URL(`api/${path}`, BASE), { signal, cache: "no-store", ...options });
  } catch {
    throw new CallError(0);
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new CallError(response.status, answer?.error);
}

const post = (path, body) =>
  call(path, { method: "POST", headers: CHANGES, body: JSON.stringify(body) });

const at = (id, what = "") => `conversations/${encodeURIComponent(id)}${what && `/${what}`}`;

/** @returns {Promise<{agent: object, settings: object}>} */
export const getMe = () => call("me");

/** @param {string} presence online, busy or away @returns {Promise<{agent: object}>} */
export const setPresence = (presence) => post("me/presence", { presence });

/** @returns {Promise<{agents: object[], skills: object[]}>} */
export const getAgents = () => call("agents");

/** @returns {Promise<{conversations: object[]}>} */
export const getConversations = () => call("conversations");

/** @returns {Promise<object>} the conversation with its lines */
export const getConversation = (id) => call(at(id));

/** @returns {Promise<object>} what is known of the customer and the case */
export const getCard = (id) => call(at(id, "card"));

/** @returns {Promise<{visitors: object[]}>} who is on the shop's pages now */
export const getVisitors = () => call("visitors");

/** Invites a visitor in the agent's name. @param {string} text what they read */
export const inviteVisitor = (id, text) => post(`visitors/${encodeURIComponent(id)}/invite`, { text });

/** @returns {Promise<{understood: object[], replies: object[]}>} */
export const getSuggestions = (id) => call(at(id, "suggestions"));

/** @returns {Promise<{canned: object[]}>} ready replies, their gaps filled for a conversation */
export const getCanned = (conversation, language) =>
  call(`canned?${new URLSearchParams({ language, conversation })}`);

/** @returns {Promise<{results: object[]}>} answers, facts of the shop's policy, ready replies */
export const search = (q, language) => call(`search?${new URLSearchParams({ q, language })}`);

/**
 * Changes a conversation that was seen under `epoch`.
 * @param {string} what take, decline, transfer, resolve or handback
 * @returns {Promise<object|null>} the conversation as it is now, where the call says it
 */
export const change = (id, what, epoch, values = {}) => post(at(id, what), { epoch, ...values });

/** The agent is writing to the customer. */
export const sayTyping = (id) => post(at(id, "typing"), {});

/** The agent has read a conversation as far as this line. */
export const sayRead = (id, line) => post(at(id, "read"), { line });

/** A customer's line becomes an example to train on; `need` is null where it is left open. */
export const markExample = (id, line, need) => post(at(id, "example"), { line, need });

/** Posts an entry of the outgoing queue: an answer or a note. @returns {Promise<Response>} */
export function postEntry({ key, body: { conversation, text, note } }, signal) {
  const url = new URL(`api/${at(conversation, note ? "notes" : "messages")}`, BASE);
  const headers = { ...CHANGES, "Idempotency-Key": key };
  return fetch(url, { method: "POST", headers, body: JSON.stringify({ text }), signal });
}

/** @returns {Promise<{types: string[], endings: string[], max_bytes: number}>} what may be sent */
export const getFileLimits = () => call("files");

/** Where a file is given out to who serves. */
export const fileURL = (id) => new URL(`api/files/${encodeURIComponent(id)}`, BASE).href;

/** Where a file is sent to for a conversation, and with which headers. */
export const postFileTo = (id) => ({
  url: new URL(`api/${at(id, "files")}`, BASE),
  headers: { "X-Tenin-Desk": "1" },
});

/** @returns {Promise<Response>} the event stream of changes */
export function openStream(_, signal) {
  const headers = { Accept: "text/event-stream" };
  return fetch(new URL("stream", BASE), { headers, signal, cache: "no-store" });
}
