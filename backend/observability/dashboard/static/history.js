// @ts-check
// Points of the last hour: the gateway's timeline, continued by its snapshots. Pure: time comes in as a value.

/** @import { Point, Snapshot, Worker } from "./types.js" */

export const SPAN_MS = 3_600_000;
const GAP_MS = 30_000; // longer than the gateway's pauses: the time between is unknown
const CLOCKS_DIFFER_S = 5; // a gateway without an id has restarted if its estimated starts differ by more
const WORST = /** @type {const} */ (["queued", "backlog_s", "oldest_s"]);

export class History {
  /** @type {Point[]} */
  points = [];
  #epoch = 0;
  #began = Number.NaN; // start of the gateway on the viewer's clock, s
  #gateway = "";
  #stepMs = 5_000;

  /**
   * Replace the points of this run of the gateway, up to the end of its timeline.
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
   * Add a snapshot; it replaces one of the same step.
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

  /** Convert a moment of the gateway's uptime to the viewer's clock, ms. @param {number} atS */
  when(atS) {
    return (this.#began + atS) * 1_000;
  }

  /**
   * Begin a new epoch if the gateway has restarted. Its id decides, if known: delayed data look like a restart.
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
      point.t = last.t + 1; // the viewer's clock was set back
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
 * Return the time span to show, ms: the shortest one that holds all points.
 * @param {Point[]} points
 * @param {number} now
 */
export function spanOf(points, now) {
  const age = points.length ? now - points[0].t : 0;
  return [300_000, 900_000, 1_800_000].find((span) => age <= span) ?? SPAN_MS;
}
