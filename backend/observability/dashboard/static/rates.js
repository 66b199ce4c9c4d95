// @ts-check
// Rates, out of totals that only grow while a gateway runs, and begin at 0 with the next one. Pure.

/** @import { Point, Totals, Worker } from "./types.js" */

const MINUTE_MS = 60_000;
const BEGINS_S = 10; // two steps of what a gateway remembers: a point before that is of its beginning

/**
 * How fast a total grew at each point, per second, over the time before it; `null` where that is not known.
 * @param {Point[]} points
 * @param {keyof Totals} name
 * @param {number} [windowMs]
 * @returns {(number|null)[]}
 */
export function rates(points, name, windowMs = 30_000) {
  let first = 0;
  return points.map((point, place) => {
    first = point.gap ? place : first;
    while (first < place && points[first + 1].t <= point.t - windowMs) {
      first += 1;
    }
    const since = points[first];
    return point.t > since.t ? ((point.totals[name] - since.totals[name]) * 1_000) / (point.t - since.t) : null;
  });
}

/**
 * By how much a total grew from each point to the next.
 * @param {Point[]} points
 * @param {keyof Totals} name
 */
export function increases(points, name) {
  return points.map((point, place) => {
    const before = points[place - 1];
    if (before) {
      const grown = point.totals[name] - before.totals[name];
      return before.epoch === point.epoch && grown >= 0 ? grown : point.totals[name];
    }
    return point.at_s <= BEGINS_S ? point.totals[name] : 0; // what was counted before the first point is of no known time
  });
}

/**
 * By how much it grew since then.
 * @param {Point[]} points
 * @param {keyof Totals} name
 * @param {number} since ms
 */
export function grown(points, name, since) {
  return increases(points, name).reduce((sum, more, place) => sum + (points[place].t >= since ? more : 0), 0);
}

/**
 * The same, minute by minute: `t` is where a minute begins.
 * @param {Point[]} points
 * @param {keyof Totals} name
 * @returns {{t: number, value: number}[]}
 */
export function byMinute(points, name) {
  /** @type {Map<number, number>} */
  const minutes = new Map();
  increases(points, name).forEach((more, place) => {
    const minute = Math.floor(points[place].t / MINUTE_MS) * MINUTE_MS;
    minutes.set(minute, (minutes.get(minute) ?? 0) + more);
  });
  return [...minutes].map(([t, value]) => ({ t, value }));
}

/**
 * Seconds of decoding per second of audio: the mean over those who know their speed.
 * @param {Iterable<Partial<Worker>>} workers
 */
export function rtf(workers) {
  const known = [...workers].filter((one) => (one.speed ?? 0) > 0).map((one) => 1 / (one.speed ?? 1));
  return known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : null;
}
