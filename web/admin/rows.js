/**
 * Rows that are patched in place: who has the focus in one keeps it, whatever comes in.
 * A row is {root: HTMLElement, show(item): void}.
 */
export class Rows {
  #rows = new Map();

  /**
   * @param {HTMLElement} box holds the rows and nothing else
   * @param {(item: object) => string} key tells them apart
   * @param {(item: object) => {root: HTMLElement, show: (item: object) => void}} make
   */
  constructor(box, key, make) {
    this.box = box;
    this.key = key;
    this.make = make;
  }

  get size() {
    return this.#rows.size;
  }

  get(key) {
    return this.#rows.get(key) ?? null;
  }

  /** These rows, in this order. */
  show(items) {
    const wanted = new Set(items.map(this.key));
    for (const key of [...this.#rows.keys()]) if (!wanted.has(key)) this.#drop(key);
    let before = null;
    for (const item of items) {
      const { root } = this.put(item);
      const place = before ? before.nextElementSibling : this.box.firstElementChild;
      if (place !== root) move(this.box, root, place);
      before = root;
    }
  }

  /** Shows one, which is made at the end where it is new. */
  put(item) {
    const key = this.key(item);
    let row = this.#rows.get(key);
    if (!row) {
      row = this.make(item);
      this.#rows.set(key, row);
      this.box.append(row.root);
    }
    row.show(item);
    return row;
  }

  #drop(key) {
    const { root } = this.#rows.get(key);
    // The focus goes to what holds the rows, not back to the top of the page.
    const held = root.contains(document.activeElement);
    root.remove();
    this.#rows.delete(key);
    if (held) this.box.closest("section")?.querySelector("h2")?.focus();
  }
}

// Moved the old way, an element that has the focus would lose it.
function move(box, root, place) {
  if (box.moveBefore && root.isConnected) box.moveBefore(root, place);
  else if (!root.contains(document.activeElement)) box.insertBefore(root, place);
}

/** Sets a text, if it is another one: a screen reader would read it again. */
export function say(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}
