/** Searching a log on the side of the store: numbers of lines that match, more of them as they are found. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { useAround } from "../live/context";
import type { ViewError } from "../store";
import { asViewError } from "../store";
import type { LogPlace } from "./reading";

export interface Found {
  query: string;
  lines: readonly number[];
  /** Whether the whole log was searched. */
  whole: boolean;
  busy: boolean;
  error: ViewError | undefined;
  /** Position in `lines`; -1: none yet. */
  at: number;
}

const NOTHING: Found = { query: "", lines: [], whole: true, busy: false, error: undefined, at: -1 };
const MOST_MATCHES = 20_000;
const BATCH = 1000;

export interface Searching {
  found: Found;
  search(query: string): void;
  /** Go to the next (1) or the previous (-1) match; returns its line. */
  step(by: 1 | -1, from: number): number | undefined;
}

export function useSearch(place: LogPlace): Searching {
  const { store } = useAround();
  const { run, task, attempt } = place;
  const [found, setFound] = useState<Found>(NOTHING);
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(() => {
    setFound(NOTHING);
    return () => stop.current?.abort();
  }, [run, task, attempt]);

  const search = useCallback(
    (query: string) => {
      stop.current?.abort();
      if (query === "") return setFound(NOTHING);
      const here = new AbortController();
      stop.current = here;
      setFound({ ...NOTHING, query, whole: false, busy: true });
      const go = async () => {
        let from_line = 0;
        let lines: number[] = [];
        for (;;) {
          const chunk = await store.request("tasks.log", { run, task, attempt, query, from_line, limit: BATCH }, here.signal);
          if (here.signal.aborted) return;
          lines = lines.concat(chunk.numbers);
          const stuck = chunk.next_line <= from_line;
          from_line = chunk.next_line;
          const whole = !chunk.more || stuck;
          const busy = !whole && lines.length < MOST_MATCHES;
          setFound((last) => ({ ...last, lines, whole, busy }));
          if (!busy) return;
        }
      };
      go().catch((thrown: unknown) => {
        if (!here.signal.aborted) setFound((last) => ({ ...last, busy: false, error: asViewError(thrown) }));
      });
      return undefined;
    },
    [store, run, task, attempt],
  );

  const step = (by: 1 | -1, from: number): number | undefined => {
    const { lines, at } = found;
    if (lines.length === 0) return undefined;
    const next =
      at >= 0 ? (at + by + lines.length) % lines.length : by > 0 ? Math.max(0, lines.findIndex((line) => line >= from)) : lines.length - 1;
    setFound((last) => ({ ...last, at: next }));
    return lines[next];
  };
  return { found, search, step };
}
