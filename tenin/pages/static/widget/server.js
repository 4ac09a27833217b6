/** The calls of the web channel (docs/architecture.md); the rare ones are made where they belong. */

/** Where Tenin answers: the folder that holds `static/`. */
const BASE = new URL("../../", import.meta.url);

export function call(path, options) {
  return fetch(new URL(path, BASE), { cache: "no-store", credentials: "omit", ...options });
}

/** @param {string} token of the session @returns {Promise<Response>} */
export function get(path, token, signal) {
  return call(path, { headers: bearer(token), signal });
}

/**
 * @param {string} path
 * @param {string|null} token of the session, if there is one
 * @param {object|null} body sent as JSON
 * @param {object} [options] those of fetch, and `key`: the same for all tries
 * @returns {Promise<Response>}
 */
export function post(path, token, body, { key, ...options } = {}) {
  const headers = token ? bearer(token) : {};
  if (key) headers["Idempotency-Key"] = key;
  if (body) headers["Content-Type"] = "application/json";
  return call(path, { method: "POST", headers, body: body && JSON.stringify(body), ...options });
}

export function bearer(token) {
  return { Authorization: `Bearer ${token}` };
}

/**
 * @param {string|null} customer the shop's token for who is signed in
 * @param {{visitor: string, invitation?: number}|null} guest a visitor who agreed to be known
 * @returns {Promise<Response>} 201 with `{token, language, signed_in, greeted}`
 */
export function createSession(language, customer, guest, signal) {
  const body = { language: language ?? undefined, customer: customer ?? undefined, ...guest };
  return post("chat/session", null, body, { signal });
}

/** @returns {Promise<Response>} the event stream after `lastEventId` */
export function openStream(token, lastEventId, signal) {
  const headers = { ...bearer(token), Accept: "text/event-stream" };
  if (lastEventId) headers["Last-Event-ID"] = lastEventId;
  return call("chat/stream", { headers, signal });
}
