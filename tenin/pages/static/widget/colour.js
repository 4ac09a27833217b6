/**
 * The shop's own colour, in the option `colour`: for the button, the head and what is
 * marked. Text stands on it and it stands on the panel's paper, so one that is too light is
 * darkened, and the console says so. Comes when the option is given.
 */

const HEX = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;
const PAPER = [251, 248, 241];
const CONTRAST = 4.5; // WCAG 2.2 AA, for text
const STEP = 0.96;
const NAMES = ["--tenin-accent", "--tenin-accent-deep"];

/**
 * @param {HTMLElement} host the chat's element
 * @param {string|null} colour as in "#2c5a45"; anything else takes the chat's own
 */
export function paint(host, colour) {
  const wanted = colour?.trim() ?? "";
  for (const name of NAMES) host.style.removeProperty(name);
  if (!HEX.test(wanted)) {
    if (wanted) console.warn(`tenin: ${wanted} is no colour for data-colour: write one such as #2c5a45`);
    return;
  }
  const accent = readable(wanted);
  if (accent !== full(wanted)) {
    console.warn(`tenin: data-colour ${wanted} is too light to be read; ${accent} is shown`);
  }
  host.style.setProperty(NAMES[0], accent);
  host.style.setProperty(NAMES[1], hex(parts(accent).map((part) => part * 0.78)));
}

/** @param {string} colour @returns {string} it, or the nearest darker one that can be read */
export function readable(colour) {
  let now = parts(colour);
  while (contrast(now, PAPER) < CONTRAST) now = now.map((part) => part * STEP);
  return hex(now);
}

/** How far two colours stand apart, from 1 to 21 (WCAG). */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour) {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function full(colour) {
  const digits = colour.slice(1).toLowerCase();
  return `#${digits.length === 3 ? digits.replace(/./g, "$&$&") : digits}`;
}

function parts(colour) {
  return full(colour).slice(1).match(/../g).map((pair) => parseInt(pair, 16));
}

function hex(colour) {
  return `#${colour.map((part) => Math.floor(part).toString(16).padStart(2, "0")).join("")}`;
}
