// @ts-check
// Tables that narrow screens show as cards, and screen readers always as tables.

import { h } from "./dom.js";

/** @param {string} kind @param {string[]} titles */
export function table(kind, titles) {
  const heads = titles.map((title) => h("th", { role: "columnheader", scope: "col" }, title));
  const head = h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads));
  const body = h("tbody", { role: "rowgroup" });
  return { element: h("table", { class: kind, role: "table", "aria-labelledby": kind }, head, body), body };
}

/** Create a row of empty cells, each with its title for screens without a line of titles. @param {string} kind @param {string[]} titles */
export function cells(kind, titles) {
  const [first, ...others] = titles;
  const head = h("th", { role: "rowheader", scope: "row", class: `${kind}-head`, "data-title": first });
  return h("tr", { role: "row" }, head, ...others.map((title) => h("td", { role: "cell", "data-title": title })));
}
