// @ts-check
// Formats numbers, durations and sizes in the viewer's language.

import { Texts } from "./texts.js";

export class Format {
  #texts;
  #numbers;
  #whole;
  #minutes;
  #seconds;

  /** @param {Texts} texts */
  constructor(texts) {
    this.#texts = texts;
    this.#numbers = [0, 1, 2, 3].map(
      (digits) => new Intl.NumberFormat(texts.tag, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    );
    this.#whole = new Intl.NumberFormat(texts.tag, { maximumFractionDigits: 1 });
    const hour = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.#minutes = new Intl.DateTimeFormat(texts.tag, hour);
    this.#seconds = new Intl.DateTimeFormat(texts.tag, { ...hour, second: "2-digit" });
  }

  /** Format with a fixed number of decimals. @param {number} value @param {number} [digits] */
  number(value, digits = 0) {
    return this.#numbers[digits].format(value);
  }

  /** Format with at most one decimal below 10, else with none. @param {number} value */
  short(value) {
    return value < 10 ? this.#whole.format(value) : this.number(value);
  }

  /** Return the text for a count, in its plural form. @param {string} key @param {number} count */
  count(key, count) {
    const rounded = count < 10 ? Math.round(count * 10) / 10 : Math.round(count);
    return this.#texts.get(key, { count: this.short(count) }, rounded);
  }

  /** Format a waiting time, below 10 s with one decimal. @param {number} seconds */
  wait(seconds) {
    return seconds >= 59.5 ? this.time(seconds) : this.#unit("s", this.number(seconds, seconds > 0 && seconds < 9.95 ? 1 : 0));
  }

  /** Format a duration in its two largest units. @param {number} seconds */
  time(seconds) {
    const whole = Math.round(seconds);
    if (whole < 60) {
      return this.#unit("s", this.number(whole));
    }
    if (whole < 3_600) {
      const [min, s] = [Math.floor(whole / 60), whole % 60];
      return s ? this.#texts.get("unit.minS", { min, s }) : this.#unit("min", this.number(min));
    }
    if (whole < 86_400) {
      const [hours, min] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60)];
      return min ? this.#texts.get("unit.hMin", { h: hours, min }) : this.#unit("h", this.number(hours));
    }
    return this.#texts.get("unit.dH", { d: Math.floor(whole / 86_400), h: Math.floor((whole % 86_400) / 3_600) });
  }

  /** @param {number} ms */
  milliseconds(ms) {
    return ms < 1_000 ? this.#unit("ms", this.number(ms)) : this.#unit("s", this.number(ms / 1_000, 2));
  }

  /** @param {number} percent */
  percent(percent) {
    return this.#unit("percent", this.number(percent));
  }

  /** Format a size of memory; 1 GB is 2^30 bytes. @param {number} bytes */
  bytes(bytes) {
    const mb = bytes / 2 ** 20;
    return mb < 1_000 ? this.#unit("mb", this.number(mb)) : this.#unit("gb", this.number(mb / 1_024, 1));
  }

  /** Format a speed as a multiple of real time. @param {number} value */
  times(value) {
    return this.#unit("times", this.short(value));
  }

  /** @param {number|null} value */
  rtf(value) {
    return value === null ? "–" : this.number(value, value < 0.1 ? 3 : 2);
  }

  /** Format a time of the viewer's clock. @param {number} ms @param {boolean} [seconds] */
  clock(ms, seconds = false) {
    return (seconds ? this.#seconds : this.#minutes).format(ms);
  }

  /** @param {string} unit @param {string} value */
  #unit(unit, value) {
    return this.#texts.get(`unit.${unit}`, { value });
  }
}
