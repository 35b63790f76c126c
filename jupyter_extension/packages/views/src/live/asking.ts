/** Asking a store once, again, or on a click; the last answer stays on screen while the next one is awaited. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { checkSchema } from "../payloads";
import type { OperationName, ParamsOf, ResultOf, ViewError } from "../store";
import { asViewError } from "../store";
import { useAround } from "./context";

export interface Answer<T> {
  data: T | undefined;
  error: ViewError | undefined;
  busy: boolean;
  again(): void;
}

export interface AskOptions<T> {
  /** Shown until the store answers. */
  first?: T | undefined;
  /** Pause after a change of params before it is asked. Unit: milliseconds. */
  settle_ms?: number;
}

/** Ask whenever the params change; `undefined` params ask nothing. */
export function useAnswer<K extends OperationName>(
  name: K,
  params: ParamsOf<K> | undefined,
  options: AskOptions<ResultOf<K>> = {},
): Answer<ResultOf<K>> {
  const { store } = useAround();
  const [data, setData] = useState<ResultOf<K> | undefined>(options.first);
  const [error, setError] = useState<ViewError>();
  const [busy, setBusy] = useState(params !== undefined);
  const [round, setRound] = useState(0);
  const key = params === undefined ? "" : JSON.stringify(params);
  useEffect(() => {
    if (params === undefined) {
      setBusy(false);
      return undefined;
    }
    const stop = new AbortController();
    setBusy(true);
    const timer = setTimeout(() => {
      store.request(name, params, stop.signal).then(
        (result) => {
          if (stop.signal.aborted) return;
          try {
            checkSchema(result);
            setData(() => result);
            setError(undefined);
          } catch (thrown) {
            setError(asViewError(thrown));
          }
          setBusy(false);
        },
        (thrown: unknown) => {
          if (stop.signal.aborted) return;
          setError(asViewError(thrown));
          setBusy(false);
        },
      );
    }, options.settle_ms ?? 0);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [store, name, key, round]);
  const again = useCallback(() => setRound((number) => number + 1), []);
  return { data, error, busy, again };
}

export interface Action<A extends unknown[]> {
  busy: boolean;
  error: ViewError | undefined;
  run(...args: A): void;
  clear(): void;
}

/** Something long that a button starts: busy until it ends, with its error in words. Clicks while it is busy do nothing. */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<void>): Action<A> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ViewError>();
  const there = useRef(true);
  const running = useRef(false);
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    there.current = true;
    return () => {
      there.current = false;
    };
  }, []);
  const run = useCallback((...args: A) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setError(undefined);
    latest
      .current(...args)
      .catch((thrown: unknown) => {
        if (there.current) setError(asViewError(thrown));
      })
      .finally(() => {
        running.current = false;
        if (there.current) setBusy(false);
      });
  }, []);
  const clear = useCallback(() => setError(undefined), []);
  return { busy, error, run, clear };
}
