// @ts-check
// Elements, made and changed in few words. Text is only ever text: nothing here reads markup.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Record<string, string|number|boolean|null|undefined>} Attributes */

/**
 * An element with these attributes (`null`, `false`: without) and children.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Attributes} [attributes]
 * @param {...(Node|string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  set(made, attributes);
  made.append(...children);
  return made;
}

/**
 * The same, of a drawing.
 * @param {string} name
 * @param {Attributes} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function draw(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  set(made, attributes);
  made.append(...children);
  return made;
}

/** Attributes that differ are changed. @param {Element} element @param {Attributes} attributes */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) {
      element.removeAttribute(name);
    } else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(name) !== text) {
        element.setAttribute(name, text);
      }
    }
  }
}

/** A text that differs is changed: selections and screen readers are left alone. @param {Node} node @param {string} text */
export function say(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/**
 * One child for each item, in order; what is there already is kept and updated.
 * @template Item
 * @param {Element} parent
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => HTMLElement} make
 * @param {(element: HTMLElement, item: Item) => void} update
 */
export function each(parent, items, keyOf, make, update) {
  const there = new Map([...parent.children].map((one) => [/** @type {HTMLElement} */ (one).dataset.key, one]));
  items.forEach((item, place) => {
    const key = keyOf(item);
    let element = /** @type {HTMLElement|undefined} */ (there.get(key));
    there.delete(key);
    if (!element) {
      element = make(item);
      element.dataset.key = key;
    }
    if (parent.children[place] !== element) {
      parent.insertBefore(element, parent.children[place] ?? null);
    }
    update(element, item);
  });
  for (const gone of there.values()) {
    gone.remove();
  }
}
