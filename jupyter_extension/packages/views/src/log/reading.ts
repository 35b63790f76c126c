/** A log that is read: what is on screen is fetched, what is added streams in. */
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useAround } from "../live/context";
import type { FeedState, ViewError } from "../store";
import { ViewError as Refusal, asViewError } from "../store";
import type { FeedEvent } from "../types";
import { LogPages, PAGE } from "./pages";

export interface LogPlace {
  run: string;
  task: string;
  /** 0: the newest. */
  attempt: number;
  /** Whether lines may still be added. */
  open: boolean;
}

export interface Reading {
  pages: LogPages;
  /** Changes whenever lines came. */
  version: number;
  error: ViewError | undefined;
  feed: FeedState | "none";
  waiting: boolean;
  /** Say which lines are on screen. */
  look(from: number, to: number): void;
  again(): void;
}

const SETTLE_MS = 40;

export function useLog(place: LogPlace): Reading {
  const { store } = useAround();
  const { run, task, attempt, open } = place;
  const key = `${run}/${task}/${attempt}`;
  const pages = useMemo(() => new LogPages(), [key]);
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<ViewError>();
  const [feed, setFeed] = useState<FeedState | "none">("none");
  const [waiting, setWaiting] = useState(true);
  const [round, setRound] = useState(0);
  const asked = useRef(new Set<number>());
  const stop = useRef(new AbortController());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const seen = useRef<[number, number]>([0, 0]);
  const changed = useCallback(() => setVersion((number) => number + 1), []);

  const fetchPage = useCallback(
    (page: number, signal: AbortSignal) => {
      asked.current.add(page);
      store.request("tasks.log", { run, task, attempt, from_line: page * PAGE, limit: PAGE }, signal).then(
        (chunk) => {
          if (signal.aborted) return;
          asked.current.delete(page);
          pages.take(chunk);
          setError(undefined);
          changed();
        },
        (thrown: unknown) => {
          if (signal.aborted) return;
          asked.current.delete(page);
          setError(asViewError(thrown));
        },
      );
    },
    [store, key],
  );

  useEffect(() => {
    const here = new AbortController();
    stop.current = here;
    asked.current.clear();
    setWaiting(true);
    setError(undefined);
    setFeed("none");
    const first = open ? { from_line: -PAGE } : { from_line: 0 };
    store.request("tasks.log", { run, task, attempt, limit: PAGE, ...first }, here.signal).then(
      (chunk) => {
        if (here.signal.aborted) return;
        pages.take(chunk);
        setWaiting(false);
        changed();
      },
      (thrown: unknown) => {
        if (here.signal.aborted) return;
        setError(asViewError(thrown));
        setWaiting(false);
      },
    );
    const onEvent = (event: FeedEvent) => {
      if (event.event === "log" || event.event === "log-lines") {
        if (attempt !== 0 && event.chunk.attempt !== attempt) return;
        pages.take(event.chunk);
        setWaiting(false);
        setError(undefined);
        changed();
      } else if (event.event === "ended") {
        pages.done = true;
        setFeed("ended");
        changed();
      } else if (event.event === "trouble") setError(new Refusal(event.fault.message, { remedy: event.fault.remedy }));
    };
    const leave = open ? store.subscribe(`log:${run}/${task}`, onEvent, (state) => setFeed(state)) : undefined;
    return () => {
      here.abort();
      clearTimeout(timer.current);
      leave?.();
    };
  }, [store, key, open, round]);

  const look = useCallback(
    (from: number, to: number) => {
      seen.current = [from, to];
      clearTimeout(timer.current);
      const signal = stop.current.signal;
      timer.current = setTimeout(() => {
        const [first, last] = seen.current;
        for (const page of pages.missing(first, last)) if (!asked.current.has(page)) fetchPage(page, signal);
      }, SETTLE_MS);
    },
    [pages, fetchPage],
  );
  useEffect(() => look(...seen.current), [version]);
  const again = useCallback(() => setRound((number) => number + 1), []);
  return { pages, version, error, feed, waiting, look, again };
}
