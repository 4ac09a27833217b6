/** Building elements, for the widget and the desk: text only ever becomes text nodes. */

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  alert: "M12 7v6m0 3.5v.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  back: "M15 5l-7 7 7 7",
  bubble: "M4 5.5h16v11h-9l-4.5 3.6v-3.6H4z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 7.5V12l3 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z",
  close: "M6 6l12 12M18 6L6 18",
  down: "M6 9l6 6 6-6",
  eye: "M4 4l16 16M9.9 5.3A9.6 9.6 0 0 1 12 5c5 0 8.5 4.5 9.5 7a13 13 0 0 1-2.7 3.9M6.3 7.3A13.5 13.5 0 0 0 2.5 12C3.5 14.5 7 19 12 19a9 9 0 0 0 4.7-1.3M10 10.2a2.8 2.8 0 0 0 3.9 3.9",
  leaf: "M5 19c0-9 4.5-14 15-14 0 10.5-5 14.5-11 14.5M5 19c1.5-4 4.5-6.5 8.5-8",
  person: "M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c.8-3.6 3.6-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
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

// Printable ASCII only: in Chinese the sentence goes on right behind an address.
const ADDRESS = /https?:\/\/[!-~]+/gi;

/**
 * A text as nodes: addresses become links, all else text (CSS keeps the newlines).
 * @param {string} text
 * @returns {DocumentFragment}
 */
export function textNodes(text) {
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
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
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/**
 * @param {string|null|undefined} address absolute, or relative to the page
 * @returns {string|null} the URL if it is one of http or https, so that no script hides in it
 */
export function safeURL(address) {
  if (!address) return null;
  try {
    const url = new URL(address, document.baseURI);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Without the punctuation of the sentence around it, and without `<`, `>`, `"`. */
function trimmed(address) {
  let kept = address.replace(/[<>"].*$/s, "");
  for (;;) {
    const last = kept.at(-1);
    if (/[.,;:!?'*_~]/.test(last)) kept = kept.slice(0, -1);
    else if (last === ")" && count(kept, ")") > count(kept, "(")) kept = kept.slice(0, -1);
    else if (last === "]" && count(kept, "]") > count(kept, "[")) kept = kept.slice(0, -1);
    else return kept;
  }
}

function count(text, character) {
  return text.split(character).length - 1;
}
