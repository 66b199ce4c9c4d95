// @ts-check
// Parser of server-sent events that arrive in pieces of text. Pure.

const MOST = 4 << 20; // characters of one event; a gateway sends no longer ones

export class EventReader {
  #rest = "";

  /**
   * Return the events that this piece completes.
   * @param {string} piece
   * @returns {{name: string, data: string}[]}
   */
  take(piece) {
    this.#rest += piece;
    const blocks = this.#rest.split(/\r?\n\r?\n/);
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > MOST) {
      throw new RangeError("an event without an end");
    }
    return blocks.map(parse).filter((event) => event.data !== "");
  }
}

/** @param {string} block */
function parse(block) {
  let name = "message";
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === "event") {
      name = value;
    } else if (field === "data") {
      data.push(value);
    }
  }
  return { name, data: data.join("\n") };
}
