/** What a view asks for, and of whom: a store of data, and the host that it lives in. */
import type { FeedEvent, Operations, Payload } from "./types";

export type OperationName = keyof Operations & string;
export type ParamsOf<K extends OperationName> = Operations[K]["params"];
export type ResultOf<K extends OperationName> = Operations[K]["result"];

/** Whether events of a topic arrive: `live`; `lost`, and being tried again; `ended`, no more will come. */
export type FeedState = "live" | "lost" | "ended";

export interface Store {
  /** Ask once. Rejects with a `ViewError` that says what happened and what to do. */
  request<K extends OperationName>(name: K, params: ParamsOf<K>, signal?: AbortSignal): Promise<ResultOf<K>>;
  /** Be told of changes until the returned function is called. */
  subscribe(topic: string, onEvent: (event: FeedEvent) => void, onState: (state: FeedState) => void): () => void;
  /** URL of an inert artifact; absent where there is no server. */
  asset?(name: OperationName, params: object): string;
}

/** What a view may ask of where it lives. Every member is optional: without it the button is absent. */
export interface Host {
  openRun?(id: string): void;
  openComparison?(ids: readonly string[]): void;
  openVersion?(ref: string): void;
  openNotebook?(content: unknown, name: string): void;
  openExperiment?(id: string): void;
  copy?(text: string): void | Promise<void>;
  link?(kind: "run" | "version" | "comparison", id: string): string;
  confirm?(text: string): Promise<boolean>;
  /** Keep a small value so that the view comes back as it was after a reload. */
  remember?(key: string, value: unknown): void;
  recall?(key: string): unknown;
  /** Another view has taken this one's place, such as the run that a form started: to be shown after a reload. */
  turned?(view: ViewName, params: object): void;
}

export type ViewName = "run" | "workflow" | "form" | "compare" | "versions" | "value" | "runs";

/** Views that `mount` knows, for hosts that are told a name from outside. */
export const VIEW_NAMES: readonly ViewName[] = ["run", "workflow", "form", "compare", "versions", "value", "runs"];

/** An error as people read it: what happened, and what to do next. */
export class ViewError extends Error {
  readonly code: string;
  readonly remedy: string;
  /** Whether the same request may succeed when sent again: the connection failed, not the request. */
  readonly temporary: boolean;

  constructor(message: string, options: { code?: string; remedy?: string; temporary?: boolean } = {}) {
    super(message);
    this.name = "ViewError";
    this.code = options.code ?? "internal";
    this.remedy = options.remedy ?? "";
    this.temporary = options.temporary ?? false;
  }
}

/** Make a `ViewError` of whatever was thrown. */
export function asViewError(thrown: unknown): ViewError {
  if (thrown instanceof ViewError) return thrown;
  if (thrown instanceof DOMException && thrown.name === "AbortError")
    return new ViewError("The request was given up.", { code: "aborted" });
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return new ViewError(said || "Something went wrong and gave no message.", {
    remedy: "Try again; if it stays, reload the page.",
  });
}

/** Read an error object `{code, message, remedy}` as the server and the widget send it. */
export function readError(data: unknown, fallback: string): ViewError {
  if (typeof data === "object" && data !== null && "message" in data && typeof data.message === "string") {
    const code = "code" in data && typeof data.code === "string" ? data.code : "internal";
    const remedy = "remedy" in data && typeof data.remedy === "string" ? data.remedy : "";
    return new ViewError(data.message, { code, remedy });
  }
  return new ViewError(fallback);
}

export type { FeedEvent, Operations, Payload };
