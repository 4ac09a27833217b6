/** The desk's wording: with how long something takes, and how long ago it was. */

import { Strings } from "../common/strings.js";

const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

export class LongStrings extends Strings {
  /** How long something takes, in its largest unit. @param {number} milliseconds */
  duration(milliseconds) {
    const { unit, count } = largest(milliseconds);
    const style = { style: "unit", unit, unitDisplay: "short" };
    return new Intl.NumberFormat(this.language, style).format(count);
  }

  /** How long ago something was: "now", "5 min ago", "yesterday". @param {number} milliseconds */
  ago(milliseconds) {
    const { unit, count } = largest(milliseconds < 10_000 ? 0 : milliseconds);
    const style = { numeric: "auto", style: "short" };
    return new Intl.RelativeTimeFormat(this.language, style).format(-count, unit);
  }
}

function largest(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? UNITS.at(-1);
  return { unit, count: Math.floor(seconds / size) };
}
