/** Payloads as they come: from a notebook saved long ago, or by a newer Taskcell. Told apart before they are drawn. */
import { ViewError } from "./store";
import type { Comparison, Graph, LaunchForm, Payload, RunList, RunView, ValueView, VersionList, WorkflowView } from "./types";
import { SCHEMA } from "./types";

/** Payloads that a view can be given first. */
export interface Firsts {
  run: RunView;
  runs: RunList;
  graph: Graph;
  workflow: WorkflowView;
  versions: VersionList;
  comparison: Comparison;
  value: ValueView;
  "launch-form": LaunchForm;
}

const EMPTY: { [K in keyof Firsts]: Partial<Firsts[K]> } = {
  run: {
    sentence: "", author: "", duration_s: null, backend: "", parameters: {}, tasks: [], counts: {}, graph: null, notices: [],
    link: "", ended_at: null, cancelling: false, reproduces: "", waits: {}, actions: [], placed: null,
  },
  runs: { title: "Runs", more: 0, next: "", unread: 0, runs: [] },
  graph: { nodes: [], edges: [], title: "" },
  workflow: { placed: null, counts: {}, expected_s: {}, total_expected_s: null, problems: [] },
  versions: { versions: [], more: 0, moves: [], next: 0 },
  comparison: {
    runs: [], parameters: [], metrics: [], durations: [], cached: [], environment: [], code: [], outputs: [], timeline: [],
  },
  value: { columns: [], rows: [], parts: {}, more_columns: 0, offset: 0, total_rows: null, refused: "", text: "" },
  "launch-form": { fields: [], versions: [], tags: {}, backends: [], tasks: [], problems: [], samples: 0 },
};

const TASK = {
  cached: false, attempt: 1, duration_s: null, from_run: "", from_author: "", from_created_at: null, error: "", notices: [],
  elements: null, elements_done: null, seeds: [], task: "", started_at: null, ended_at: null,
};
const NODE = { state: null, detail: "", reason: "", role: "task", outputs: [], group: "", counts: {} };

/** Say whether a payload is of a schema that is known here. */
export function checkSchema(payload: unknown): void {
  const schema = isRecord(payload) ? payload["schema"] : undefined;
  if (typeof schema === "number" && schema > SCHEMA)
    throw new ViewError(`This was made by a newer Taskcell (its data has version ${schema}; version ${SCHEMA} is known here).`, {
      code: "newer",
      remedy: "Update Taskcell in the environment that runs Jupyter, then reload the page.",
    });
}

/**
 * Return the payload if it is of that kind, with what an older Taskcell left out filled in; undefined for another
 * kind. Throws for a newer schema.
 */
export function accept<K extends keyof Firsts>(kind: K, payload: Payload | undefined): Firsts[K] | undefined {
  if (!isRecord(payload) || payload["kind"] !== kind) return undefined;
  checkSchema(payload);
  const whole = { ...EMPTY[kind], ...payload } as Firsts[K];
  if (whole.kind === "run") {
    whole.tasks = whole.tasks.map((task) => ({ ...TASK, ...task }));
    if (whole.graph) whole.graph = wholeGraph(whole.graph);
  } else if (whole.kind === "graph") return wholeGraph(whole) as Firsts[K];
  else if (whole.kind === "workflow") whole.graph = wholeGraph(whole.graph);
  return whole;
}

function wholeGraph(graph: Graph): Graph {
  const nodes = graph.nodes.map((node) => ({ ...NODE, ...node }) as Graph["nodes"][number]);
  return { ...EMPTY.graph, ...graph, nodes, edges: (graph.edges ?? []).map((edge) => ({ ...edge, label: edge.label ?? "" })) };
}

export function isRecord(thing: unknown): thing is Record<string, unknown> {
  return typeof thing === "object" && thing !== null && !Array.isArray(thing);
}
