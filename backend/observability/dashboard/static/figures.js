// @ts-check
// Panels of figures: the current value, and a chart of the last hour.

import { Chart } from "./chart.js";
import { h, say, set } from "./dom.js";
import { byMinute, grown, rates, rtf } from "./rates.js";
import { nearest } from "./scale.js";
/** @import { Series } from "./chart.js" */
/** @import { Scene, Tools } from "./page.js" */
/** @import { Point } from "./types.js" */

/**
 * `value`: current value as text. `sub`: line below it. `read`: formats a value. `share`: part in use, for a meter.
 * @typedef {Object} Figure
 * @property {string} key
 * @property {(scene: Scene) => string} value
 * @property {(scene: Scene) => string} sub
 * @property {(value: number) => string} read
 * @property {(scene: Scene) => Series[]} series
 * @property {number} [least] upper end of its scale
 * @property {boolean} [sums] whether its values are sums of a minute
 * @property {(scene: Scene) => number|null} [share]
 */

/** @param {Scene} scene @param {(point: Point) => number|null} value */
function spots({ points }, value) {
  return points.map((point) => ({ t: point.t, gap: point.gap, value: value(point) }));
}

/** @param {Scene} scene @param {"audio_s"|"final"} name @param {number} factor */
function rateSpots({ points }, name, factor) {
  return rates(points, name).map((rate, place) => {
    const { t, gap } = points[place];
    return { t, gap, value: rate === null ? null : rate * factor };
  });
}

/** @param {Scene} scene @param {"audio_s"|"final"} name */
function rateNow({ points }, name) {
  return rates(points, name).at(-1) ?? null;
}

/** @param {Tools} tools @returns {Figure[]} */
export function figures({ texts, format }) {
  const whole = (/** @type {number} */ value) => format.short(value);
  const shown = (/** @type {number|null|undefined} */ value) => (value === null || value === undefined ? "–" : whole(value));
  const span = (/** @type {Scene} */ scene) => texts.get("figure.ofTime", { time: format.time((scene.to - scene.from) / 1_000) });
  /** @param {string} key @param {"refused"|"failed"} name @param {string} hue @returns {Figure} */
  const sum = (key, name, hue) => ({
    key,
    sums: true,
    value: (scene) => (scene.points.length ? format.number(grown(scene.points, name, scene.from)) : "–"),
    sub: span,
    read: whole,
    series: (scene) => [{ name: texts.get(`figure.${key}`), look: "bars", hue, spots: byMinute(scene.points, name) }],
    least: 2,
  });
  return [
    {
      key: "queue",
      value: ({ snapshot }) => shown(snapshot?.queued),
      sub: ({ snapshot }) => texts.get("figure.queue.sub", { time: format.wait(snapshot?.backlog_s ?? 0) }),
      read: whole,
      series: (scene) => [{ name: texts.get("figure.queue"), look: "area", spots: spots(scene, (point) => point.queued) }],
      least: 5,
    },
    {
      key: "oldest",
      value: ({ snapshot }) => (snapshot ? format.wait(snapshot.oldest_s) : "–"),
      sub: () => texts.get("figure.oldest.sub"),
      read: (value) => format.wait(value),
      series: (scene) => [{ name: texts.get("figure.oldest"), look: "area", spots: spots(scene, (point) => point.oldest_s) }],
      least: 2,
    },
    {
      key: "sessions",
      value: ({ snapshot }) => shown(snapshot?.sessions),
      sub: ({ snapshot }) => format.count("count.connections", snapshot?.connections ?? 0),
      read: whole,
      series: (scene) => [{ name: texts.get("figure.sessions"), look: "area", spots: spots(scene, (point) => point.sessions) }],
      least: 2,
    },
    {
      key: "capacity",
      value: (scene) =>
        texts.get("figure.capacity.value", { used: shown(rateNow(scene, "audio_s")), all: shown(scene.snapshot?.streams) }),
      sub: () => texts.get("figure.capacity.sub"),
      read: whole,
      series: (scene) => [
        { name: texts.get("figure.capacity.used"), look: "area", spots: rateSpots(scene, "audio_s", 1) },
        { name: texts.get("figure.capacity.all"), look: "limit", spots: spots(scene, (point) => point.streams) },
      ],
      share: (scene) => (scene.snapshot?.streams ? (rateNow(scene, "audio_s") ?? 0) / scene.snapshot.streams : null),
    },
    {
      key: "throughput",
      value: (scene) => shown(scene.points.length ? (rateNow(scene, "final") ?? 0) * 60 : null),
      sub: (scene) => texts.get("figure.throughput.sub", { value: whole(rateNow(scene, "audio_s") ?? 0) }),
      read: whole,
      series: (scene) => [{ name: texts.get("figure.throughput"), look: "area", spots: rateSpots(scene, "final", 60) }],
      least: 10,
    },
    {
      key: "rtf",
      value: ({ snapshot }) => format.rtf(rtf(snapshot?.workers ?? [])),
      sub: () => texts.get("figure.rtf.sub"),
      read: (value) => format.rtf(value),
      series: (scene) => [
        { name: texts.get("figure.rtf"), look: "line", spots: spots(scene, (point) => rtf(point.workers.values())) },
      ],
      least: 0.01,
    },
    sum("refused", "refused", "warning"),
    sum("failed", "failed", "danger"),
  ];
}

export class FigurePanel {
  #tools;
  #figure;
  #value = h("p", { class: "value" });
  #sub = h("p", { class: "sub" });
  #readout = h("p", { class: "readout" });
  #full = h("span", { class: "full" });
  #meter;
  #chart;
  /** @type {Scene|null} */
  #scene = null;
  /** @type {Series[]} */
  #series = [];

  /** @param {Tools} tools @param {Figure} figure */
  constructor(tools, figure) {
    this.#tools = tools;
    this.#figure = figure;
    this.#chart = new Chart(tools.crosshair);
    const name = tools.texts.get(`figure.${figure.key}`);
    set(this.#chart.element, { "aria-label": name });
    this.#meter = figure.share ? [h("div", { class: "meter", "aria-hidden": "true" }, this.#full)] : [];
    const told = h("div", { class: "told" }, h("h3", {}, name), this.#value, ...this.#meter, this.#sub);
    const drawn = h("div", { class: "drawn" }, this.#readout, this.#chart.element);
    this.element = h("section", { class: "panel figure", "data-figure": figure.key }, told, drawn);
    tools.crosshair.follow(() => this.#point());
  }

  /** @param {Scene} scene */
  update(scene) {
    this.#scene = scene;
    const { value, sub, read, share, series, least } = this.#figure;
    say(this.#value, value(scene));
    say(this.#sub, sub(scene));
    const full = share?.(scene) ?? 0;
    this.#full.style.setProperty("--share", `${Math.round(Math.min(1, full) * 100)}%`);
    set(this.#full, { "data-full": full > 0.9 });
    this.#series = series(scene);
    this.#point();
    const { from, to } = scene;
    const { format } = this.#tools;
    this.#chart.show({ from, to, read, least, series: this.#series, clock: (t) => format.clock(t), spoken: () => this.#spoken() });
  }

  /** Show the value at the marked time; without one, the highest. */
  #point() {
    const { texts, format, crosshair } = this.#tools;
    const spot = crosshair.time === null ? null : this.#spotAt(crosshair.time);
    const at = spot && { time: format.clock(spot.t, !this.#figure.sums), value: this.#read(spot.value) };
    say(this.#readout, at ? texts.get("figure.at", at) : this.#peak());
  }

  /** @param {number} time */
  #spotAt(time) {
    const minute = Math.floor(time / 60_000) * 60_000;
    const found = this.#series[0]?.spots ?? [];
    const spot = found[nearest(found, this.#figure.sums ? minute : time)];
    return spot && this.#figure.sums && spot.t !== minute ? { t: minute, value: 0 } : (spot ?? null);
  }

  #peak() {
    const values = (this.#series[0]?.spots ?? []).flatMap((one) => (one.value === null ? [] : [one.value]));
    const most = Math.max(...values);
    if (!values.length || (this.#figure.sums && most === 0)) {
      return "";
    }
    const key = this.#figure.sums ? "figure.peakMinute" : "figure.peak";
    return this.#tools.texts.get(key, { value: this.#figure.read(most) });
  }

  #spoken() {
    const { texts, format, crosshair } = this.#tools;
    const name = texts.get(`figure.${this.#figure.key}`);
    const spot = crosshair.time === null ? null : this.#spotAt(crosshair.time);
    if (spot) {
      return texts.get("figure.spokenAt", { name, time: format.clock(spot.t), value: this.#read(spot.value) });
    }
    return texts.get("figure.spoken", { name, value: this.#scene ? this.#figure.value(this.#scene) : "–", peak: this.#peak() || "–" });
  }

  /** @param {number|null} value */
  #read(value) {
    return value === null ? "–" : this.#figure.read(value);
  }
}
