/**
 * A store over a kernel comm. Messages: `{id, request, params}` is answered by `{id, result}` or `{id, error}`;
 * `{subscribe: topic}` and `{unsubscribe: topic}` start and stop `{topic, event}` messages.
 */
import type { FeedEvent, FeedState, OperationName, ParamsOf, ResultOf, Store } from "../store";
import { ViewError, readError } from "../store";

export type Message = Readonly<Record<string, unknown>>;

interface Waiting {
  resolve(result: never): void;
  reject(error: ViewError): void;
  timer: ReturnType<typeof setTimeout>;
}

export interface CommOptions {
  /** After how long without an answer a request is given up. Unit: milliseconds. */
  timeout_ms?: number;
}

/** A store whose end can be told that the comm is gone, or there again. */
export interface CommStore extends Store {
  /** Give up every open request, and say that events are lost. */
  close(why: string): void;
  /** Subscribe again, after the kernel came back. */
  reopen(): void;
}

const BUSY = "The kernel has not answered for a while: it may be busy with a cell, restarting, or gone.";

interface Listener {
  onEvent(event: FeedEvent): void;
  onState(state: FeedState): void;
}

/** Make a store of `send` and of `onMessage`, which returns a function that stops the listening. */
export function commStore(
  send: (message: Message) => void,
  onMessage: (listen: (message: Message) => void) => (() => void) | undefined,
  options: CommOptions = {},
): CommStore {
  const timeout_ms = options.timeout_ms ?? 60_000;
  const waiting = new Map<string, Waiting>();
  const listeners = new Map<string, Set<Listener>>();
  const prefix = Math.random().toString(36).slice(2, 8);
  let count = 0;

  function settle(id: string): Waiting | undefined {
    const found = waiting.get(id);
    if (found) clearTimeout(found.timer);
    waiting.delete(id);
    return found;
  }

  onMessage((message) => {
    if (typeof message["id"] === "string") {
      const found = settle(message["id"]);
      if (!found) return;
      if ("error" in message) found.reject(readError(message["error"], "The kernel answered with an error without words."));
      else found.resolve(message["result"] as never);
    } else if (typeof message["topic"] === "string") {
      const topic = message["topic"];
      for (const one of listeners.get(topic) ?? []) {
        if (message["ended"] === true) one.onState("ended");
        else if ("error" in message) one.onState("lost");
        else {
          one.onState("live");
          if (message["event"]) one.onEvent(message["event"] as FeedEvent);
        }
      }
    }
  });

  function request<K extends OperationName>(name: K, params: ParamsOf<K>, signal?: AbortSignal): Promise<ResultOf<K>> {
    const id = `${prefix}-${(count += 1)}`;
    return new Promise((resolve, reject) => {
      const giveUp = (why: string, code: string) => {
        settle(id)?.reject(new ViewError(why, { code, remedy: "Try again in a moment.", temporary: true }));
      };
      const timer = setTimeout(() => giveUp(BUSY, "timeout"), timeout_ms);
      waiting.set(id, { resolve, reject, timer });
      signal?.addEventListener("abort", () => giveUp("The request was given up.", "aborted"), { once: true });
      try {
        send({ id, request: name, params });
      } catch {
        giveUp("The kernel can't be reached.", "lost");
      }
    });
  }

  function subscribe(topic: string, onEvent: (event: FeedEvent) => void, onState: (state: FeedState) => void) {
    const listener = { onEvent, onState };
    listeners.set(topic, (listeners.get(topic) ?? new Set()).add(listener));
    try {
      send({ subscribe: topic }); // again for who joins others: the kernel tells it from its beginning then
    } catch {
      onState("lost");
    }
    return () => {
      const left = listeners.get(topic);
      if (!left?.delete(listener) || left.size > 0) return;
      listeners.delete(topic);
      try {
        send({ unsubscribe: topic });
      } catch {
        // The comm is gone, and with it the subscription.
      }
    };
  }

  return {
    request,
    subscribe,
    close(why) {
      for (const id of [...waiting.keys()])
        settle(id)?.reject(new ViewError(why, { code: "lost", remedy: "Run the cell again.", temporary: true }));
      for (const all of listeners.values()) for (const one of all) one.onState("lost");
    },
    reopen() {
      for (const topic of listeners.keys()) send({ subscribe: topic });
    },
  };
}
