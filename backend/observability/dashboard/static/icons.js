// @ts-check
// Icons of states, in addition to colours and words. Their square has 16 units.

import { draw } from "./dom.js";

/** @type {Record<string, string>} */
const SHAPES = {
  good: "M3.5 8.5 6.5 11.5 12.5 4.5",
  warn: "M8 4V8.8M8 11.6V11.7",
  bad: "M4.5 4.5 11.5 11.5M11.5 4.5 4.5 11.5",
  unknown: "M4 8V8.1M8 8V8.1M12 8V8.1",
  idle: "M5 8H11",
  busy: "M4 6.5V9.5M8 3.5V12.5M12 6.5V9.5",
  starting: "M4 8V8.1M8 8V8.1M12 8V8.1",
  draining: "M8 3.5V11.5M4.5 8.2 8 11.7 11.5 8.2",
  failed: "M4.5 4.5 11.5 11.5M11.5 4.5 4.5 11.5",
};

/** Create the icon of a state. @param {string} name */
export function icon(name) {
  return draw("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": true, focusable: false }, draw("path", { d: SHAPES[name] ?? "" }));
}

/** Change an icon to that of another state. @param {Element} element @param {string} name */
export function reshape(element, name) {
  element.firstElementChild?.setAttribute("d", SHAPES[name] ?? "");
}
