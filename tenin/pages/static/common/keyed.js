/**
 * A list of elements kept in step with a list of items: one element per item's key,
 * kept as long as the item is there and redrawn only when the item changed, so that
 * nothing jumps, nothing is read aloud twice, and the focus stays. Used by the
 * widget's log and by both of the desk's lists.
 */

import { h } from "./dom.js";

export class KeyedList {
  #container;
  #draw;
  #create;
  #parts = new Map();

  /**
   * @param {Element} container holds these elements and no others
   * @param {(part: {element: Element}, item: object) => void} draw may keep what it likes in
   *     `part`, which lives as long as the element
   * @param {(item: object) => Element} [create]
   */
  constructor(container, draw, create = () => h("div")) {
    this.#container = container;
    this.#draw = draw;
    this.#create = create;
  }

  /**
   * @param {object[]} items each with a `key`; what is under `extra` does not count as a change
   * @returns {object[]} the items that are new
   */
  update(items) {
    const active = this.#container.getRootNode().activeElement;
    const focused = this.#container.contains(active) ? active : null;
    const keys = new Set(items.map(({ key }) => key));
    for (const [key, { element }] of this.#parts) {
      if (keys.has(key)) continue;
      element.remove();
      this.#parts.delete(key);
    }
    const added = items.filter((item) => !this.#parts.has(item.key));
    items.forEach((item, place) => {
      const part = this.#parts.get(item.key) ?? { element: this.#create(item), drawn: null };
      this.#parts.set(item.key, part);
      const drawn = JSON.stringify({ ...item, extra: null });
      if (part.drawn !== drawn) this.#draw(part, item);
      part.drawn = drawn;
      const there = this.#container.children[place];
      if (there !== part.element) this.#container.insertBefore(part.element, there ?? null);
    });
    if (focused?.isConnected) focused.focus({ preventScroll: true });
    return added;
  }
}
