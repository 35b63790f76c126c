/** A store over HTTP: requests to the server extension, events by server-sent events over one connection. */
import type { FeedEvent, FeedState, OperationName, ParamsOf, ResultOf, Store } from "../store";
import { ViewError, readError } from "../store";
import { routeOf } from "./routes";
import { Feed } from "./feed";
import type { FeedOptions } from "./feed";

/** `fetch`, or whatever adds a token and the XSRF header to it. */
export type Fetcher = (url: string, init?: RequestInit) => Promise<Response>;

export type RestOptions = FeedOptions & {
  /** After how long without an answer a request is given up. Unit: milliseconds. */
  timeout_ms?: number;
};

const STATUS_WORDS: Readonly<Record<number, string>> = {
  401: "You are not signed in to this server.",
  403: "This server does not let you do that.",
  404: "The server does not know this.",
  413: "The request is too large for the server.",
  502: "The server behind the proxy does not answer.",
  503: "The server is starting or overloaded.",
  504: "The server did not answer in time.",
};

/** Make a store of the address under which `/taskcell/api` stands, and of a fetcher. */
export function restStore(baseUrl: string, fetcher: Fetcher, options: RestOptions = {}): Store {
  const base = baseUrl.replace(/\/+$/, "");
  const timeout_ms = options.timeout_ms ?? 60_000;
  const feed = new Feed(base, fetcher, options);

  async function request<K extends OperationName>(
    name: K,
    params: ParamsOf<K>,
    signal?: AbortSignal,
  ): Promise<ResultOf<K>> {
    const { url, method, body } = routeOf(base, name, params as Readonly<Record<string, unknown>>);
    const late = AbortSignal.timeout(timeout_ms);
    const headers: Record<string, string> = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const init: RequestInit = { method, headers, signal: signal ? AbortSignal.any([signal, late]) : late };
    if (body !== undefined) init.body = body;
    const response = await fetcher(url, init).catch((thrown: unknown) => {
      throw unreachable(thrown, signal);
    });
    const data: unknown = await response.json().catch(() => undefined);
    if (response.ok && data !== undefined) return data as ResultOf<K>;
    throw refused(response, data);
  }

  return {
    request,
    subscribe: (topic: string, onEvent: (event: FeedEvent) => void, onState: (state: FeedState) => void) =>
      feed.subscribe(topic, onEvent, onState),
    asset: (name, params) => routeOf(base, name, params as Readonly<Record<string, unknown>>).url,
  };
}

function unreachable(thrown: unknown, signal: AbortSignal | undefined): ViewError {
  if (signal?.aborted) return new ViewError("The request was given up.", { code: "aborted" });
  const late = thrown instanceof DOMException && thrown.name === "TimeoutError";
  return new ViewError(late ? "The server did not answer in time." : "The server can't be reached.", {
    code: late ? "timeout" : "lost",
    remedy: "Check that Jupyter is running, then try again.",
    temporary: true,
  });
}

function refused(response: Response, data: unknown): ViewError {
  const known = STATUS_WORDS[response.status] ?? `The server answered with status ${response.status}.`;
  if (data !== undefined && !response.ok) {
    const read = readError(data, known);
    if (read.message) return read;
  }
  if (response.ok) return new ViewError("The server's answer is not JSON: a proxy or a sign-in page may be in between.");
  return new ViewError(known, {
    code: `http-${response.status}`,
    temporary: response.status >= 500,
    remedy: response.status === 401 ? "Reload the page and sign in." : "",
  });
}
