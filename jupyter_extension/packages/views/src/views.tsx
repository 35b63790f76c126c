/** Which component draws which view, and what of its params it takes. */
import type { JSX } from "preact";
import { ComparePage } from "./compare/ComparePage";
import { FormPage } from "./form/FormPage";
import type { Turn } from "./mount";
import { accept, checkSchema, isRecord } from "./payloads";
import { RunPage } from "./run/RunPage";
import { RunsPage } from "./runs/RunsPage";
import type { Payload, ViewName } from "./store";
import { ViewError } from "./store";
import type { WorkflowView } from "./types";
import { ValuePage } from "./value/ValuePage";
import { VersionsPage } from "./versions/VersionsPage";
import { WorkflowPage } from "./workflow/WorkflowPage";

/** Return the view. `onTurn` puts another one in its place. */
export function drawn(view: ViewName, params: object, first: Payload | undefined, onTurn: (turn: Turn) => void): JSX.Element {
  checkSchema(first);
  const given: Readonly<Record<string, unknown>> = isRecord(params) ? params : {};
  const text = (name: string): string => (typeof given[name] === "string" ? given[name] : "");
  const number = (name: string): number => (typeof given[name] === "number" ? given[name] : Number(text(name)) || 0);
  const form = (target: string) => onTurn({ view: "form", params: { target } });
  switch (view) {
    case "run": {
      const run = accept("run", first);
      const id = text("run") || text("id") || run?.id || "";
      if (!id) throw missing("run");
      return <RunPage id={id} task={text("task") || undefined} first={run} />;
    }
    case "workflow": {
      const saved = accept("workflow", first) ?? asWorkflow(first);
      return <WorkflowPage workflow={text("workflow")} version={number("version")} first={saved} onForm={form} />;
    }
    case "form":
      return <FormPage target={text("target") || text("workflow")} first={accept("launch-form", first)} onStarted={(run) => onTurn({ view: "run", params: { run } })} />;
    case "compare": {
      const given_runs = given["runs"];
      const runs = Array.isArray(given_runs) ? given_runs.map(String) : text("runs").split(",").filter(Boolean);
      const saved = accept("comparison", first);
      if (runs.length < 2 && !saved) throw missing("runs");
      return <ComparePage runs={runs} baseline={text("baseline")} first={saved} />;
    }
    case "versions": {
      const saved = accept("versions", first);
      const workflow = text("workflow") || saved?.workflow || "";
      if (!workflow) throw missing("workflow");
      const [name = "", at = ""] = workflow.split("@");
      return <VersionsPage workflow={name} number={number("version") || Number(at) || 0} first={saved} onForm={form} />;
    }
    case "value": {
      const saved = accept("value", first);
      return <ValuePage run={text("run") || saved?.run || ""} task={text("task") || saved?.task || ""} output={text("output") || saved?.output || ""} q={text("q")} first={saved} />;
    }
    case "runs":
      return <RunsPage filter={{ q: text("q"), workflow: text("workflow"), state: text("state"), author: text("author") }} first={accept("runs", first)} />;
    default:
      throw new ViewError(`There is no view called ${String(view)}.`, { remedy: "Update Taskcell in the environment that runs Jupyter." });
  }
}

/** A graph saved by `%dag` as a workflow view. */
function asWorkflow(first: Payload | undefined): WorkflowView | undefined {
  const graph = accept("graph", first);
  if (!graph) return undefined;
  const counts: Record<string, number> = {};
  for (const node of graph.nodes) if (node.role === "task" && node.state) counts[node.state] = (counts[node.state] ?? 0) + 1;
  return { kind: "workflow", target: "", title: graph.title, graph, shown_at: "", placed: null, counts, expected_s: {}, total_expected_s: null, problems: [], schema: graph.schema };
}

function missing(what: string): ViewError {
  return new ViewError(`Nothing says which ${what} to show.`, { remedy: "Open it from a list or by its link." });
}
