/** A run that is followed: its last known whole, brought up to date by events. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { accept } from "../payloads";
import type { FeedState, ViewError } from "../store";
import { ViewError as Refusal, asViewError } from "../store";
import type { FeedEvent, Node, RunChange, RunView } from "../types";
import { isOpen } from "../states";
import { useAround } from "./context";

export interface Followed {
  run: RunView | undefined;
  /** `none`: nobody answers, what is shown was saved. */
  feed: FeedState | "none" | "waiting";
  error: ViewError | undefined;
  /** When the newest of it arrived. Unit: milliseconds of `performance.now()`. */
  at: number;
  again(): void;
  replace(view: RunView): void;
}

/** How long after the subscription a run is asked for besides. Unit: milliseconds. */
const PATIENCE_MS = 250;

export function useRun(id: string, first: RunView | undefined): Followed {
  const { store } = useAround();
  const [run, setRun] = useState(first);
  const [feed, setFeed] = useState<Followed["feed"]>("waiting");
  const [error, setError] = useState<ViewError>();
  const [round, setRound] = useState(0);
  const at = useRef(performance.now());
  const newest = useRef(run);

  const take = useCallback((view: RunView | undefined) => {
    if (!view || view === newest.current) return;
    at.current = performance.now();
    newest.current = keepPlaces(view, newest.current);
    setRun(newest.current);
    setError(undefined);
  }, []);

  useEffect(() => {
    if (!id) return undefined;
    const stop = new AbortController();
    let known = false;
    const hear = (view: RunView | undefined) => {
      take(view);
      known = true; // an answer that comes later is older
    };
    const onEvent = (event: FeedEvent) => {
      try {
        if (event.event === "run") hear(accept("run", event.view));
        else if (event.event === "run-change" && newest.current) hear(changed(newest.current, event));
        else if (event.event === "trouble") setError(toError(event.fault));
        else if (event.event === "ended") {
          setFeed("ended");
          if (event.fault) setError(toError(event.fault));
        }
      } catch (thrown) {
        setError(asViewError(thrown));
      }
    };
    const leave = store.subscribe(`run:${id}`, onEvent, (state) => setFeed((now) => (now === "ended" ? now : state)));
    const timer = setTimeout(() => {
      if (known) return;
      store.request("runs.get", { run: id }, stop.signal).then(
        (view) => {
          if (!known && !stop.signal.aborted) take(accept("run", view));
        },
        (thrown: unknown) => {
          if (stop.signal.aborted || known) return;
          const failed = asViewError(thrown);
          setError(failed);
          setFeed((now) => (now === "live" || now === "ended" ? now : failed.temporary ? "lost" : "none"));
        },
      );
    }, PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
      leave();
    };
  }, [store, id, round]);

  const again = useCallback(() => {
    setFeed("waiting");
    setRound((number) => number + 1);
  }, []);
  return { run, feed, error, at: at.current, again, replace: take };
}

function toError(fault: { message: string; remedy: string; code: string }): ViewError {
  return new Refusal(fault.message, { remedy: fault.remedy, code: fault.code });
}

/** Keep objects that did not change, so that only what did is drawn again; keep positions of a graph that is the same. */
function keepPlaces(view: RunView, before: RunView | undefined): RunView {
  if (!before || !view.graph || !before.graph || view.placed) return view;
  const same =
    view.graph.nodes.length === before.graph.nodes.length &&
    view.graph.nodes.every((node, index) => node.id === before.graph?.nodes[index]?.id);
  return same ? { ...view, placed: before.placed } : view;
}

/** Apply a difference; rows and nodes that are not named stay the same objects. */
export function changed(view: RunView, event: RunChange): RunView {
  const { state, shown_at, sentence, duration_s, ended_at, counts, notices, actions, cancelling, tasks, nodes } = event;
  const next: RunView = { ...view, state, shown_at, sentence, duration_s, ended_at, counts, notices, actions, cancelling };
  if (tasks.length > 0) {
    const rows = new Map(tasks.map((task) => [task.id, task]));
    next.tasks = view.tasks.map((task) => {
      const row = rows.get(task.id);
      rows.delete(task.id);
      return row ?? task;
    });
    next.tasks.push(...rows.values());
  }
  if (nodes.length > 0 && view.graph) {
    const looks = new Map(nodes.map((node) => [node.id, node]));
    const patched = view.graph.nodes.map((node): Node => {
      const patch = looks.get(node.id);
      return patch ? { ...node, state: patch.state, detail: patch.detail, counts: patch.counts } : node;
    });
    next.graph = { ...view.graph, nodes: patched };
  }
  return next;
}

/** Seconds that a run or a task has taken by now: what is still open goes on counting between events. */
export function elapsed_s(duration_s: number | null, state: string, at: number): number | null {
  if (duration_s === null || state !== "running") return duration_s;
  return duration_s + Math.max(0, performance.now() - at) / 1000;
}

/** Draw again every second while something is open. */
export function useTicking(state: string | undefined): void {
  const [, setTick] = useState(0);
  const ticking = state !== undefined && isOpen(state);
  useEffect(() => {
    if (!ticking) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState !== "hidden") setTick((tick) => tick + 1);
    }, 1000);
    return () => clearInterval(timer);
  }, [ticking]);
}
