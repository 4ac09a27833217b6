/** The desk's calls (docs/architecture.md), one function each; used by desk.js. */

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

async function call(path, options = {}) {
  const signal = AbortSignal.timeout(PATIENCE);
  let response;
  try {
    response = await fetch(new URL(`api/${path}`, BASE), { signal, cache: "no-store", ...options });
  } catch {
    throw new CallError(0);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new CallError(response.status, answer?.error);
}

function change(id, what, body) {
  const options = { method: "POST", headers: CHANGES, body: JSON.stringify(body) };
  return call(`conversations/${encodeURIComponent(id)}/${what}`, options);
}

/** @returns {Promise<{agent: {id: string, name: string}}>} */
export const getMe = () => call("me");

/** @returns {Promise<{conversations: object[]}>} */
export const getConversations = () => call("conversations");

/** @returns {Promise<object>} the conversation with its lines */
export const getConversation = (id) => call(`conversations/${encodeURIComponent(id)}`);

/** @returns {Promise<object>} the conversation, now this agent's */
export const take = (id, epoch) => change(id, "take", { epoch });

/** @returns {Promise<object>} the conversation, now the bot's */
export const handBack = (id, epoch) => change(id, "handback", { epoch });

/** Posts an entry of the outgoing queue. @returns {Promise<Response>} */
export function postMessage({ key, body: { conversation, text } }, signal) {
  const url = new URL(`api/conversations/${encodeURIComponent(conversation)}/messages`, BASE);
  const headers = { ...CHANGES, "Idempotency-Key": key };
  return fetch(url, { method: "POST", headers, body: JSON.stringify({ text }), signal });
}

/** @returns {Promise<Response>} the event stream of changes */
export function openStream(_, signal) {
  const headers = { Accept: "text/event-stream" };
  return fetch(new URL("stream", BASE), { headers, signal, cache: "no-store" });
}
