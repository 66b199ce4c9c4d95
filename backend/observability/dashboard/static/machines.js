// @ts-check
// Processor, memory and GPU of the gateway and of each worker over the last hour.

import { Chart } from "./chart.js";
import { each, h, say, set } from "./dom.js";
import { nearest } from "./scale.js";
/** @import { Series } from "./chart.js" */
/** @import { Scene, Tools } from "./page.js" */
/** @import { Point } from "./types.js" */

const HUES = 6;
const FRESH_MS = 4_000;
const MORE = "hue-more"; // workers without a colour of their own

/** @typedef {"cpu_percent"|"memory_bytes"|"gpu_percent"|"gpu_memory_bytes"} Metric */

/** Colours of workers. A worker keeps its colour while it is shown. */
export class Hues {
  /** @type {Map<string, string>} */
  #given = new Map();

  /** @param {string[]} names @returns {Map<string, string>} */
  of(names) {
    const wanted = new Set(names);
    for (const name of [...this.#given.keys()].filter((one) => !wanted.has(one))) {
      this.#given.delete(name);
    }
    const taken = new Set(this.#given.values());
    const free = Array.from({ length: HUES }, (_, place) => `hue-${place + 1}`).filter((hue) => !taken.has(hue));
    for (const name of names.filter((one) => !this.#given.has(one)).slice(0, free.length)) {
      this.#given.set(name, /** @type {string} */ (free.shift()));
    }
    return new Map(names.map((name) => [name, this.#given.get(name) ?? MORE]));
  }
}

/** Display names of workers: the host, and the device where a host has several workers. */
export class Names {
  /** @type {Map<string, string>} */
  #known = new Map();

  /** @param {Scene["snapshot"]} snapshot */
  learn(snapshot) {
    const workers = snapshot?.workers ?? [];
    for (const one of workers) {
      const same = workers.filter((other) => other.host === one.host);
      const twice = same.some((other) => other !== one && other.device === one.device);
      const which = twice ? `${one.device} #${same.indexOf(one) + 1}` : one.device;
      this.#known.set(one.worker, same.length > 1 ? `${one.host} · ${which}` : one.host);
    }
  }

  /** @param {string} worker */
  of(worker) {
    return this.#known.get(worker) ?? worker.slice(0, 12);
  }
}

export class Machines {
  #tools;
  #drawn = Number.NaN; // the newest moment that was drawn, ms
  #who = "";
  #hues = new Hues();
  #charts = h("div", { class: "machines" });
  #legend = h("ul", { class: "legend" });
  /** @type {MachinePanel[]} */
  #panels;

  /** @param {Tools} tools */
  constructor(tools) {
    this.#tools = tools;
    const { format } = tools;
    /** @type {[string, Metric, (value: number) => string, number][]} */
    const made = [
      ["load.cpu", "cpu_percent", (value) => format.percent(value), 100],
      ["load.memory", "memory_bytes", (value) => format.bytes(value), 2 ** 29],
      ["load.gpu", "gpu_percent", (value) => format.percent(value), 100],
      ["load.gpuMemory", "gpu_memory_bytes", (value) => format.bytes(value), 2 ** 30],
    ];
    this.#panels = made.map((one) => new MachinePanel(tools, ...one));
    const title = h("h2", { id: "machines" }, tools.texts.get("load.title"));
    this.#charts.append(...this.#panels.map((panel) => panel.element));
    this.element = h("section", { "aria-labelledby": "machines" }, h("div", { class: "title" }, title, this.#legend), this.#charts);
  }

  /** @param {Scene} scene */
  update(scene) {
    if (this.#isFresh(scene)) {
      return;
    }
    const seen = new Set(scene.points.flatMap((point) => [...point.workers.keys()]));
    const hues = this.#hues.of([...seen]);
    const named = [...hues].filter(([, hue]) => hue !== MORE);
    const { texts, format, names } = this.#tools;
    const shown = named.map(([worker, hue]) => ({ hue, name: names.of(worker) }));
    const more = hues.size - named.length;
    const others = more ? [{ hue: MORE, name: format.count("load.others", more) }] : [];
    const all = [...shown, ...others, { hue: "hue-0", name: texts.get("load.gateway") }];
    each(this.#legend, all, (one) => one.hue + one.name, ({ hue, name }) => h("li", {}, h("span", { class: `swatch ${hue}` }), name), () => {});
    this.#panels.forEach((panel) => panel.update(scene, hues));
    set(this.#charts, { "data-count": this.#panels.filter((panel) => !panel.element.hidden).length });
  }

  /** Return whether the charts show the same workers and are a few seconds old; else note that they are drawn. @param {Scene} scene */
  #isFresh({ snapshot, points, to }) {
    const who = JSON.stringify([points.length > 0, ...(snapshot?.workers ?? []).map((one) => one.worker)]);
    const age = to - this.#drawn;
    if (who === this.#who && age >= 0 && age < FRESH_MS) {
      return true;
    }
    [this.#who, this.#drawn] = [who, to];
    return false;
  }
}

class MachinePanel {
  #tools;
  #key;
  #metric;
  #read;
  #unit;
  #chart;
  #time = h("span", { class: "at" });
  #values = h("ul", { class: "values" });
  /** @type {Series[]} */
  #series = [];

  /** @param {Tools} tools @param {string} key @param {Metric} metric @param {(value: number) => string} read @param {number} unit of its scale, and the least upper end of it */
  constructor(tools, key, metric, read, unit) {
    [this.#tools, this.#key, this.#metric, this.#read, this.#unit] = [tools, key, metric, read, unit];
    this.#chart = new Chart(tools.crosshair);
    const { texts } = tools;
    const name = texts.get(key);
    set(this.#chart.element, { "aria-label": name });
    const sub = key === "load.cpu" ? [h("span", { class: "sub" }, texts.get("load.cpu.sub"))] : [];
    const told = h("div", { class: "told" }, h("h3", {}, name, " ", ...sub), this.#time, this.#values);
    this.element = h("section", { class: "panel machine" }, told, this.#chart.element);
    tools.crosshair.follow(() => this.#point());
  }

  /** @param {Scene} scene @param {Map<string, string>} hues */
  update({ points, from, to }, hues) {
    const { names, texts, format } = this.#tools;
    const workers = [...hues].map(([worker, hue]) => curveOf(points, names.of(worker), hue, (point) => point.workers.get(worker)?.[this.#metric] ?? null));
    const gateway = curveOf(points, texts.get("load.gateway"), "hue-0", (point) => (this.#metric in point.load ? point.load[/** @type {"cpu_percent"} */ (this.#metric)] : null));
    const others = workers.filter((one) => one.hue === MORE); // behind those that have a colour
    this.#series = [...others, ...workers.filter((one) => one.hue !== MORE), gateway].filter((one) => one.spots.some((spot) => spot.value !== null));
    set(this.element, { hidden: this.#series.length === 0 });
    this.#point();
    this.#chart.show({
      from,
      to,
      series: this.#series,
      read: this.#read,
      clock: (t) => format.clock(t),
      spoken: () => this.#spoken(),
      least: this.#unit,
      unit: this.#unit,
    });
  }

  #valuesAt() {
    const { crosshair } = this.#tools;
    return this.#series.flatMap((one) => {
      const spot = one.spots[crosshair.time === null ? one.spots.length - 1 : nearest(one.spots, crosshair.time)];
      return spot && spot.value !== null ? [{ name: one.name, hue: one.hue ?? "", text: this.#read(spot.value) }] : [];
    });
  }

  #point() {
    const { crosshair, format } = this.#tools;
    const values = this.#valuesAt().filter((one) => one.hue !== MORE);
    say(this.#time, crosshair.time === null ? "" : format.clock(crosshair.time, true));
    each(
      this.#values,
      values,
      (one) => one.hue,
      (one) => h("li", {}, h("span", { class: `swatch ${one.hue}`, "aria-hidden": "true" }), h("span", {})),
      (element, one) => {
        say(/** @type {Node} */ (element.lastChild), one.text);
        set(element, { title: one.name });
      },
    );
  }

  #spoken() {
    const { crosshair, format, texts } = this.#tools;
    const told = this.#valuesAt().filter((one) => one.hue !== MORE);
    const value = told.map((one) => `${one.name} ${one.text}`).join(", ");
    const time = format.clock(crosshair.time ?? Date.now());
    return texts.get("figure.spokenAt", { name: texts.get(this.#key), time, value });
  }
}

/** @param {Point[]} points @param {string} name @param {string} hue @param {(point: Point) => number|null} value @returns {Series} */
function curveOf(points, name, hue, value) {
  return { name, look: "line", hue, spots: points.map((point) => ({ t: point.t, gap: point.gap, value: value(point) })) };
}
