// @ts-check
// Texts in the language of the viewer.

import { en } from "./texts-en.js";
import { zh } from "./texts-zh.js";

/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Entry */

/** @type {Record<string, {name: string, tag: string, entries: Record<string, Entry>}>} */
export const LANGUAGES = {
  en: { name: "English", tag: "en", entries: en },
  zh: { name: "简体中文", tag: "zh-CN", entries: zh },
};

/** Return the first language that the page has. @param {readonly string[]} wanted tags, the best first */
export function languageOf(wanted) {
  return wanted.map((tag) => tag.toLowerCase().split("-")[0]).find((one) => one in LANGUAGES) ?? "en";
}

export class Texts {
  #entries;
  #plurals;

  /** @param {string} language a key of `LANGUAGES` */
  constructor(language) {
    const { tag, entries } = LANGUAGES[language];
    this.language = language;
    this.tag = tag;
    this.#entries = entries;
    this.#plurals = new Intl.PluralRules(tag);
  }

  /**
   * Return a text with its placeholders filled; `count` chooses the plural form.
   * @param {string} key
   * @param {Record<string, string|number>} [values]
   * @param {number} [count]
   */
  get(key, values = {}, count) {
    const entry = this.#entries[key] ?? key;
    const form = typeof entry === "string" ? entry : (entry[this.#plurals.select(count ?? 0)] ?? entry.other ?? key);
    return form.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }
}
