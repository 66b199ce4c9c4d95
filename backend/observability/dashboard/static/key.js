// @ts-check
// The key that the gateway wants to be shown: out of the address, or typed; kept as long as this tab is open.

/** @import { Shelf } from "./shelf.js" */

const NAME = "kikipounamu.key";

/**
 * The key of the address (`#key=…`), which loses it at once, or the one that is kept; empty: none.
 * @param {Pick<Location, "hash"|"pathname"|"search">} place
 * @param {Shelf} storage
 * @param {(url: string) => void} readdress
 */
export function takeKey(place, storage, readdress) {
  const said = /^#key=(.*)$/s.exec(place.hash)?.[1];
  if (said !== undefined) {
    readdress(place.pathname + place.search);
    keepKey(storage, decoded(said).trim());
  }
  return storage.getItem(NAME) ?? "";
}

/** Keep it; empty: forget the one that is kept. @param {Shelf} storage @param {string} key */
export function keepKey(storage, key) {
  if (key) {
    storage.setItem(NAME, key);
  } else {
    storage.removeItem(NAME);
  }
}

/** Whether it can be sent at all: keys are printable ASCII. @param {string} key */
export function sendable(key) {
  return /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(key);
}

/** @param {string} said */
function decoded(said) {
  try {
    return decodeURIComponent(said);
  } catch {
    return said;
  }
}
