/**
 * How long to wait before trying again: doubling, with jitter, so that the
 * browsers of a shop do not come back in step after a restart. Used by stream.js
 * and outgoing.js.
 */

/**
 * @param {number} attempt 0 for the first repetition
 * @param {{least?: number, most?: number, random?: () => number}} limits in milliseconds
 * @returns {number} milliseconds, between half of the step and the whole of it
 */
export function backoff(attempt, { least = 500, most = 15_000, random = Math.random } = {}) {
  const step = Math.min(most, least * 2 ** Math.min(attempt, 30));
  return Math.max(least, step / 2 + (random() * step) / 2);
}
