// @ts-check
// Rates from totals, which grow while a gateway runs and begin at 0 again with the next one. Pure.

/** @import { Point, Totals, Worker } from "./types.js" */

const MINUTE_MS = 60_000;
const BEGINS_S = 10; // two steps of a timeline: an earlier point belongs to the gateway's start

/**
 * Return the growth of a total per second, over the time before each point; `null`: unknown.
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
 * Return the growth of a total up to each point from the one before.
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
    return point.at_s <= BEGINS_S ? point.totals[name] : 0; // earlier counts have no known time
  });
}

/**
 * Return the growth of a total since a time.
 * @param {Point[]} points
 * @param {keyof Totals} name
 * @param {number} since ms
 */
export function grown(points, name, since) {
  return increases(points, name).reduce((sum, more, place) => sum + (points[place].t >= since ? more : 0), 0);
}

/**
 * Return the growth of a total in each minute; `t`: beginning of the minute.
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
 * Return the mean real-time factor of the workers whose speed is known; `null`: of none.
 * @param {Iterable<Partial<Worker>>} workers
 */
export function rtf(workers) {
  const known = [...workers].filter((one) => (one.speed ?? 0) > 0).map((one) => 1 / (one.speed ?? 1));
  return known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : null;
}
