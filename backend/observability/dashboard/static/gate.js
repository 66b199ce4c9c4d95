// @ts-check
// Form that asks for the key.

import { h, say, set } from "./dom.js";
import { sendable } from "./key.js";
/** @import { Texts } from "./texts.js" */

/**
 * Return the form. `problem`: why the previous key failed; empty: none was tried.
 * @param {Texts} texts
 * @param {""|"wrong"|"forbidden"} problem
 * @param {(key: string) => void} open
 */
export function gate(texts, problem, open) {
  const field = h("input", { id: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "key-kept key-problem" });
  const told = h("p", { id: "key-problem", class: "bad", role: "alert" }, problem ? texts.get(`gate.${problem}`) : "");
  const form = h("form", {}, h("label", { for: "key" }, texts.get("gate.key")), h("div", { class: "fields" }, field, h("button", { type: "submit" }, texts.get("gate.open"))), told);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const key = field.value.trim();
    if (sendable(key)) {
      open(key);
    } else {
      say(told, texts.get("gate.wrong"));
      set(field, { "aria-invalid": "true" });
    }
  });
  const ways = [
    h("p", {}, texts.get("gate.how")),
    h("p", {}, h("code", {}, "kikipounamu dashboard")),
    h("p", {}, texts.get("gate.device")),
    h("p", {}, h("code", {}, "kikipounamu-gateway devices add NAME")),
  ];
  return h("section", { class: "panel gate" }, h("h1", {}, texts.get("gate.title")), form, h("p", { id: "key-kept", class: "small" }, texts.get("gate.kept")), ...ways);
}
