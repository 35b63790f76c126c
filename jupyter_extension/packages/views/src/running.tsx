/** Views of what runs or is about to: a run, a workflow, the form of a launch. With `mount` they are one widget. */
import { FormPage } from "./form/FormPage";
import type { Draw } from "./mount";
import { mountOf } from "./mount";
import { given, missing } from "./params";
import { accept } from "./payloads";
import { RunPage } from "./run/RunPage";
import type { Payload } from "./store";
import type { WorkflowView } from "./types";
import { WorkflowPage } from "./workflow/WorkflowPage";

export const drawRunning: Draw = (view, params, first, onTurn) => {
  const { text, number } = given(params);
  switch (view) {
    case "run": {
      const run = accept("run", first);
      const id = text("run") || text("id") || run?.id || "";
      if (!id) throw missing("run");
      return <RunPage id={id} task={text("task") || undefined} first={run} />;
    }
    case "workflow": {
      const saved = accept("workflow", first) ?? asWorkflow(first);
      return <WorkflowPage workflow={text("workflow")} version={number("version")} first={saved} onForm={(target) => onTurn({ view: "form", params: { target } })} />;
    }
    case "form":
      return <FormPage target={text("target") || text("workflow")} first={accept("launch-form", first)} onStarted={(run) => onTurn({ view: "run", params: { run } })} />;
    default:
      return undefined;
  }
};

/** A graph saved by `%dag` as a workflow view. */
function asWorkflow(first: Payload | undefined): WorkflowView | undefined {
  const graph = accept("graph", first);
  if (!graph) return undefined;
  const counts: Record<string, number> = {};
  for (const node of graph.nodes) if (node.role === "task" && node.state) counts[node.state] = (counts[node.state] ?? 0) + 1;
  return { kind: "workflow", target: "", title: graph.title, graph, shown_at: "", placed: null, counts, expected_s: {}, total_expected_s: null, problems: [], schema: graph.schema };
}

/** As `mount` of all views, with these three only. */
export const mount = mountOf(drawRunning);
export { commStore } from "./stores/comm";
