/** Lines of a long log as far as they were needed: pages that were asked for, and the tail that streams in. */
import type { LogChunk } from "../types";

export const PAGE = 500;
const KEPT_PAGES = 240;

export class LogPages {
  total = 0;
  done = false;
  attempt = 0;
  readonly clipped = new Set<number>();
  readonly #pages = new Map<number, (string | undefined)[]>();

  /** Put the lines of a chunk in their places. Returns how many lines are new at the end. */
  take(chunk: LogChunk): number {
    if (chunk.attempt !== this.attempt && this.attempt !== 0) this.clear();
    this.attempt = chunk.attempt;
    const before = this.total;
    chunk.lines.forEach((text, index) => this.#put(chunk.numbers[index] ?? chunk.first_line + index, text));
    for (const line of chunk.clipped) this.clipped.add(line);
    this.total = Math.max(this.total, chunk.total_lines);
    this.done = chunk.done;
    this.#forget();
    return this.total - before;
  }

  /** The text of a line; undefined while it is not here. */
  line(number: number): string | undefined {
    return this.#pages.get(Math.floor(number / PAGE))?.[number % PAGE];
  }

  /** Pages between two lines of which something is missing. */
  missing(from: number, to: number): number[] {
    const pages: number[] = [];
    for (let page = Math.floor(from / PAGE); page * PAGE < Math.min(to, this.total); page += 1)
      for (let number = Math.max(from, page * PAGE); number < Math.min(to, this.total, (page + 1) * PAGE); number += 1)
        if (this.line(number) === undefined) {
          pages.push(page);
          break;
        }
    return pages;
  }

  clear(): void {
    this.#pages.clear();
    this.clipped.clear();
    this.total = 0;
    this.done = false;
  }

  #put(number: number, text: string): void {
    const index = Math.floor(number / PAGE);
    let page = this.#pages.get(index);
    if (page) this.#pages.delete(index);
    else page = [];
    page[number % PAGE] = text;
    this.#pages.set(index, page);
  }

  /** Keep the pages used last. */
  #forget(): void {
    for (const index of this.#pages.keys()) {
      if (this.#pages.size <= KEPT_PAGES) return;
      this.#pages.delete(index);
    }
  }
}
