// @ts-check
// Server-sent events out of the pieces of text in which they arrive. Pure.

const MOST = 4 << 20; // letters of one event; more than that is no event of ours

export class EventReader {
  #rest = "";

  /**
   * The events that are whole with this piece.
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
