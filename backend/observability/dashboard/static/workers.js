// @ts-check
// Table of the workers and their states.

import { each, h, say, set } from "./dom.js";
import { icon, reshape } from "./icons.js";
import { cells, table } from "./table.js";
/** @import { Scene, Tools } from "./page.js" */
/** @import { Worker } from "./types.js" */

const COLUMNS = ["worker", "state", "slots", "speed", "cpu", "memory", "gpu", "done"];
const { compare } = new Intl.Collator(undefined, { numeric: true });
const BLOCKS = 8; // more slots are shown as a number only
const SILENT_MS = 7_000; // a heartbeat comes every 5 s

export class Workers {
  #tools;
  #body;
  #none;

  /** @param {Tools} tools */
  constructor(tools) {
    this.#tools = tools;
    const { texts } = tools;
    const title = h("h2", { id: "workers" }, texts.get("workers.title"));
    const { element, body } = table("workers", COLUMNS.map((one) => texts.get(`workers.${one}`)));
    this.#body = body;
    this.#none = h("p", { class: "none" }, texts.get("workers.none"));
    this.element = h("section", { "aria-labelledby": "workers" }, title, h("div", { class: "panel" }, this.#none, element));
  }

  /** @param {Scene} scene */
  update({ snapshot }) {
    const workers = [...(snapshot?.workers ?? [])].sort((one, other) => compare(one.host, other.host) || compare(one.worker, other.worker));
    set(this.#none, { hidden: workers.length > 0 || snapshot === null });
    set(/** @type {Element} */ (this.#body.parentElement), { hidden: workers.length === 0 });
    each(this.#body, workers, (one) => one.worker, () => this.#row(), (row, one) => this.#fill(row, one));
  }

  #row() {
    const { texts } = this.#tools;
    const row = cells("workers", COLUMNS.map((one) => texts.get(`workers.${one}`)));
    const [worker, state, slots, , , , , done] = row.children;
    worker.append(h("strong", {}), h("span", { class: "small" }));
    state.append(icon("idle"), h("span", {}));
    slots.append(h("span", { class: "blocks", "aria-hidden": "true" }), h("span", {}));
    done.append(h("span", {}), h("span", { class: "small bad" }));
    return row;
  }

  /** @param {HTMLElement} row @param {Worker} one */
  #fill(row, one) {
    const { texts, format, names } = this.#tools;
    const [worker, state, slots, speed, cpu, memory, gpu, done] = row.children;
    const silent = (one.age_ms ?? 0) >= SILENT_MS;
    const shape = silent ? "failed" : one.state;
    set(row, { "data-state": shape, title: one.worker });
    say(worker.children[0], names.of(one.worker));
    say(worker.children[1], [one.device, one.model].filter((part) => part !== "").join(" · "));
    reshape(state.children[0], shape);
    say(state.children[1], silent ? this.#silence(one) : texts.get(`state.${one.state}`));
    this.#blocks(slots.children[0], one);
    say(slots.children[1], texts.get("workers.slotsOf", { busy: one.busy, slots: one.slots }));
    say(speed, one.speed > 0 ? format.times(one.speed) : "–");
    say(cpu, format.percent(one.cpu_percent));
    say(memory, one.memory_bytes ? format.bytes(one.memory_bytes) : "–");
    say(gpu, this.#gpu(one));
    say(done.children[0], format.number(one.done));
    say(done.children[1], one.failed ? format.count("workers.failed", one.failed) : "");
  }

  /** @param {Worker} one */
  #silence(one) {
    const { texts, format } = this.#tools;
    return texts.get("state.silent", { time: format.time((one.age_ms ?? 0) / 1000) });
  }

  /** @param {Element} element @param {Worker} one */
  #blocks(element, { busy, slots }) {
    const shown = slots > BLOCKS ? [] : Array.from({ length: slots }, (_, place) => ({ place, taken: place < busy }));
    each(element, shown, (one) => `${one.place}`, () => h("span", {}), (block, one) => set(block, { "data-busy": one.taken }));
  }

  /** @param {Worker} one */
  #gpu({ gpu_percent, gpu_memory_bytes }) {
    const { format } = this.#tools;
    const parts = [gpu_percent == null ? "" : format.percent(gpu_percent), gpu_memory_bytes == null ? "" : format.bytes(gpu_memory_bytes)];
    return parts.filter((part) => part !== "").join(" · ") || "–";
  }
}
