// @ts-check
// The page: its parts in order, all updated with the same scene.

import { Crosshair } from "./chart.js";
import { h, say, set } from "./dom.js";
import { FigurePanel, figures } from "./figures.js";
import { Format } from "./format.js";
import { gate } from "./gate.js";
import { Header } from "./header.js";
import { Headline } from "./headline.js";
import { Machines, Names } from "./machines.js";
import { Segments } from "./segments.js";
import { Texts } from "./texts.js";
import { Workers } from "./workers.js";
/** @import { Link } from "./feed.js" */
/** @import { Wishes } from "./header.js" */
/** @import { Point, Recent, Snapshot } from "./types.js" */

/**
 * Data shown at one moment. `from`, `to`: span of the charts, ms. `refused`: refusals in the last minute. `when`:
 * converts the gateway's uptime to the viewer's clock.
 * @typedef {Object} Scene
 * @property {number} now ms
 * @property {Link} link
 * @property {Snapshot|null} snapshot
 * @property {Point[]} points
 * @property {number} from
 * @property {number} to
 * @property {number} refused
 * @property {Recent[]} recent
 * @property {(atS: number) => number} when
 */

/** @typedef {{texts: Texts, format: Format, crosshair: Crosshair, names: Names}} Tools */

export class Page {
  #tools;
  #header;
  #parts;
  #span = h("h2", { class: "spoken" });
  #foot = h("footer", {});
  #main = h("main", {});
  #gate = h("main", { hidden: true });
  #asked = "";
  #open;

  /**
   * @param {string} language
   * @param {Wishes & {open: (key: string) => void}} wishes
   */
  constructor(language, wishes) {
    const texts = new Texts(language);
    this.#tools = { texts, format: new Format(texts), crosshair: new Crosshair(), names: new Names() };
    this.#open = wishes.open;
    this.#header = new Header(this.#tools, wishes);
    const headline = new Headline(this.#tools);
    const panels = figures(this.#tools).map((figure) => new FigurePanel(this.#tools, figure));
    const below = [new Machines(this.#tools), new Workers(this.#tools), new Segments(this.#tools)];
    this.#parts = [headline, ...panels, ...below];
    const grid = h("div", { class: "figures" }, ...panels.map((panel) => panel.element));
    this.#main.append(headline.element, h("section", {}, this.#span, grid), ...below.map((part) => part.element), this.#foot);
    this.elements = [this.#header.element, this.#main, this.#gate];
    document.documentElement.lang = texts.tag;
  }

  /** Update what changes with time alone. @param {Scene} scene @param {boolean} hasKey */
  tick(scene, hasKey) {
    this.#header.update(scene, hasKey);
  }

  /** @param {Scene} scene @param {boolean} hasKey */
  update(scene, hasKey) {
    this.#header.update(scene, hasKey);
    const asks = scene.link.phase === "key" || scene.link.phase === "forbidden";
    set(this.#main, { hidden: asks });
    set(this.#gate, { hidden: !asks });
    if (asks) {
      this.#ask(scene.link.phase === "forbidden" ? "forbidden" : hasKey ? "wrong" : "");
      return;
    }
    this.#asked = "";
    this.#gate.replaceChildren();
    this.#tools.names.learn(scene.snapshot);
    const { texts, format } = this.#tools;
    say(this.#span, texts.get("page.history", { time: format.time((scene.to - scene.from) / 1_000) }));
    this.#parts.forEach((part) => part.update(scene));
    say(this.#foot, this.#footing(scene));
  }

  /** @param {""|"wrong"|"forbidden"} problem */
  #ask(problem) {
    if (this.#asked !== `asked ${problem}`) {
      this.#asked = `asked ${problem}`;
      this.#gate.replaceChildren(gate(this.#tools.texts, problem, this.#open));
      this.#gate.querySelector("input")?.focus();
      document.title = `${this.#tools.texts.get("gate.title")} · kikipounamu`;
    }
  }

  /** @param {Scene} scene */
  #footing({ snapshot }) {
    const { texts, format } = this.#tools;
    return snapshot === null
      ? ""
      : [
          texts.get("foot.gateway", { id: snapshot.gateway.slice(0, 8) }),
          texts.get("foot.up", { time: format.time(snapshot.uptime_s) }),
          texts.get("foot.broker", { name: snapshot.broker.version }),
        ].join(" · ");
  }
}
