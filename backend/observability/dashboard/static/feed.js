// @ts-check
// Connection to the gateway: reads the last hour, then live events, and reconnects until it is ended.

import { EventReader } from "./events.js";
/** @import { Recent, Snapshot } from "./types.js" */

const ANSWER_MS = 10_000;
export const LATE_MS = 4_000; // the gateway sends a snapshot each second
const SILENCE_MS = 15_000;
const HIDDEN_MS = 60_000; // a page hidden for longer leaves its place to others
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/**
 * `retryAt`: time of the next attempt, ms. `heardAt`: time of the newest snapshot, ms; 0: none yet.
 * @typedef {{phase: "connecting"|"live"|"lost"|"crowded"|"asleep"|"key"|"forbidden", retryAt: number, heardAt: number}} Link
 */

/**
 * @typedef {Object} Hearer
 * @property {(timeline: any, now: number) => void} timeline
 * @property {(snapshot: Snapshot, now: number) => void} snapshot
 * @property {(recent: Recent, now: number) => void} segment
 * @property {(link: Link) => void} link
 */

/** Return the pause after so many failures, ms; `chance` makes it shorter by up to half. @param {number} failures @param {number} chance */
export function pause(failures, chance) {
  const most = PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1] ?? 0;
  return most * (0.5 + chance / 2);
}

/** Response with an unexpected status. */
export class Refused extends Error {
  /** @param {Response} response */
  constructor(response) {
    super(`${response.status}`);
    this.status = response.status;
    this.retryMs = Number(response.headers.get("Retry-After") ?? 0) * 1_000 || 0;
  }
}

export class Feed {
  #hearer;
  #key;
  #ended = new AbortController();
  #watching = new AbortController();
  #wake = () => {};
  #failures = 0;
  /** @type {Link} */
  link = { phase: "connecting", retryAt: 0, heardAt: 0 };

  /** @param {string} key @param {Hearer} hearer */
  constructor(key, hearer) {
    this.#key = key;
    this.#hearer = hearer;
  }

  /** Stay connected until `end`, or until the gateway refuses the key. */
  async run() {
    const seen = this.#watchVisibility();
    addEventListener("online", this.now, { signal: this.#ended.signal });
    while (!this.#ended.signal.aborted && !this.#refused) {
      if (await seen()) {
        await this.#attempt();
      }
    }
  }

  /** Disconnect for good. */
  end() {
    this.#ended.abort();
    this.#watching.abort();
    this.#wake();
  }

  /** Reconnect without waiting. */
  now = () => {
    this.#failures = 0;
    this.#wake();
  };

  async #attempt() {
    this.#watching = new AbortController();
    try {
      await this.#hour();
      await this.#watch();
      this.#failures += 1; // the gateway stops or restarts
      await this.#pause("lost", 0);
    } catch (problem) {
      if (this.#ended.signal.aborted || this.link.phase === "asleep") {
        return;
      }
      await this.#failed(problem);
    }
  }

  /** @param {unknown} problem */
  async #failed(problem) {
    this.#failures += 1;
    const status = problem instanceof Refused ? problem.status : 0;
    if (status === 401) {
      this.#tell({ phase: "key" });
    } else if (status === 403) {
      this.#tell({ phase: "forbidden" });
    } else {
      await this.#pause(status === 429 ? "crowded" : "lost", problem instanceof Refused ? problem.retryMs : 0);
    }
  }

  async #hour() {
    const signal = AbortSignal.any([this.#watching.signal, AbortSignal.timeout(ANSWER_MS)]);
    const response = await this.#get("v1/timeline", signal);
    if (response.ok) {
      const timeline = await response.json();
      safely(() => this.#hearer.timeline(timeline, Date.now()));
    } else if (response.status !== 404) {
      throw new Refused(response); // 404: an older gateway, without a timeline
    }
  }

  async #watch() {
    const watchdog = new AbortController();
    const signal = AbortSignal.any([this.#watching.signal, watchdog.signal]);
    let timer = setTimeout(() => watchdog.abort(), SILENCE_MS);
    try {
      const response = await this.#get("v1/monitor", signal);
      if (!response.ok || !response.body) {
        throw new Refused(response);
      }
      const events = new EventReader();
      const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
        clearTimeout(timer);
        timer = setTimeout(() => watchdog.abort(), SILENCE_MS);
        events.take(piece.value).forEach((event) => this.#heard(event));
      }
    } finally {
      clearTimeout(timer);
      watchdog.abort();
    }
  }

  /** @param {string} path @param {AbortSignal} signal */
  #get(path, signal) {
    const headers = this.#key ? { Authorization: `Bearer ${this.#key}` } : undefined;
    return fetch(path, { signal, headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
  }

  /** @param {{name: string, data: string}} event */
  #heard({ name, data }) {
    const now = Date.now();
    if (name === "snapshot") {
      this.#failures = 0;
      this.#tell({ phase: "live", heardAt: now });
      const snapshot = JSON.parse(data);
      safely(() => this.#hearer.snapshot(snapshot, now));
    } else if (name === "segment") {
      const recent = JSON.parse(data);
      safely(() => this.#hearer.segment(recent, now));
    }
  }

  /** @param {"lost"|"crowded"} phase @param {number} leastMs */
  async #pause(phase, leastMs) {
    const waits = Math.max(leastMs, pause(this.#failures, Math.random()));
    this.#tell({ phase, retryAt: Date.now() + waits });
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, waits);
      this.#wake = () => (clearTimeout(timer), resolve(undefined));
    });
    this.#wake = () => {};
  }

  /** Disconnect once the page was hidden for long. The result waits until it is seen; false: the feed has ended. */
  #watchVisibility() {
    let timer = 0;
    let looked = () => {};
    const change = () => {
      clearTimeout(timer);
      if (document.visibilityState === "hidden") {
        timer = setTimeout(() => {
          if (!this.#refused) {
            this.#tell({ phase: "asleep" });
            this.#watching.abort();
          }
        }, HIDDEN_MS);
      } else {
        looked();
        this.now();
      }
    };
    document.addEventListener("visibilitychange", change, { signal: this.#ended.signal });
    this.#ended.signal.addEventListener("abort", () => (clearTimeout(timer), looked()));
    return async () => {
      if (this.link.phase === "asleep" && document.visibilityState === "hidden") {
        await new Promise((resolve) => (looked = () => resolve(undefined)));
      }
      if (this.link.phase === "asleep") {
        this.#tell({ phase: "connecting" });
      }
      return !this.#ended.signal.aborted;
    };
  }

  /** True if the gateway refused the key, so that only another one helps. */
  get #refused() {
    return ["key", "forbidden"].includes(this.link.phase);
  }

  /** @param {Partial<Link>} change */
  #tell(change) {
    if (this.#ended.signal.aborted) {
      return;
    }
    this.link = { ...this.link, retryAt: 0, ...change };
    this.#hearer.link(this.link);
  }
}

/** Run work; report its error without reconnecting. @param {() => void} work */
function safely(work) {
  try {
    work();
  } catch (fault) {
    reportError(fault);
  }
}
