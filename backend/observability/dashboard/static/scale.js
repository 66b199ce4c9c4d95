// @ts-check
// Scales and paths of charts. Pure.

/** @typedef {{t: number, value: number|null, gap?: boolean}} Spot */
/** @typedef {(value: number) => number} Place */

const ROUND = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/**
 * Return the smallest round number of units that is not below `value` or `least`.
 * @param {number} value
 * @param {number} [least]
 * @param {number} [unit]
 */
export function ceiling(value, least = 1, unit = 1) {
  const wanted = Math.max(value, least) / unit;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const factor = ROUND.find((one) => one * power >= wanted * (1 - 1e-9)) ?? 10;
  return Number((factor * power).toPrecision(12)) * unit;
}

/**
 * Return the linear map from one range to another.
 * @param {number} from
 * @param {number} to
 * @param {number} low
 * @param {number} high
 * @returns {Place}
 */
export function linear(from, to, low, high) {
  const factor = to === from ? 0 : (high - low) / (to - from);
  return (value) => low + (value - from) * factor;
}

/**
 * Return at most `most` round times of the viewer's clock between two, ms.
 * @param {number} from
 * @param {number} to
 * @param {number} most
 */
export function timeTicks(from, to, most) {
  const minutes = [1, 2, 5, 10, 15, 20, 30, 60];
  const step = (minutes.find((one) => (to - from) / (one * 60_000) <= most) ?? 120) * 60_000;
  const offset = new Date(to).getTimezoneOffset() * 60_000;
  const ticks = [];
  for (let tick = Math.ceil((from - offset) / step) * step + offset; tick <= to; tick += step) {
    ticks.push(tick);
  }
  return ticks;
}

/**
 * Return the path of a line through the spots, interrupted at gaps.
 * @param {Spot[]} spots
 * @param {Place} x
 * @param {Place} y
 */
export function linePath(spots, x, y) {
  return runs(spots).map((run) => `M${run.map((one) => at(one, x, y)).join("L")}h0`).join(""); // a spot without neighbours is a dot
}

/**
 * Return the path of the area below that line, down to `ground`.
 * @param {Spot[]} spots
 * @param {Place} x
 * @param {Place} y
 * @param {number} ground
 */
export function areaPath(spots, x, y, ground) {
  const closed = (/** @type {Spot[]} */ run) =>
    `M${round(x(run[0].t))},${round(ground)}L${run.map((one) => at(one, x, y)).join("L")}` +
    `L${round(x(run[run.length - 1].t))},${round(ground)}Z`;
  return runs(spots).map(closed).join("");
}

/** Return the index of the spot nearest to a time; -1: no spots. @param {{t: number}[]} spots @param {number} t */
export function nearest(spots, t) {
  let best = -1;
  spots.forEach((one, place) => {
    best = best < 0 || Math.abs(one.t - t) < Math.abs(spots[best].t - t) ? place : best;
  });
  return best;
}

/** @param {Spot[]} spots @returns {Spot[][]} */
function runs(spots) {
  /** @type {Spot[][]} */
  const made = [];
  let open = false;
  for (const spot of spots) {
    if (spot.value === null) {
      open = false;
      continue;
    }
    if (!open || spot.gap) {
      made.push([]);
    }
    made[made.length - 1].push(spot);
    open = true;
  }
  return made;
}

/** @param {Spot} spot @param {Place} x @param {Place} y */
function at(spot, x, y) {
  return `${round(x(spot.t))},${round(y(spot.value ?? 0))}`;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
