/**
 * Events of many topics over one connection: browsers allow few connections a host. A lost connection is tried
 * again with growing pauses and the last event's id; a hidden page holds none.
 */
import type { FeedEvent, FeedState } from "../store";
import type { Fetcher } from "./rest";
import { EventParser } from "./sse";

export interface FeedOptions {
  /** Silence after which a connection counts as lost. Unit: milliseconds. */
  silence_ms?: number;
  /** First pause before a lost connection is tried again; it doubles up to 30 s. Unit: milliseconds. */
  pause_ms?: number;
}

interface Listener {
  onEvent(event: FeedEvent): void;
  onState(state: FeedState): void;
}

const LONGEST_PAUSE_MS = 30_000;

export class Feed {
  readonly #base: string;
  readonly #fetcher: Fetcher;
  readonly #silence_ms: number;
  readonly #pause_ms: number;
  readonly #topics = new Map<string, Set<Listener>>();
  #last = "";
  #running: AbortController | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  readonly #onVisible = () => this.#restart(0);

  constructor(base: string, fetcher: Fetcher, options: FeedOptions) {
    this.#base = base;
    this.#fetcher = fetcher;
    this.#silence_ms = options.silence_ms ?? 40_000;
    this.#pause_ms = options.pause_ms ?? 500;
  }

  subscribe(topic: string, onEvent: (event: FeedEvent) => void, onState: (state: FeedState) => void): () => void {
    const listener = { onEvent, onState };
    if (this.#topics.size === 0) globalThis.document?.addEventListener("visibilitychange", this.#onVisible);
    this.#topics.set(topic, (this.#topics.get(topic) ?? new Set()).add(listener));
    // Everything is told from its beginning, also to who joins others: differences alone would mean nothing to it.
    this.#running?.abort();
    this.#last = "";
    this.#restart(0);
    return () => this.#leave(topic, listener);
  }

  #leave(topic: string, listener: Listener): void {
    const left = this.#topics.get(topic);
    if (!left?.delete(listener) || left.size > 0) return;
    this.#topics.delete(topic);
    if (this.#topics.size === 0) globalThis.document?.removeEventListener("visibilitychange", this.#onVisible);
    this.#restart(0);
  }

  /** Connect anew, after a pause; several changes at one moment make one connection. */
  #restart(pause_ms: number): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      this.#running?.abort();
      this.#running = undefined;
      if (this.#topics.size === 0 || globalThis.document?.visibilityState === "hidden") return;
      const running = new AbortController();
      this.#running = running;
      void this.#read(running.signal);
    }, pause_ms);
  }

  async #read(stopped: AbortSignal): Promise<void> {
    const lost = new AbortController();
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => lost.abort(), this.#silence_ms);
    };
    try {
      heard();
      const query = new URLSearchParams([...this.#topics.keys()].map((topic) => ["topic", topic]));
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (this.#last) headers["Last-Event-ID"] = this.#last;
      const signal = AbortSignal.any([stopped, lost.signal]);
      const response = await this.#fetcher(`${this.#base}/events?${query.toString()}`, { headers, signal });
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      this.#failures = 0;
      this.#tell("live");
      const parser = new EventParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        heard();
        for (const sent of parser.take(value)) if (!stopped.aborted) this.#pass(sent.id, sent.data);
      }
    } catch {
      // Told below: a connection that ended by itself is as lost as one that broke.
    } finally {
      clearTimeout(silence);
    }
    if (stopped.aborted || this.#topics.size === 0) return;
    this.#failures += 1;
    this.#tell("lost");
    const pause_ms = Math.min(LONGEST_PAUSE_MS, this.#pause_ms * 2 ** (this.#failures - 1));
    this.#restart(pause_ms * (0.75 + Math.random() / 2));
  }

  #pass(id: string, data: string): void {
    if (id) this.#last = id;
    let event: (FeedEvent & { topic?: string }) | undefined;
    try {
      event = JSON.parse(data) as FeedEvent & { topic?: string };
    } catch {
      return;
    }
    for (const listener of this.#topics.get(event.topic ?? "") ?? []) listener.onEvent(event);
  }

  #tell(state: FeedState): void {
    for (const all of this.#topics.values()) for (const one of all) one.onState(state);
  }
}
