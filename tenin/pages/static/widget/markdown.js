/**
 * The few marks a line of the assistant, the system or an agent may carry: **bold**, *italic*,
 * `code`, lists (`-`, `1.`), [links](https://…) and bare addresses. All else is text. Builds
 * elements, never HTML; takes time in proportion to the text.
 *
 * A customer's own line does not come here (log.js): what they typed is shown as typed.
 */

import { ADDRESS, h, link, safeURL, trimmed } from "../common/dom.js";

const TOKEN = new RegExp(
  "`([^`\\n]+)`|" + // code
    "\\[([^[\\]\\n]+)\\]\\(([^\\s()]*(?:\\([^\\s()]*\\)[^\\s()]*)*)\\)|" + // link
    `(${ADDRESS})|` +
    "\\*+",
  "gi",
);
const ITEM = /^ {0,3}(?:-|(\d{1,3})\.) +(?=\S)(.*)$/;
// In Chinese and Japanese a mark stands between letters, without a space. What follows the first
// or comes before the last must be of the words themselves.
const BEGINS = /^[^\s*.,;:!?)\]}，。、；：！？）」』】》〉”’…]/u;
const ENDS = /[^\s*([{（「『【《〈“‘]$/u;
const WORD = /[0-9A-Za-z]/; // around a single star: 3*4, not a mark
const OVERRIDES = /[\u202A-\u202E\u2066-\u2069]/g; // they would turn other words around

/**
 * @param {string} text
 * @returns {DocumentFragment} paragraphs and lists; between them stand the line breaks of the text
 */
export function markdown(text) {
  const fragment = document.createDocumentFragment();
  let block = null; // the list or paragraph that the next line may go on with
  let lines = []; // of a paragraph
  const end = () => {
    if (lines.length > 0) block.append(inline(lines.join("\n")));
    lines = [];
    block = null;
  };
  const begin = (tag, properties, apart) => {
    end();
    block = h(tag, properties);
    if (fragment.lastChild) fragment.append(apart);
    fragment.append(block);
  };
  let apart = "\n";
  for (const line of text.replace(OVERRIDES, "").split(/\r?\n/)) {
    const [item, number, words] = ITEM.exec(line) ?? [];
    const tag = item ? (number ? "ol" : "ul") : "p";
    if (line.trim() === "") {
      end();
      apart = "\n\n";
      continue;
    }
    if (block?.localName !== tag) begin(tag, tag === "ol" ? { start: number } : {}, apart);
    apart = "\n";
    if (item) block.append(block.firstChild ? "\n" : "", h("li", {}, inline(words)));
    else lines.push(line);
  }
  end();
  return fragment;
}

function inline(text) {
  const parts = []; // strings, nodes, and stars: {star, begins, ends}
  let end = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    let [whole, code, words, target, address] = match;
    let part = null;
    if (code) part = h("code", {}, code);
    else if (words) part = linked(target, words);
    else if (address) {
      whole = trimmed(address);
      TOKEN.lastIndex = Math.max(match.index + whole.length, match.index + 1);
      part = linked(whole, whole);
    } else if (whole.length < 3) part = star(text, match.index, whole);
    if (part === null) continue;
    parts.push(text.slice(end, match.index), part);
    end = match.index + whole.length;
  }
  parts.push(text.slice(end));
  return paired(parts);
}

function linked(target, words) {
  const url = /^(?:https?:\/\/[^/]|mailto:|tel:)/i.test(target) ? safeURL(target, true) : null;
  return url && link(url, words);
}

function star(text, index, mark) {
  const [before, after] = [text.slice(0, index).at(-1) ?? "", text.slice(index + mark.length)[0] ?? ""];
  const single = mark === "*";
  return {
    star: mark,
    begins: BEGINS.test(after) && !(single && WORD.test(before)),
    ends: ENDS.test(before) && !(single && WORD.test(after)),
  };
}

/** Puts what stands between two stars of a kind into its element; a star alone stays a star. */
function paired(parts) {
  const open = []; // places of the stars not closed yet: at most one of a kind
  const partner = new Map();
  parts.forEach((part, place) => {
    if (!part.star) return;
    const found = open.findIndex((each) => parts[each].star === part.star);
    if (found >= 0 && part.ends) {
      partner.set(open[found], place).set(place, open[found]);
      open.length = found; // what began inside and hasn't ended doesn't count
    } else if (found < 0 && part.begins) open.push(place);
  });
  const levels = [document.createDocumentFragment()];
  let words = "";
  const put = (...nodes) => {
    if (words !== "") levels.at(-1).append(words);
    levels.at(-1).append(...nodes);
    words = "";
  };
  parts.forEach((part, place) => {
    if (typeof part === "string") words += part;
    else if (!part.star) put(part);
    else if (!partner.has(place)) words += part.star;
    else if (partner.get(place) > place) {
      const element = h(part.star === "**" ? "strong" : "em");
      put(element);
      levels.push(element);
    } else {
      put();
      levels.pop();
    }
  });
  put();
  return levels[0];
}
