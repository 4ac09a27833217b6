/** Building elements, for the widget and the desk: text only ever becomes text nodes. */

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  bubble: "M4 5.5h16v11h-9l-4.5 3.6v-3.6H4z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 7.5V12l3 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z",
  close: "M6 6l12 12M18 6L6 18",
  down: "M6 9l6 6 6-6",
  leaf: "M5 19c0-9 4.5-14 15-14 0 10.5-5 14.5-11 14.5M5 19c1.5-4 4.5-6.5 8.5-8",
  menu: "M5 12h.01M12 12h.01M19 12h.01",
  microphone: "M12 3.5a3 3 0 0 0-3 3V12a3 3 0 0 0 6 0V6.5a3 3 0 0 0-3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  send: "M5 12h13M12.5 6l6 6-6 6",
};

/**
 * @param {string} tag
 * @param {object} [properties] `class`, `on` (listeners by event), attributes; null leaves one out
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Icons that only some pages have. @param {Record<string, string>} paths by name */
export function addIcons(paths) {
  Object.assign(ICONS, paths);
}

/** @param {keyof typeof ICONS} name @returns {SVGElement} drawn in the colour of the text */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Printable ASCII, without `<`, `>`, `"`: in Chinese the sentence goes on right behind an address. */
export const ADDRESS = "https?://[!#-;=?-~]+";

/**
 * A text as nodes: addresses become links, all else text (CSS keeps the newlines).
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function textNodes(text) {
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(new RegExp(ADDRESS, "gi"))) {
    const address = trimmed(match[0]);
    const url = /^https?:\/\/[^/]/i.test(address) ? safeURL(address) : null;
    if (!url) continue;
    fragment.append(text.slice(end, match.index), link(url, address));
    end = match.index + address.length;
  }
  fragment.append(text.slice(end));
  return fragment;
}

/** @param {string} url @param {...(Node|string)} children @returns {HTMLAnchorElement} */
export function link(url, ...children) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

/**
 * @param {string|null|undefined} address absolute, or relative to the page
 * @param {boolean} [reach] whether it may write or call, too: `mailto:`, `tel:`
 * @returns {string|null} the URL if it is one of http or https, so that no script hides in it
 */
export function safeURL(address, reach = false) {
  if (!address) return null;
  try {
    const url = new URL(address, document.baseURI);
    const safe = reach ? /^(?:https?|mailto|tel):$/ : /^https?:$/;
    return safe.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** @param {string} address @returns {string} without the punctuation of the sentence around it */
export function trimmed(address) {
  let end = address.length;
  const spare = { ")": count(address, ")") - count(address, "("), "]": count(address, "]") - count(address, "[") };
  for (; end > 0; end -= 1) {
    const last = address[end - 1];
    if (spare[last] > 0) spare[last] -= 1;
    else if (!/[.,;:!?'*_~]/.test(last)) break;
  }
  return address.slice(0, end);
}

function count(text, character) {
  return text.split(character).length - 1;
}
