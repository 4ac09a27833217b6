/** The style sheets of the shadow root: widget.css at first, others with what they are for. */

let root = null;
const worn = new Map(); // what was asked for, by name

/** @param {ShadowRoot} shadowRoot where the chat is drawn */
export function dress(shadowRoot) {
  root = shadowRoot;
}

/** @param {string} name of a file beside this one @returns {Promise<void>} rejects without it */
export function wear(name) {
  if (!worn.has(name)) worn.set(name, put(name).catch((error) => {
    worn.delete(name);
    throw error;
  }));
  return worn.get(name);
}

async function put(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  const sheet = await new CSSStyleSheet().replace(await response.text());
  root?.adoptedStyleSheets.push(sheet);
}
