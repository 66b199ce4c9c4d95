// @ts-check
// Language and colours: the viewer's choice, or else the system's.

import { shelf } from "./shelf.js";
import { LANGUAGES, languageOf } from "./texts.js";

const shelves = shelf("localStorage");
const LANGUAGE = "kikipounamu.language";
const THEME = "kikipounamu.theme";
export const THEMES = /** @type {const} */ (["auto", "light", "dark"]);

/** @returns {string} a key of `LANGUAGES` */
export function language() {
  const chosen = shelves.getItem(LANGUAGE);
  return chosen !== null && chosen in LANGUAGES ? chosen : languageOf(navigator.languages);
}

/** @param {string} name */
export function chooseLanguage(name) {
  shelves.setItem(LANGUAGE, name);
}

/** @returns {typeof THEMES[number]} */
export function theme() {
  return THEMES.find((one) => one === shelves.getItem(THEME)) ?? "auto";
}

/** @param {string} name */
export function chooseTheme(name) {
  shelves.setItem(THEME, name);
  wear();
}

const dark = matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", wear);

/** Apply the chosen colours. */
export function wear() {
  const chosen = theme();
  document.documentElement.dataset.theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
}
