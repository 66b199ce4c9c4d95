// @ts-check
// Storage of the browser; where it is blocked, memory until the page is closed.

/** @typedef {Pick<Storage, "getItem"|"setItem"|"removeItem">} Shelf */

/** @param {"localStorage"|"sessionStorage"} name @returns {Shelf} */
export function shelf(name) {
  try {
    window[name].getItem("");
    return window[name];
  } catch {
    /** @type {Map<string, string>} */
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}
