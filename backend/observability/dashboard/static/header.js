// @ts-check
// Header: name, state of the connection, choice of language and colours.

import { h, say, set } from "./dom.js";
import { LATE_MS } from "./feed.js";
import { THEMES, theme } from "./look.js";
import { LANGUAGES } from "./texts.js";
/** @import { Scene, Tools } from "./page.js" */

/** @typedef {{language: (name: string) => void, theme: (name: string) => void, forget: () => void, retry: () => void}} Wishes */

export class Header {
  #tools;
  #state = h("span", { class: "link" });
  #retry;
  #forget;

  /** @param {Tools} tools @param {Wishes} wishes */
  constructor(tools, wishes) {
    this.#tools = tools;
    const { texts } = tools;
    this.#retry = button(texts.get("link.retryNow"), wishes.retry);
    this.#forget = button(texts.get("page.forget"), wishes.forget);
    const languages = Object.entries(LANGUAGES).map(([name, { tag, name: own }]) => h("option", { value: name, lang: tag }, own));
    const themes = THEMES.map((name) => h("option", { value: name }, texts.get(`theme.${name}`)));
    const brand = h("p", { class: "brand" }, h("img", { src: "dashboard/icon.svg", alt: "", width: 28, height: 28 }), h("span", {}, "kikipounamu"), h("span", { class: "small" }, texts.get("page.title")));
    const choices = h("div", { class: "choices" }, this.#forget, choice(texts.get("page.language"), languages, texts.language, wishes.language), choice(texts.get("page.theme"), themes, theme(), wishes.theme));
    this.element = h("header", {}, brand, h("div", { class: "links" }, this.#state, this.#retry), choices);
  }

  /** @param {Scene} scene @param {boolean} hasKey */
  update({ link, now }, hasKey) {
    const { texts, format } = this.#tools;
    const asks = link.phase === "key" || link.phase === "forbidden";
    const ago = (now - link.heardAt) / 1_000;
    const late = link.phase === "live" && ago * 1_000 > LATE_MS;
    let text = late ? texts.get("link.late", { time: format.time(ago) }) : texts.get(`link.${asks ? "connecting" : link.phase}`);
    if (link.retryAt > now) {
      text += ` · ${texts.get("link.retry", { time: format.time(Math.max(1, (link.retryAt - now) / 1_000)) })}`;
    }
    set(this.#state, { hidden: asks, "data-phase": late ? "late" : link.phase });
    say(this.#state, text);
    set(this.#retry, { hidden: link.retryAt <= now + 1_500 });
    set(this.#forget, { hidden: !hasKey });
  }
}

/** @param {string} text @param {() => void} wish */
function button(text, wish) {
  const made = h("button", { type: "button", class: "quiet", hidden: true }, text);
  made.addEventListener("click", wish);
  return made;
}

/** @param {string} name @param {HTMLOptionElement[]} options @param {string} chosen @param {(name: string) => void} wish */
function choice(name, options, chosen, wish) {
  const made = h("select", { "aria-label": name, title: name }, ...options);
  made.value = chosen;
  made.addEventListener("change", () => wish(made.value));
  return made;
}
