// @ts-check
// Table of recent segments with their times, and never their texts.

import { each, h, say, set } from "./dom.js";
import { cells, table } from "./table.js";
/** @import { Scene, Tools } from "./page.js" */
/** @import { Recent } from "./types.js" */

const COLUMNS = ["when", "segment", "audio", "worker", "time", "total"];
const PARTS = /** @type {const} */ (["queue", "decode", "deliver"]);
const FEW = 10;
const FEWER = 5; // on a narrow screen
const LEAST_MS = 400; // the shortest time that fills the width

export class Segments {
  #tools;
  #body;
  #none;
  #more;
  #all = false;
  #narrow = matchMedia("(max-width: 860px)");
  /** @type {Scene|null} */
  #scene = null;

  /** @param {Tools} tools */
  constructor(tools) {
    this.#tools = tools;
    const { texts } = tools;
    const { element, body } = table("recent", COLUMNS.map((one) => texts.get(`recent.${one}`)));
    this.#body = body;
    this.#none = h("p", { class: "none" }, texts.get("recent.none"));
    this.#more = h("button", { type: "button", class: "quiet", "aria-expanded": "false" });
    this.#more.addEventListener("click", () => this.#toggle());
    const legend = h("ul", { class: "legend" }, ...PARTS.map((part) => h("li", {}, h("span", { class: `swatch part ${part}` }), texts.get(`recent.${part}`))));
    const title = h("div", { class: "title" }, h("h2", { id: "recent" }, texts.get("recent.title")), legend);
    const note = h("p", { class: "note" }, texts.get("recent.note"));
    this.element = h("section", { "aria-labelledby": "recent" }, title, note, h("div", { class: "panel" }, this.#none, element, this.#more));
  }

  /** @param {Scene} scene */
  update(scene) {
    this.#scene = scene;
    const { texts, format } = this.#tools;
    const newest = [...scene.recent].reverse();
    const few = this.#narrow.matches ? FEWER : FEW;
    const shown = this.#all ? newest : newest.slice(0, few);
    const widest = Math.max(LEAST_MS, ...shown.map(total));
    set(this.#none, { hidden: newest.length > 0 || scene.snapshot === null });
    set(/** @type {Element} */ (this.#body.parentElement), { hidden: newest.length === 0 });
    set(this.#more, { hidden: newest.length <= few, "aria-expanded": String(this.#all) });
    say(this.#more, this.#all ? texts.get("recent.less") : texts.get("recent.more", { count: format.number(newest.length) }));
    const key = (/** @type {Recent} */ one) => `${one.session} ${one.segment} ${one.at_s}`;
    each(this.#body, shown, key, () => this.#row(), (row, one) => this.#fill(row, one, scene, widest));
  }

  #toggle() {
    this.#all = !this.#all;
    if (this.#scene) {
      this.update(this.#scene);
    }
  }

  #row() {
    const { texts } = this.#tools;
    const row = cells("recent", COLUMNS.map((one) => texts.get(`recent.${one}`)));
    const [, segment, , worker, time] = row.children;
    segment.append(h("code", {}), h("span", { class: "small bad" }));
    worker.append(h("span", {}), h("span", { class: "small" }));
    time.append(h("span", { class: "spans", "aria-hidden": "true" }, ...PARTS.map((part) => h("span", { class: `part ${part}` }))), h("span", { class: "spoken" }));
    return row;
  }

  /** @param {HTMLElement} row @param {Recent} one @param {Scene} scene @param {number} widest ms */
  #fill(row, one, scene, widest) {
    const { texts, format, names } = this.#tools;
    const [when, segment, audio, worker, time, sum] = row.children;
    const failed = one.outcome !== "final";
    set(row, { "data-failed": failed, title: one.session });
    say(when, format.clock(scene.when(one.at_s), true));
    say(segment.children[0], `${one.session.slice(0, 8)} #${one.segment}`);
    say(segment.children[1], failed ? texts.get("recent.failed", { code: one.outcome }) : "");
    say(audio, one.audio_ms ? format.wait(one.audio_ms / 1_000) : "–");
    say(worker.children[0], one.worker ? names.of(one.worker) : "–");
    say(worker.children[1], one.model);
    /** @type {Record<string, string>} */
    const spoken = {};
    PARTS.forEach((part, place) => {
      const element = /** @type {HTMLElement} */ (time.children[0].children[place]);
      element.style.setProperty("--across", `${((one.timing[part] / widest) * 100).toFixed(2)}%`);
      spoken[part] = format.milliseconds(one.timing[part]);
    });
    say(time.children[1], texts.get("recent.parts", spoken));
    set(time, { title: texts.get("recent.parts", spoken) });
    say(sum, total(one) ? format.milliseconds(total(one)) : "–");
  }
}

/** Return the time from the last word to the text, as far as the gateway knows, ms. @param {Recent} one */
function total({ timing }) {
  return timing.queue + timing.decode + timing.deliver;
}
