// @ts-check
// Key for the gateway: from the address or typed, and kept while this tab is open.

/** @import { Shelf } from "./shelf.js" */

const NAME = "kikipounamu.key";

/**
 * Return the key of the address (`#key=…`), from which it is removed, or else the kept one; empty: none.
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

/** Keep the key; an empty one removes it. @param {Shelf} storage @param {string} key */
export function keepKey(storage, key) {
  if (key) {
    storage.setItem(NAME, key);
  } else {
    storage.removeItem(NAME);
  }
}

/** Return whether a header can carry the key: printable ASCII only. @param {string} key */
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
