// @ts-check
// The last hour: what the gateway remembers of it, continued with what it tells now. Pure; clocks are the caller's.

/** @import { Point, Snapshot, Worker } from "./types.js" */

export const SPAN_MS = 3_600_000;
const GAP_MS = 30_000; // longer than the gateway's pauses: nothing is known of the time between
const CLOCKS_DIFFER_S = 5; // of one without an id, two guesses of when it began: more apart, and it began again
const WORST = /** @type {const} */ (["queued", "backlog_s", "oldest_s"]);

export class History {
  /** @type {Point[]} */
  points = [];
  #epoch = 0;
  #began = Number.NaN; // of the gateway, on the viewer's clock, s
  #gateway = "";
  #stepMs = 5_000;

  /**
   * What the gateway remembers takes the place of what was seen of this run of it.
   * @param {{gateway?: string, uptime_s: number, step_s: number, moments: any[]}} timeline
   * @param {number} now ms
   */
  takeTimeline(timeline, now) {
    this.#follow(timeline.uptime_s, now, timeline.gateway ?? "");
    this.#stepMs = Math.max(1_000, timeline.step_s * 1_000);
    const told = timeline.moments.map((one) => this.#point(one, now - (timeline.uptime_s - one.at_s) * 1_000));
    const last = told.at(-1)?.at_s ?? Number.NEGATIVE_INFINITY;
    const before = this.points.filter((one) => one.epoch !== this.#epoch);
    const after = this.points.filter((one) => one.epoch === this.#epoch && one.at_s > last);
    this.points = [];
    for (const point of [...before, ...told, ...after]) {
      this.#add(point);
    }
    this.#forget(now);
  }

  /**
   * One more moment.
   * @param {Snapshot} snapshot
   * @param {number} now ms
   */
  takeSnapshot(snapshot, now) {
    this.#follow(snapshot.uptime_s, now, snapshot.gateway);
    const point = this.#point({ ...snapshot, at_s: snapshot.uptime_s }, now);
    const last = this.points.at(-1);
    const bucket = (/** @type {Point} */ one) => Math.floor(one.t / this.#stepMs);
    if (last && last.epoch === point.epoch && bucket(last) === bucket(point)) {
      this.points.pop();
      for (const name of WORST) {
        point[name] = Math.max(point[name], last[name]);
      }
    }
    this.#add(point);
    this.#forget(now);
  }

  /** When a moment of the gateway's uptime was, on the viewer's clock, ms. @param {number} atS */
  when(atS) {
    return (this.#began + atS) * 1_000;
  }

  /**
   * An id is of one run of a gateway, and decides alone where it is known: what a network held up looks like a restart.
   * @param {number} uptimeS @param {number} now @param {string} gateway
   */
  #follow(uptimeS, now, gateway) {
    const began = now / 1_000 - uptimeS;
    const another = gateway && this.#gateway ? gateway !== this.#gateway : began - this.#began > CLOCKS_DIFFER_S;
    if (another) {
      this.#epoch += 1;
      this.#gateway = "";
    }
    this.#began = began;
    this.#gateway = gateway || this.#gateway;
  }

  /** @param {any} moment @param {number} t @returns {Point} */
  #point(moment, t) {
    const workers = new Map(moment.workers.map((/** @type {Worker} */ one) => [one.worker, one]));
    const { at_s, queued, backlog_s, oldest_s, sessions, streams, totals, load } = moment;
    const figures = { at_s, queued, backlog_s, oldest_s, sessions, streams, totals, load };
    return { t, epoch: this.#epoch, gap: false, workers, ...figures };
  }

  /** @param {Point} point */
  #add(point) {
    const last = this.points.at(-1);
    if (last && point.t <= last.t) {
      point.t = last.t + 1; // clocks are set
    }
    point.gap = !last || last.epoch !== point.epoch || point.t - last.t > Math.max(GAP_MS, 3 * this.#stepMs);
    this.points.push(point);
  }

  /** @param {number} now */
  #forget(now) {
    const first = this.points.findIndex((one) => one.t >= now - SPAN_MS - this.#stepMs);
    this.points.splice(0, first < 0 ? this.points.length : first);
  }
}

/**
 * The span to show: the shortest of these that holds everything. ms
 * @param {Point[]} points
 * @param {number} now
 */
export function spanOf(points, now) {
  const age = points.length ? now - points[0].t : 0;
  return [300_000, 900_000, 1_800_000].find((span) => age <= span) ?? SPAN_MS;
}
