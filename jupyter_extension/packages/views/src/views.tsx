/** Which component draws which view, and what of its params it takes. */
import type { JSX } from "preact";
import { RunPage } from "./run/RunPage";
import type { Turn } from "./mount";
import { accept, checkSchema, isRecord } from "./payloads";
import type { Payload, ViewName } from "./store";
import { ViewError } from "./store";

export function drawn(view: ViewName, params: object, first: Payload | undefined, _onTurn: (turn: Turn) => void): JSX.Element {
  checkSchema(first);
  const given: Readonly<Record<string, unknown>> = isRecord(params) ? params : {};
  const text = (name: string): string => (typeof given[name] === "string" ? given[name] : "");
  switch (view) {
    case "run": {
      const run = accept("run", first);
      const id = text("run") || text("id") || run?.id || "";
      if (!id) throw missing("run");
      return <RunPage id={id} task={text("task") || undefined} first={run} />;
    }
    default:
      throw new ViewError(`There is no view called ${String(view)}.`, { remedy: "Update Taskcell in the environment that runs Jupyter." });
  }
}

function missing(what: string): ViewError {
  return new ViewError(`Nothing says which ${what} to show.`, { remedy: "Open it from a list or by its link." });
}
