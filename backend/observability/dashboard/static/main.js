// @ts-check
// Entry point: connects the feed with the page.

import { Feed } from "./feed.js";
import { History, spanOf } from "./history.js";
import { keepKey, takeKey } from "./key.js";
import { chooseLanguage, chooseTheme, language, wear } from "./look.js";
import { Page } from "./page.js";
import { grown } from "./rates.js";
import { shelf } from "./shelf.js";
/** @import { Recent, Snapshot } from "./types.js" */

const MOST_RECENT = 50;
const MINUTE_MS = 60_000;

class Dashboard {
  #root = /** @type {HTMLElement} */ (document.getElementById("page"));
  #storage = shelf("sessionStorage");
  #key = takeKey(location, this.#storage, (url) => history.replaceState(null, "", url));
  #history = new History();
  /** @type {Snapshot|null} */
  #snapshot = null;
  /** @type {Recent[]} */
  #recent = [];
  #feed = new Feed("", this);
  #page = this.#built();
  #waiting = 0;

  start() {
    wear();
    this.#connect();
    setInterval(() => this.#page.tick(this.#scene(), this.#key !== ""), 1_000);
    addEventListener("hashchange", () => this.#rekeyed());
  }

  // -- events of the feed ------------------------------------------------------------------------------------

  /** @param {any} timeline @param {number} now */
  timeline(timeline, now) {
    this.#history.takeTimeline(timeline, now);
  }

  /** @param {Snapshot} snapshot @param {number} now */
  snapshot(snapshot, now) {
    this.#history.takeSnapshot(snapshot, now);
    this.#snapshot = snapshot;
    this.#recent = snapshot.recent;
    this.#redraw();
  }

  /** @param {Recent} recent */
  segment(recent) {
    this.#recent = [...this.#recent, recent].slice(-MOST_RECENT);
    this.#redraw();
  }

  link() {
    this.#redraw();
  }

  // -- actions of the viewer ---------------------------------------------------------------------------------

  #built() {
    const page = new Page(language(), {
      language: (name) => {
        chooseLanguage(name);
        this.#page = this.#built();
        this.#root.querySelector("select")?.focus(); // the page was built anew
        this.#redraw();
      },
      theme: chooseTheme,
      forget: () => this.#use(""),
      open: (key) => this.#use(key),
      retry: () => this.#feed.now(),
    });
    this.#root.replaceChildren(...page.elements);
    return page;
  }

  /** @param {string} key */
  #use(key) {
    keepKey(this.#storage, key);
    this.#key = key;
    this.#snapshot = null;
    this.#recent = [];
    this.#history = new History();
    this.#connect();
  }

  /** Use the key of an address that was opened in this tab. */
  #rekeyed() {
    const before = this.#key;
    const key = takeKey(location, this.#storage, (url) => history.replaceState(null, "", url));
    if (key !== before) {
      this.#use(key);
    }
  }

  #connect() {
    this.#feed.end();
    this.#feed = new Feed(this.#key, this);
    void this.#feed.run();
    this.#redraw();
  }

  #redraw() {
    this.#waiting ||= requestAnimationFrame(() => {
      this.#waiting = 0;
      this.#page.update(this.#scene(), this.#key !== "");
    });
  }

  #scene() {
    const now = Date.now();
    const { points } = this.#history;
    const to = points.at(-1)?.t ?? now;
    const from = to - spanOf(points, to);
    const { link } = this.#feed;
    const refused = grown(points, "refused", now - MINUTE_MS);
    const when = (/** @type {number} */ atS) => this.#history.when(atS);
    return { now, link, snapshot: this.#snapshot, points, from, to, refused, recent: this.#recent, when };
  }
}

new Dashboard().start();
