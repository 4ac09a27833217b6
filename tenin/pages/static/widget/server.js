/** The calls of the web channel (docs/architecture.md), one function each; used by chat.js. */

/** Where Tenin answers: the folder that holds `static/`. */
const BASE = new URL("../../", import.meta.url);

const JSON_BODY = { "Content-Type": "application/json" };

function call(path, options) {
  return fetch(new URL(path, BASE), { cache: "no-store", credentials: "omit", ...options });
}

function bearer(token) {
  return { Authorization: `Bearer ${token}` };
}

/**
 * @param {string|null} customer the shop's token for who is signed in
 * @returns {Promise<Response>} 201 with `{token, language, signed_in}`
 */
export function createSession(language, customer, signal) {
  const wanted = language ? { language } : {};
  const body = JSON.stringify(customer ? { ...wanted, customer } : wanted);
  return call("chat/session", { method: "POST", headers: JSON_BODY, body, signal });
}

/** @returns {Promise<Response>} 204; 401 for a bad token of the shop's; 409: another customer's */
export function postSignIn(token, customer, signal) {
  const headers = { ...JSON_BODY, ...bearer(token) };
  return call("chat/sign-in", { method: "POST", headers, body: JSON.stringify({ customer }), signal });
}

/** @returns {Promise<Response>} 204 */
export function postSignOut(token) {
  return call("chat/sign-out", { method: "POST", headers: bearer(token), keepalive: true });
}

/** @returns {Promise<Response>} 202, or 200 for a key the server knows; `{line}` */
export function postMessage(token, { key, body }, signal) {
  const headers = { ...JSON_BODY, ...bearer(token), "Idempotency-Key": key };
  const options = { method: "POST", headers, body: JSON.stringify(body), signal };
  return call("chat/messages", options);
}

/** @returns {Promise<Response>} the event stream after `lastEventId` */
export function openStream(token, lastEventId, signal) {
  const headers = { ...bearer(token), Accept: "text/event-stream" };
  if (lastEventId) headers["Last-Event-ID"] = lastEventId;
  return call("chat/stream", { headers, signal });
}

/** Says that all lines up to `line` have been shown. @returns {Promise<Response>} 204 */
export function postReceived(token, line) {
  const options = { method: "POST", headers: { ...JSON_BODY, ...bearer(token) }, keepalive: true };
  return call("chat/received", { ...options, body: JSON.stringify({ line }) });
}
