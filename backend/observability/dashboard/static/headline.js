// @ts-check
// Headline: the gateway's state in one sentence, with help and notes.

import { h, say, set } from "./dom.js";
import { icon, reshape } from "./icons.js";
import { able, judge } from "./judge.js";
/** @import { Scene, Tools } from "./page.js" */

const SPOKEN_MS = 2_000; // a change that is undone sooner is not announced

export class Headline {
  #tools;
  #icon = icon("unknown");
  #sentence = h("h1", {});
  #help = h("p", { class: "help" });
  #notes = h("p", { class: "notes" });
  #spoken = h("p", { class: "spoken", role: "status" });
  #key = "";
  #timer = 0;

  /** @param {Tools} tools */
  constructor(tools) {
    this.#tools = tools;
    const shape = h("span", { class: "shape" }, this.#icon);
    const words = h("div", {}, this.#sentence, this.#help, this.#notes);
    this.element = h("section", { class: "headline" }, shape, words, this.#spoken);
  }

  /** @param {Scene} scene */
  update({ snapshot, link, refused }) {
    const { texts, format } = this.#tools;
    const phase = link.phase === "key" || link.phase === "forbidden" ? "connecting" : link.phase;
    const { level, key, help, values } = judge(snapshot, phase, refused);
    const said = { count: format.number(values.count ?? 0), seconds: format.wait(values.seconds ?? 0) };
    const sentence = texts.get(key, said, values.count);
    set(this.element, { "data-level": level });
    reshape(this.#icon, level);
    say(this.#sentence, sentence);
    say(this.#help, texts.get(help, this.#fleet(snapshot)));
    say(this.#notes, this.#noted(snapshot, key === "how.refusing" ? 0 : refused));
    document.title = `${sentence} · kikipounamu`;
    this.#announce(key, sentence);
  }

  /** @param {Scene["snapshot"]} snapshot */
  #fleet(snapshot) {
    const { format } = this.#tools;
    return {
      sessions: format.count("count.sessions", snapshot?.sessions ?? 0),
      workers: format.count("count.workers", able(snapshot?.workers ?? []).length),
      streams: format.count("count.streams", snapshot?.streams ?? 0),
    };
  }

  /** @param {Scene["snapshot"]} snapshot @param {number} refused */
  #noted(snapshot, refused) {
    const { texts, format } = this.#tools;
    const notes = [];
    if (snapshot?.broker.up && snapshot.broker.missing?.length) {
      notes.push(texts.get("help.missing", { shards: snapshot.broker.missing.join(", ") }));
    }
    if (snapshot?.broker.up && !snapshot.broker.durable) {
      notes.push(texts.get("help.durable"));
    }
    if (snapshot && snapshot.broker.memory > 0.4) {
      notes.push(texts.get("help.memory", { percent: format.percent(snapshot.broker.memory * 100) }));
    }
    if (refused > 0) {
      notes.push(format.count("help.refused", refused));
    }
    return notes.join(" ");
  }

  /** Announce lasting changes to screen readers, and no running seconds. @param {string} key @param {string} sentence */
  #announce(key, sentence) {
    if (key !== this.#key) {
      this.#key = key;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => say(this.#spoken, sentence), SPOKEN_MS);
    }
  }
}
