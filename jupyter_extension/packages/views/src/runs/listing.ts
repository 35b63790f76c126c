/** A list of runs: pages by cursor, the newest kept true by events. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { useAround } from "../live/context";
import type { FeedState, ViewError } from "../store";
import { ViewError as Refusal, asViewError } from "../store";
import type { RunList, RunRow } from "../types";

export interface Filter {
  q: string;
  workflow: string;
  state: string;
  author: string;
}

export interface Listing {
  rows: readonly RunRow[];
  /** Number of runs that match; undefined while it is not known. */
  total: number | undefined;
  running: number;
  /** Number of older runs that the server has not read yet. */
  unread: number;
  shown_at: string;
  busy: boolean;
  error: ViewError | undefined;
  feed: FeedState | "none";
  more(): void;
  again(): void;
}

const PAGE = 200;
const SETTLE_MS = 180;
const READ_ON_MS = 600;

interface Pages {
  rows: readonly RunRow[];
  next: string;
  total: number | undefined;
  unread: number;
  shown_at: string;
}

export function useRuns(filter: Filter, first: RunList | undefined): Listing {
  const { store } = useAround();
  const [pages, setPages] = useState<Pages>(() => ({ rows: first?.runs ?? [], next: "", total: first ? first.runs.length + first.more : undefined, unread: 0, shown_at: first?.shown_at ?? new Date().toISOString() }));
  const [busy, setBusy] = useState(true);
  const [error, setError] = useState<ViewError>();
  const [feed, setFeed] = useState<FeedState | "none">("none");
  const [running, setRunning] = useState(0);
  const [round, setRound] = useState(0);
  const stop = useRef<AbortController | undefined>(undefined);
  const state = useRef({ busy: false, next: "" });
  const plain = filter.q === "" && filter.state === "" && filter.author === "" && filter.workflow === "";
  const key = JSON.stringify(filter);

  const ask = useCallback(
    (before: string) => {
      stop.current?.abort();
      const here = new AbortController();
      stop.current = here;
      state.current.busy = true;
      setBusy(true);
      store.request("runs.list", { ...filter, before, limit: PAGE }, here.signal).then(
        (list) => {
          if (here.signal.aborted) return;
          state.current = { busy: false, next: list.next };
          setBusy(false);
          setError(undefined);
          setPages((last) => {
            const rows = before ? merged(last.rows, list.runs) : list.runs;
            return { rows, next: list.next, total: list.next && !list.more ? undefined : rows.length + list.more, unread: list.unread ?? 0, shown_at: list.shown_at };
          });
        },
        (thrown: unknown) => {
          if (here.signal.aborted) return;
          state.current.busy = false;
          setBusy(false);
          setError(asViewError(thrown));
        },
      );
    },
    [store, key],
  );
  const asked = useRef(false);
  useEffect(() => {
    const timer = setTimeout(() => ask(""), asked.current ? SETTLE_MS : 0);
    asked.current = true;
    state.current.next = "";
    return () => {
      clearTimeout(timer);
      stop.current?.abort();
    };
  }, [ask, round]);

  const live = useRef({ plain, key });
  live.current = { plain, key };
  useEffect(
    () =>
      store.subscribe(
        "runs",
        (event) => {
          if (event.event === "runs-change" || event.event === "runs") {
            setRunning(event.running);
            const rows = event.event === "runs" ? event.list.runs : event.rows;
            const gone = event.event === "runs" ? [] : event.gone;
            setPages((last) => brought(last, rows, gone, live.current.plain));
            setError((now) => (now?.code === "trouble" ? undefined : now));
          } else if (event.event === "trouble") setError(new Refusal(event.fault.message, { code: "trouble", remedy: event.fault.remedy }));
        },
        setFeed,
      ),
    [store],
  );
  const more = useCallback(() => {
    if (!state.current.busy && state.current.next) ask(state.current.next);
  }, [ask]);
  // A list that is short only because the server has not read on yet goes on by itself.
  const isShort = pages.unread > 0 && pages.rows.length < PAGE && !busy && error === undefined;
  useEffect(() => {
    if (!isShort) return undefined;
    const timer = setTimeout(more, READ_ON_MS);
    return () => clearTimeout(timer);
  }, [isShort, more]);
  const again = useCallback(() => setRound((number) => number + 1), []);
  return { rows: pages.rows, total: pages.total, unread: pages.unread, shown_at: pages.shown_at, running, busy, error, feed, more, again };
}

function merged(old: readonly RunRow[], added: readonly RunRow[]): readonly RunRow[] {
  const known = new Set(old.map((row) => row.id));
  return [...old, ...added.filter((row) => !known.has(row.id))];
}

/** Changed rows take the place of old ones; new runs come first where nothing is filtered. */
export function brought(pages: Pages, rows: readonly RunRow[], gone: readonly string[], plain: boolean): Pages {
  const changed = new Map(rows.map((row) => [row.id, row]));
  const lost = new Set(gone);
  const kept = pages.rows.filter((row) => !lost.has(row.id)).map((row) => {
    const now = changed.get(row.id);
    changed.delete(row.id);
    return now ?? row;
  });
  const newest = kept[0]?.id ?? "";
  const fresh = plain ? [...changed.values()].filter((row) => row.id > newest).sort((one, other) => other.id.localeCompare(one.id)) : [];
  const total = pages.total === undefined ? undefined : pages.total + fresh.length - (pages.rows.length - kept.length);
  return { ...pages, rows: [...fresh, ...kept], total };
}
