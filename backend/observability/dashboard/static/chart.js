// @ts-check
// Charts of the last hour. A time pointed at in one chart is marked in all of them.

import { draw, h, say, set } from "./dom.js";
import { areaPath, ceiling, linear, linePath, nearest, timeTicks } from "./scale.js";
/** @import { Spot } from "./scale.js" */

/**
 * `look`: how a series is drawn; also its CSS class.
 * @typedef {{name: string, look: "area"|"line"|"limit"|"bars", hue?: string, spots: Spot[]}} Series
 * @typedef {{from: number, to: number, series: Series[], read: (value: number) => string, clock: (t: number) => string, spoken: () => string, least?: number, unit?: number}} Drawing
 */

const TOP = 14;
const BOTTOM = 16;
const MINUTE_MS = 60_000;
const STEPS = 60; // presses of an arrow key from end to end

/** Time that is marked in every chart; `null`: none. */
export class Crosshair {
  /** @type {number|null} */
  time = null;
  /** @type {Set<() => void>} */
  #hearers = new Set();

  /** @param {() => void} hearer */
  follow(hearer) {
    this.#hearers.add(hearer);
  }

  /** @param {number|null} time */
  point(time) {
    this.time = time;
    this.#hearers.forEach((hearer) => hearer());
  }
}

export class Chart {
  #svg = draw("svg", { "aria-hidden": true, focusable: false });
  #crosshair;
  #width = 0;
  #height = 0;
  /** @type {Drawing|null} */
  #drawing = null;

  /** @param {Crosshair} crosshair */
  constructor(crosshair) {
    this.#crosshair = crosshair;
    this.element = h("div", { class: "chart", role: "slider", tabindex: 0, "aria-readonly": "true" }, this.#svg);
    this.element.addEventListener("pointermove", (event) => this.#pointed(event));
    this.element.addEventListener("pointerdown", (event) => this.#pointed(event));
    this.element.addEventListener("pointerleave", () => crosshair.point(null));
    this.element.addEventListener("blur", () => crosshair.point(null));
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
    new ResizeObserver(([entry]) => this.#sized(entry.contentRect)).observe(this.element);
    crosshair.follow(() => this.#draw());
  }

  /** @param {Drawing} drawing */
  show(drawing) {
    this.#drawing = drawing;
    this.#draw();
  }

  /** @param {DOMRectReadOnly} room */
  #sized({ width, height }) {
    [this.#width, this.#height] = [Math.round(width), Math.round(height)];
    set(this.#svg, { width: this.#width, height: this.#height, viewBox: `0 0 ${this.#width} ${this.#height}` });
    this.#draw();
  }

  #draw() {
    if (!this.#drawing || this.#width < 20) {
      return;
    }
    const { from, to, series, least, unit } = this.#drawing;
    const floor = this.#height - BOTTOM;
    const values = series.flatMap((one) => one.spots.map((spot) => spot.value ?? 0));
    const top = ceiling(values.reduce((most, value) => Math.max(most, value), 0), least, unit); // too many for arguments
    const x = linear(from, to, 0, this.#width - 5);
    const y = linear(0, top, floor, TOP);
    const drawn = series.flatMap((one) => curve(one, x, y, floor));
    this.#svg.replaceChildren(...this.#grid(top, y), ...this.#times(x), ...drawn, ...this.#cross(x, y));
    this.#describe(from, to);
  }

  /** @param {number} top @param {(value: number) => number} y */
  #grid(top, y) {
    const { read } = /** @type {Drawing} */ (this.#drawing);
    return [0, top / 2, top].flatMap((value) => {
      const line = draw("line", { class: value ? "grid" : "ground", x1: 0, x2: this.#width, y1: y(value), y2: y(value) });
      return value === top ? [line, words(read(value), 0, y(value) - 3, "start")] : [line];
    });
  }

  /** @param {(value: number) => number} x */
  #times(x) {
    const { from, to, clock } = /** @type {Drawing} */ (this.#drawing);
    const ticks = timeTicks(from, to, Math.max(1, Math.floor(this.#width / 64)));
    const inside = ticks.filter((tick) => x(tick) > 18 && x(tick) < this.#width - 22);
    return inside.map((tick) => words(clock(tick), x(tick), this.#height - 3, "middle"));
  }

  /** @param {(value: number) => number} x @param {(value: number) => number} y */
  #cross(x, y) {
    const { from, to, series } = /** @type {Drawing} */ (this.#drawing);
    const time = this.#crosshair.time;
    if (time === null || time < from || time > to) {
      return [];
    }
    const spots = series.filter((one) => one.look !== "bars").flatMap((one) => {
      const spot = one.spots[nearest(one.spots, time)];
      return spot && spot.value !== null ? [draw("circle", { class: `spot ${one.hue ?? ""}`, cx: x(spot.t), cy: y(spot.value), r: 3 })] : [];
    });
    return [draw("line", { class: "cross", x1: x(time), x2: x(time), y1: TOP - 8, y2: this.#height - BOTTOM }), ...spots];
  }

  /** @param {number} from @param {number} to */
  #describe(from, to) {
    const time = this.#crosshair.time;
    const now = Math.round(((time ?? to) - from) / 1_000);
    const last = Math.round((to - from) / 1_000);
    const text = this.#drawing?.spoken() ?? "";
    set(this.element, { "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": now, "aria-valuetext": text });
  }

  /** @param {PointerEvent} event */
  #pointed(event) {
    if (this.#drawing) {
      const { from, to } = this.#drawing;
      const across = event.clientX - this.element.getBoundingClientRect().left;
      this.#crosshair.point(Math.min(to, Math.max(from, linear(0, this.#width - 5, from, to)(across))));
    }
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (!this.#drawing) {
      return;
    }
    const { from, to } = this.#drawing;
    const time = this.#crosshair.time ?? to;
    const step = (to - from) / STEPS;
    const earlier = Math.max(from, time - step);
    const later = Math.min(to, time + step);
    /** @type {Record<string, number|null>} */
    const places = { ArrowLeft: earlier, ArrowDown: earlier, ArrowRight: later, ArrowUp: later, Home: from, End: to, Escape: null };
    if (event.key in places) {
      event.preventDefault();
      this.#crosshair.point(places[event.key]);
    }
  }
}

/** @param {Series} series @param {(t: number) => number} x @param {(value: number) => number} y @param {number} floor */
function curve({ look, hue = "", spots }, x, y, floor) {
  if (look === "bars") {
    const across = Math.max(1, x(MINUTE_MS) - x(0) - 1);
    const shown = spots.filter((spot) => spot.value);
    return shown.map((spot) => {
      const high = Math.max(2, floor - y(spot.value ?? 0));
      return draw("rect", { class: `bar ${hue}`, x: Math.max(0, x(spot.t)), y: floor - high, width: across, height: high, rx: 1 });
    });
  }
  const line = draw("path", { class: `${look === "limit" ? "limit" : "line"} ${hue}`, d: linePath(spots, x, y) });
  return look === "area" ? [draw("path", { class: `area ${hue}`, d: areaPath(spots, x, y, floor) }), line] : [line];
}

/** @param {string} text @param {number} x @param {number} y @param {string} anchor */
function words(text, x, y, anchor) {
  const made = draw("text", { x, y, "text-anchor": anchor });
  say(made, text);
  return made;
}
