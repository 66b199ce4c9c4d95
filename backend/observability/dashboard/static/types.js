// Types of the gateway's messages (`protocol/monitor.py`), and of the page's own data.

/**
 * @typedef {{final: number, failed: number, audio_s: number, refused: number, partials: number}} Totals
 * @typedef {{cpu_percent: number, memory_bytes: number}} Load
 * @typedef {{up: boolean, version: string, durable: boolean, memory: number, missing?: number[]}} Broker
 * @typedef {{upload: number, queue: number, decode: number, deliver: number}} Timing
 */

/**
 * @typedef {Object} Worker
 * @property {string} worker
 * @property {string} host
 * @property {string} engine
 * @property {string} model
 * @property {string} device
 * @property {"starting"|"idle"|"busy"|"draining"|"failed"} state
 * @property {number} slots
 * @property {number} busy
 * @property {number} done
 * @property {number} failed
 * @property {number} speed
 * @property {number} cpu_percent
 * @property {number} memory_bytes
 * @property {number|null} gpu_percent
 * @property {number|null} gpu_memory_bytes
 * @property {number} [age_ms]
 */

/**
 * @typedef {Object} Recent
 * @property {string} session
 * @property {number} segment
 * @property {string} outcome
 * @property {string} model
 * @property {string} worker
 * @property {Timing} timing
 * @property {number} audio_ms
 * @property {number} at_s
 */

/**
 * @typedef {Object} Snapshot
 * @property {string} gateway
 * @property {number} uptime_s
 * @property {Broker} broker
 * @property {number} sessions
 * @property {number} connections
 * @property {number} pending
 * @property {number} unqueued_s
 * @property {number} queued
 * @property {number} backlog_s
 * @property {number} oldest_s
 * @property {number} streams
 * @property {Worker[]} workers
 * @property {Recent[]} recent
 * @property {Totals} totals
 * @property {Load} load
 */

/**
 * Point of the last hour. `t`: the viewer's clock, ms. `epoch`: number of the gateway's run. `gap`: not joined to the
 * point before.
 *
 * @typedef {Object} Point
 * @property {number} t
 * @property {number} epoch
 * @property {boolean} gap
 * @property {number} at_s
 * @property {number} queued
 * @property {number} backlog_s
 * @property {number} oldest_s
 * @property {number} sessions
 * @property {number} streams
 * @property {Totals} totals
 * @property {Load} load
 * @property {Map<string, Partial<Worker>>} workers
 */

export {};
