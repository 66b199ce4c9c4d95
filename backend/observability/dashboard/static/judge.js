// @ts-check
// Choice of the headline for the gateway's state. Pure.

/** @import { Snapshot, Worker } from "./types.js" */

export const NOTICEABLE_S = 1; // shorter waits are not mentioned
const LONG_S = 10;
const FULL = 0.6; // of the broker's memory
const STUCK_S = 30;

/**
 * `key` and `values`: the sentence. `help`: the advice below it. `level`: colour and icon.
 * @typedef {{level: "good"|"warn"|"bad"|"unknown", key: string, help: string, values: Record<string, number>}} Verdict
 */

/**
 * @param {Snapshot|null} snapshot the newest; `null`: none yet
 * @param {"connecting"|"live"|"lost"|"crowded"|"asleep"} phase
 * @param {number} refused of the last minute
 * @returns {Verdict}
 */
export function judge(snapshot, phase, refused) {
  if (phase === "crowded") {
    return verdict("unknown", "crowded");
  }
  if (phase === "lost") {
    return verdict("bad", "lost");
  }
  if (snapshot === null) {
    return verdict("unknown", "connecting");
  }
  if (!snapshot.broker.up) {
    return verdict("bad", "broker");
  }
  return able(snapshot.workers).length ? load(snapshot, refused) : unattended(snapshot);
}

/** Return the workers that take jobs. @param {Worker[]} workers */
export function able(workers) {
  return workers.filter((one) => one.state === "idle" || one.state === "busy");
}

/** Return the expected wait of new speech, s. @param {Snapshot} snapshot */
export function wait(snapshot) {
  return snapshot.streams > 0 ? snapshot.backlog_s / snapshot.streams : 0;
}

/** @param {Snapshot} snapshot @returns {Verdict} */
function unattended(snapshot) {
  const starting = snapshot.workers.some((one) => one.state === "starting");
  return verdict("warn", starting ? "starting" : "noWorker");
}

/** @param {Snapshot} snapshot @param {number} refused @returns {Verdict} */
function load(snapshot, refused) {
  const seconds = wait(snapshot);
  const much = seconds >= LONG_S || snapshot.broker.memory > FULL; // other refusals have another cause than load
  if (refused > 0 && much) {
    return verdict("warn", "refusing", { count: refused, seconds });
  }
  if (snapshot.oldest_s > STUCK_S && snapshot.oldest_s > 3 * seconds) {
    return verdict("warn", "slow", { seconds: snapshot.oldest_s });
  }
  if (seconds >= NOTICEABLE_S) {
    return verdict(seconds >= LONG_S ? "warn" : "good", "wait", { seconds });
  }
  return verdict("good", snapshot.sessions || snapshot.queued ? "atOnce" : "ready");
}

/** @param {Verdict["level"]} level @param {string} key @param {Record<string, number>} [values] @returns {Verdict} */
function verdict(level, key, values = {}) {
  return { level, key: `how.${key}`, help: `help.${key}`, values };
}
