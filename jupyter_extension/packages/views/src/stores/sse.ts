/** Server-sent events out of a stream of text (WHATWG HTML, 9.2.6). */

export interface SentEvent {
  id: string;
  data: string;
}

/** Parses pieces of text as they arrive; a piece may end anywhere. */
export class EventParser {
  #rest = "";
  #data: string[] = [];
  #id = "";

  /** Take a piece, and return the events that are whole now. */
  take(piece: string): SentEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    const made: SentEvent[] = [];
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length > 0) made.push({ id: this.#id, data: this.#data.join("\n") });
        this.#data = [];
        continue;
      }
      const at = line.indexOf(":");
      if (at === 0) continue;
      const field = at < 0 ? line : line.slice(0, at);
      const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
      if (field === "data") this.#data.push(value);
      else if (field === "id") this.#id = value;
    }
    return made;
  }
}
