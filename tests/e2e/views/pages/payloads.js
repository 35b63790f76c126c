// Payloads as Python sends them; synthetic, of any size.
const T0 = Date.parse("2026-11-20T10:00:00Z");
export const at = (seconds) => new Date(T0 + seconds * 1000).toISOString();
export const RUN = "01KAH3B0Z0ABCDEFGHJKMNPQRS";
export const OLD = "01KAGZZZZ0ABCDEFGHJKMNPQRT";
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAGAAAAAwCAIAAABhdOiYAAABNElEQVR4nO3avUoDQRiF4W92I8RCwcJGBMFCsLCwsBBs7L0Dr8ArsPQOrL0Dwc7CQrAQLAQrG0FQECxSaKLG/WFmvmCRzWbn2wmTnPcBpznsw2F2p1ij1WoJ4Bn8AwTAASAADgABcAAIgANAABwAAuAAEAAHgAA4AATAASAADgABcAAIgANAABwAAuAAEAAHgAA4AATAASAADgABcAAIgANAABwAAuAAEAAHgAA4AATAASAADgABcAAIgANAAJzm7Q/39/dfX1+vra1dX1+Xy2VnZ2dvb29nZ+fy8vLw8HBjY+Po6Gh1dfX09HRlZeXs7Gx5efn8/HxpaWl/f39xcXFvb29hYWF3d3d+fn5nZ2dubm57e3t2dnZra2tmZmZzc3N6enpjY2Nqamp9fX1ycnJtbW1iYmJ1dXV8fHxlZWVsbGx5eXl0dHRpaenXwA/KqXDKvxrPtgAAAABJRU5ErkJggg==";

export function task(id, state, more = {}) {
  return {
    id, label: more.label ?? id, state, cached: false, attempt: 1, duration_s: null, from_run: "", from_author: "", from_created_at: null, error: "",
    notices: [], elements: null, elements_done: null, seeds: [], task: id, started_at: null, ended_at: null, ...more,
  };
}
export const node = (id, state, more = {}) => ({ id, label: more.label ?? id, state, detail: "", reason: "", role: "task", outputs: [], group: "", counts: {}, ...more });
const edge = (source, target, label = "") => ({ source, target, label });
export const preview = (more) => ({ type: "float", text: "", digest: "b1f0c3a95d", size_bytes: 24, columns: [], rows: [], image_png: "", ...more });
export const frame = preview({
  type: "pandas.core.frame.DataFrame", text: "336,776 rows × 19 columns", size_bytes: 48_200_113, columns: ["year", "month", "day", "dep_time", "carrier", "tailnum"],
  rows: Array.from({ length: 6 }, (_, row) => ["2013", "1", String(row + 1), String(517 + row * 13), ["UA", "AA", "B6"][row % 3], `N${14228 + row}`]),
});

export const tasks = [
  task("load", "succeeded", { duration_s: 2.31, started_at: at(0.4), ended_at: at(2.7), cached: true, from_run: OLD, from_author: "ana", from_created_at: at(-172_800) }),
  task("clean", "succeeded", { duration_s: 5.9, started_at: at(2.9), ended_at: at(8.8) }),
  task("features", "succeeded", { duration_s: 11.2, started_at: at(9), ended_at: at(20.2), attempt: 2 }),
  task("fold", "running", { duration_s: 31.5, elements: 1000, elements_done: 612, started_at: at(20.5), attempt: 1 }),
  task("train~0", "succeeded", { label: "train[learning_rate=0.05]", duration_s: 40.1, started_at: at(20.4), ended_at: at(60.5) }),
  task("train~1", "running", { label: "train[learning_rate=0.1]", duration_s: 41.7, started_at: at(20.6) }),
  task("train~2", "failed", { label: "train[learning_rate=0.3]", duration_s: 12.4, started_at: at(20.7), ended_at: at(33.1), attempt: 3, error: "ValueError in line 14: Input contains NaN, infinity or a value too large for dtype('float64')." }),
  task("score~0", "running", { label: "score[learning_rate=0.05]", duration_s: 1.2, started_at: at(61) }),
  task("score~1", "pending", { label: "score[learning_rate=0.1]" }),
  task("score~2", "skipped", { label: "score[learning_rate=0.3]" }),
  task("report", "pending"),
];
const nodes = [
  node("p:month", null, { label: "month", detail: "1", role: "parameter" }),
  node("p:rate", null, { label: "learning_rate", detail: "3 values", role: "parameter" }),
  node("load", "cached", { detail: "cached · 2.3 s", outputs: ["flights"] }),
  node("clean", "succeeded", { detail: "5.9 s", outputs: ["month_flights"] }),
  node("features", "succeeded", { detail: "11.2 s · attempt 2", outputs: ["X", "y"] }),
  node("fold", "running", { detail: "612 of 1,000 done", counts: { succeeded: 580, cached: 30, failed: 2, running: 4, pending: 384 } }),
  node("train~0", "succeeded", { label: "train[learning_rate=0.05]", detail: "40.1 s", outputs: ["model", "mae"] }),
  node("train~1", "running", { label: "train[learning_rate=0.1]", detail: "41.7 s" }),
  node("train~2", "failed", { label: "train[learning_rate=0.3]", detail: "12.4 s · attempt 3", reason: "ValueError in line 14: Input contains NaN." }),
  node("score~0", "running", { label: "score[learning_rate=0.05]", detail: "1.2 s" }),
  node("score~1", "pending", { label: "score[learning_rate=0.1]" }),
  node("score~2", "skipped", { label: "score[learning_rate=0.3]" }),
  node("report", "pending", { reason: "waits for score" }),
];
const edges = [
  edge("p:month", "load", "month"), edge("p:rate", "train~0"), edge("p:rate", "train~1"), edge("p:rate", "train~2"), edge("load", "clean", "flights"), edge("clean", "features", "month_flights"),
  edge("features", "fold", "X, y"), ...[0, 1, 2].flatMap((n) => [edge("features", `train~${n}`, "X, y"), edge(`train~${n}`, `score~${n}`, "model"), edge(`score~${n}`, "report", "mae")]), edge("fold", "report", "scores"),
];
export const graph = { kind: "graph", title: "late_flights", nodes, edges, schema: 1 };
export const run = {
  kind: "run", id: RUN, workflow: "late_flights@7", state: "running", shown_at: at(62), created_at: at(0), sentence: "", author: "ana", duration_s: 62, backend: "local",
  parameters: { month: 1, learning_rate: [0.05, 0.1, 0.3], seed: 42 }, tasks, counts: { succeeded: 3, cached: 1, failed: 1, skipped: 1, running: 3, pending: 2 }, graph, notices: [],
  link: `https://hub.example/lab?taskcell=run:${RUN}`, ended_at: null, cancelling: false, reproduces: "", waits: { report: "Waits for score[learning_rate=0.05] and 2 more." }, actions: ["cancel", "reproduce"], placed: null, schema: 1,
};
export const endedRun = {
  ...run, state: "failed", sentence: "train[learning_rate=0.3] failed: ValueError in line 14, Input contains NaN; 8 of 11 tasks succeeded. Fix the cell and launch again: what succeeded is taken from the cache.",
  ended_at: at(90), duration_s: 90, actions: ["resume", "reproduce"], tasks: tasks.map((one) => (["running", "pending"].includes(one.state) ? { ...one, state: "succeeded", duration_s: 4, started_at: one.started_at ?? at(64), ended_at: at(80), elements_done: one.elements } : one)),
  counts: { succeeded: 8, cached: 1, failed: 1, skipped: 1 }, graph: { ...graph, nodes: nodes.map((one) => (["running", "pending"].includes(one.state) ? { ...one, state: "succeeded", detail: "4.0 s", counts: one.counts.running ? { succeeded: 998, failed: 2 } : {} } : one)) },
};

/** A graph of any size in layers, already placed; `wide` makes one map of that many elements. */
export function bigRun(size) {
  const perRank = Math.max(4, Math.round(Math.sqrt(size)));
  const states = ["succeeded", "succeeded", "succeeded", "cached", "running", "pending", "failed"];
  const made = [];
  const links = [];
  const boxes = [];
  const routes = [];
  for (let n = 0; n < size; n += 1) {
    const [rank, slot] = [Math.floor(n / perRank), n % perRank];
    const state = rank < (size / perRank) * 0.6 ? states[(n * 7) % 4] : rank < (size / perRank) * 0.65 ? states[3 + (n % 4)] : "pending";
    made.push(node(`task_${n}`, state, { detail: `${(n % 90) / 10 + 0.1} s` }));
    boxes.push({ id: `task_${n}`, x: 16 + rank * 200, y: 16 + slot * 62, width: 144, height: 46 });
    for (const other of rank ? [n - perRank, n % 2 ? n - perRank + ((n * 13) % 5) - 2 : -1] : []) {
      if (other < 0 || Math.floor(other / perRank) !== rank - 1) continue;
      const [x0, y0, x1, y1] = [boxes[other].x + 144, boxes[other].y + 23, boxes[n].x, boxes[n].y + 23];
      links.push(edge(`task_${other}`, `task_${n}`));
      routes.push({ source: `task_${other}`, target: `task_${n}`, points: [x0, y0, (x0 + x1) / 2, y0, (x0 + x1) / 2, y1, x1, y1] });
    }
  }
  const ranks = Math.ceil(size / perRank);
  const counts = {};
  for (const one of made) counts[one.state] = (counts[one.state] ?? 0) + 1;
  return {
    ...run, workflow: "large@1", counts, graph: { ...graph, title: "large", nodes: made, edges: links },
    tasks: made.map((one, index) => task(one.id, one.state, { duration_s: one.state === "pending" ? null : 2, started_at: one.state === "pending" ? null : at(index / 10), ended_at: one.state === "pending" ? null : at(index / 10 + 2) })),
    placed: { boxes, routes, width: 32 + ranks * 200 - 56, height: 32 + perRank * 62 - 16, direction: "right" }, waits: {},
  };
}

export const TRACEBACK = "\u001b[0;31m---------------------------------------------------------------------------\u001b[0m\n\u001b[0;31mValueError\u001b[0m                                Traceback (most recent call last)\n\u001b[1;32m     12\u001b[0m model = HistGradientBoostingRegressor(\u001b[38;5;28;01mlearning_rate\u001b[39m=learning_rate)\n\u001b[0;32m---> 14\u001b[0m model.fit(X, y)\n\u001b[0;31mValueError\u001b[0m: Input contains NaN, infinity or a value too large for dtype('float64').";
export function logLine(number) {
  if (number % 997 === 0) return `\u001b[33mWARNING\u001b[0m  needle ${number}: gradient is large`;
  if (number % 50 === 0) return `\u001b[1mepoch ${number / 50}\u001b[0m  loss=\u001b[32m${(1 / (1 + number / 1000)).toFixed(5)}\u001b[0m  val_loss=\u001b[36m${(1.2 / (1 + number / 1000)).toFixed(5)}\u001b[0m`;
  return `2026-11-20 10:00:${String(number % 60).padStart(2, "0")},${String(number % 1000).padStart(3, "0")} INFO trainer step ${number} batch ${number % 128}`;
}
export const logOf = (total, done = true) => (params) => {
  if (params.query) {
    const numbers = [];
    let line = Math.max(0, params.from_line ?? 0);
    for (; line < total && numbers.length < (params.limit ?? 500); line += 1) if (logLine(line).toLowerCase().includes(params.query.toLowerCase())) numbers.push(line);
    return { kind: "log", run: params.run, task: params.task, attempt: 1, first_line: numbers[0] ?? 0, lines: numbers.map(logLine), next_line: line, numbers, total_lines: total, total_bytes: total * 60, done, more: line < total, query: params.query, clipped: [], schema: 1 };
  }
  const first = params.from_line < 0 ? Math.max(0, total + params.from_line) : (params.from_line ?? 0);
  const last = Math.min(total, first + (params.limit ?? 500));
  return { kind: "log", run: params.run, task: params.task, attempt: 1, first_line: first, lines: Array.from({ length: Math.max(0, last - first) }, (_, n) => logLine(first + n)), next_line: last, numbers: [], total_lines: total, total_bytes: total * 60, done, more: last < total, query: "", clipped: [], schema: 1 };
};
export function elementsOf(params, total = 1000) {
  const stateOf = (index) => (index < 612 ? (index % 300 === 7 ? "failed" : "succeeded") : index < 616 ? "running" : "pending");
  const all = Array.from({ length: total }, (_, index) => index).filter((index) => !params.state || stateOf(index) === params.state);
  return {
    kind: "elements", run: params.run, task: params.task, offset: params.offset ?? 0, total: all.length, planned: total, counts: { succeeded: 609, failed: 3, running: 4, pending: 384 },
    elements: all.slice(params.offset ?? 0, (params.offset ?? 0) + (params.limit ?? 200)).map((index) => ({ id: `fold.${index}`, index, state: stateOf(index), attempt: index % 97 === 0 ? 2 : 1, duration_s: index < 612 ? 0.4 + (index % 10) / 10 : null, started_at: null, ended_at: null, error: stateOf(index) === "failed" ? "ZeroDivisionError in line 3: division by zero." : "" })), schema: 1,
  };
}
export const explanation = {
  kind: "explanation", task: "train", verdict: "miss", headline: "train ran because its code and one input changed since run 01KAGZZZZ0….", shown_at: at(62), executed: true, compared_to: OLD, compared_author: "ana", compared_at: at(-172_800), key: "9f2c5a77b1e0d4", notices: [], schema: 1,
  unchanged: ["parameter learning_rate", "package scikit-learn 1.5.2", "package pandas 2.2.3", "function rmse"],
  changes: [
    { part: "code", name: "train", change: "changed", old: "", new: "", words: "1 line added, 1 removed", details: [], because: "", origin: "cell 7", lines: [{ side: "@", text: "line 3" }, { side: " ", text: "model = HistGradientBoostingRegressor(" }, { side: "-", text: "    learning_rate=0.1," }, { side: "+", text: "    learning_rate=learning_rate," }, { side: " ", text: ")" }] },
    { part: "input", name: "month_flights", change: "changed", old: "26,483 rows", new: "26,398 rows", words: "3 of 19 columns differ: dep_delay, arr_delay, air_time", details: ["row 17, dep_delay: 2.0 → 3.0", "85 rows are gone"], because: "clean changed in line 2, so its result month_flights is another.", origin: "", lines: [] },
    { part: "package", name: "numpy", change: "changed", old: "2.1.3", new: "2.2.0", words: "", details: [], because: "", origin: "", lines: [] },
  ],
};
export function taskView(params) {
  const row = tasks.find((one) => one.id === params.task) ?? task(params.task, "succeeded", { duration_s: 1 });
  const failed = row.state === "failed";
  return {
    kind: "task", run: params.run, workflow: "late_flights@7", row, shown_at: at(62),
    attempts: Array.from({ length: row.attempt }, (_, n) => ({ number: n + 1, state: n + 1 < row.attempt ? "failed" : row.state, host: "laptop", started_at: row.started_at, ended_at: row.ended_at, duration_s: row.duration_s, cached: row.cached, notices: [], has_log: true, has_notebook: true, error: failed || n + 1 < row.attempt ? { error: "exception", sentence: "ValueError in line 14: Input contains NaN.", traceback: TRACEBACK, counts: n !== 1 } : null })),
    inputs: [
      { name: "month_flights", origin: "task", task: "clean", output: "month_flights", label: "clean", preview: frame },
      { name: "learning_rate", origin: "parameter", task: "", output: "", label: "", preview: preview({ text: "0.3" }) },
      { name: "weights", origin: "value", task: "", output: "", label: "", preview: preview({ type: "dict", text: "{'a': 1,\n 'b': 2}" }) },
    ],
    outputs: failed ? [{ name: "model", origin: "output", task: "", output: "", label: "", preview: null }, { name: "mae", origin: "output", task: "", output: "", label: "", preview: null }] : [
      { name: "mae", origin: "output", task: row.id, output: "mae", label: row.label, preview: preview({ text: "15.2871" }) },
      { name: "plot", origin: "output", task: row.id, output: "plot", label: row.label, preview: preview({ type: "matplotlib.figure.Figure", image_png: PNG, size_bytes: 12_000 }) },
    ],
    displays: [
      { mime: "text/html", content: "<table><thead><tr><th></th><th>carrier</th><th>delay</th></tr></thead><tbody><tr><th>0</th><td>UA</td><td>3.5</td></tr><tr><th>1</th><td>AA</td><td>0.3</td></tr></tbody></table>", clipped: false },
      ...(failed ? [{ mime: "error", content: TRACEBACK, clipped: false }] : [{ mime: "stream/stdout", content: "fitted in 38 rounds\n", clipped: false }]),
    ],
    source: "import pandas as pd\nmodel = HistGradientBoostingRegressor(\n    learning_rate=learning_rate,\n)\nmodel.fit(X, y)\nmae = mean_absolute_error(y, model.predict(X))\n", doc: "Fit the model.", log_run: params.run, log_task: row.id, log_attempt: row.state === "pending" ? 0 : row.attempt, key: "9f2c5a77b1e0d4", explanation, elements: row.elements === null ? null : elementsOf({ ...params, offset: 0, limit: 200 }), branch: {}, can_rescue: failed, schema: 1,
  };
}
export const verdict = {
  kind: "reproduction", run: RUN, reproduced_by: OLD, workflow: "late_flights@7", verdict: "different", sentence: "2 of 3 outputs are identical; mae differs from train on.", shown_at: at(3600), created_at: at(0), diverged: "train[learning_rate=0.1]", cause: "nondeterminism", why: "it draws random numbers without a seed",
  environment: "locked", environment_changes: ["numpy 2.1.3 → 2.2.0"], duration_s: 81, schema: 1,
  outputs: [{ task: "score", name: "mae", verdict: "different", detail: "15.2871 → 15.3012", recorded: preview({ text: "15.2871" }), reproduced: preview({ text: "15.3012" }) }, { task: "clean", name: "month_flights", verdict: "identical", detail: "", recorded: null, reproduced: null }, { task: "load", name: "flights", verdict: "identical", detail: "", recorded: null, reproduced: null }],
};

export function value(params) {
  const total = params.output === "flights" ? 1_000_000 : 5;
  const offset = params.offset ?? 0;
  const names = ["year", "month", "day", "dep_time", "dep_delay", "arr_delay", "carrier", "flight", "tailnum", "origin", "dest"];
  const base = { kind: "value", run: params.run, task: params.task, output: params.output, label: params.task, workflow: "late_flights@7", shown_at: at(62), codec: "arrow", more_columns: 0, offset, total_rows: null, text: "", clipped: false, content: null, image: "", mime: "", parts: {}, refused: "", columns: [], rows: [], schema: 1 };
  if (params.output === "mae") return { ...base, codec: "json", form: "json", content: 15.2871, preview: preview({ text: "15.2871" }) };
  if (params.output === "plot") return { ...base, codec: "png", form: "image", image: PNG, mime: "image/png", preview: preview({ type: "matplotlib.figure.Figure", size_bytes: 12_000 }) };
  if (params.output === "config") return { ...base, codec: "json", form: "json", content: { depth: 6, rates: [0.05, 0.1, 0.3], names: { a: "x", b: null, c: true } }, preview: preview({ type: "dict" }) };
  if (params.output === "model") return { ...base, codec: "pickle", form: "none", refused: "It is a pickle, and this store is not named as trusted: loading it would run code of whoever wrote it.", preview: preview({ type: "sklearn.ensemble.HistGradientBoostingRegressor", text: "HistGradientBoostingRegressor(learning_rate=0.1)", size_bytes: 482_113 }) };
  return {
    ...base, form: "table", preview: frame, total_rows: total, columns: names.map((name) => ({ name, type: ["carrier", "tailnum", "origin", "dest"].includes(name) ? "string" : "int64", numeric: !["carrier", "tailnum", "origin", "dest"].includes(name) })),
    rows: Array.from({ length: Math.min(params.limit ?? 100, total - offset) }, (_, n) => ["2013", String(1 + ((offset + n) % 12)), String(1 + ((offset + n) % 28)), String(517 + ((offset + n) % 1000)), String(((offset + n) * 7) % 60), String(((offset + n) * 11) % 90), ["UA", "AA", "B6"][(offset + n) % 3], String(1545 + offset + n), `N${14228 + offset + n}`, "EWR", "IAH"]),
  };
}

export const answers = {
  "runs.get": run, "tasks.get": taskView, "tasks.log": logOf(2345), "tasks.elements": elementsOf, "tasks.why": explanation, "tasks.notebook": { kind: "notebook", name: "train.ipynb", notebook: { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 }, schema: 1 },
  "runs.rescue": { kind: "notebook", name: "rescue-train.ipynb", notebook: { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 }, schema: 1 }, "runs.verdict": { kind: "reproduction-state", run: RUN, reproduction: null, running: [] },
  "runs.cancel": () => ({ ...run, cancelling: true }), "runs.resume": run, "runs.reproduce": { kind: "launched", run: OLD, workflow: "late_flights@7", link: "", backend: "local" }, "values.get": value,
};

const reason = { stale: "its code changed in line 3 since run 01KAGZZZZ0…", "will run": "no result with these inputs is stored" };
export const workflow = {
  kind: "workflow", target: "late_flights@7", title: "late_flights", shown_at: at(62), placed: null, total_expected_s: 96, problems: [], schema: 1,
  counts: { cached: 3, stale: 1, "will run": 2, "may run": 4, refused: 1 }, expected_s: { "train~0": 40, "train~1": 42, fold: 60, report: 2 },
  graph: { ...graph, nodes: nodes.map((one, index) => (one.role !== "task" ? one : { ...one, counts: {}, state: index < 5 ? "cached" : one.id === "fold" ? "stale" : one.id.startsWith("train") ? "will run" : one.id === "score~2" ? "refused" : "may run", detail: index < 5 ? "cached" : "", reason: one.id === "fold" ? reason.stale : one.id.startsWith("train") ? reason["will run"] : one.id === "score~2" ? "it reads df, which no task makes and which is no parameter: name it as an input" : "" })) },
};
const field = (name, annotation, control, value, more = {}) => ({ name, annotation, control, default: value, doc: "", optional: false, choices: [], item: "", ...more });
export const form = {
  kind: "launch-form", target: "late_flights@7", title: "late_flights@7", workflow: "late_flights", shown_at: at(62), tags: { prod: 5, best: 7 }, backend: "local", max_workers: null, max_branches: 10000, tasks: ["load", "train"], problems: [], expected_s: 96, samples: 12, schema: 1,
  fields: [
    field("month", "int", "integer", 1, { doc: "Month of 2013, 1 to 12." }), field("learning_rate", "float", "number", 0.1), field("loss", "Literal['squared', 'absolute']", "choice", "squared", { choices: ["squared", "absolute"] }),
    field("carriers", "list[str]", "list", ["UA", "AA"], { item: "text" }), field("shuffle", "bool", "boolean", true), field("title", "str | None", "text", null, { optional: true }), field("options", "dict", "json", { depth: 6 }),
  ],
  versions: [{ ref: "late_flights@7", number: 7, created_at: at(-60), author: "ana", message: "lower rate", tags: ["best"] }, { ref: "late_flights@6", number: 6, created_at: at(-90_000), author: "ben", message: "first with folds", tags: [] }],
  backends: [{ name: "local", is_default: true, problem: "" }, { name: "kubernetes", is_default: false, problem: "" }, { name: "other", is_default: false, problem: "No cluster is configured: set TASKCELL_KUBERNETES__NAMESPACE." }],
};
export const previewOf = (params) => ({
  kind: "launch-preview", workflow: "late_flights@7", backend: params.backend || "local", parameters: params.parameters ?? {}, sweep: params.sweep ?? {}, expected_s: 48.5, samples: 12, problems: [], notices: [], graph: workflow.graph, placed: null, schema: 1,
  tasks: workflow.graph.nodes.filter((one) => one.role === "task" && one.state !== "refused").map((one) => ({ id: one.id, label: one.label, state: one.state === "stale" ? "will run" : one.state, reason: one.reason, expected_s: workflow.expected_s[one.id] ?? null })),
  code: `taskcell.launch("late_flights@7", ${JSON.stringify(params.parameters ?? {})})`, command: "taskcell launch late_flights@7",
});
const row = (name, ...cells) => ({ name, cells, differs: cells.some((cell) => JSON.stringify(cell) !== JSON.stringify(cells[0])) });
export function comparison(count = 3) {
  const ids = Array.from({ length: count }, (_, index) => `01KAH3B0Z${index}ABCDEFGHJKMNPQ${String(index % 10)}S`.slice(0, 26));
  const all = (make) => ids.map((_, index) => make(index));
  return {
    kind: "comparison", shown_at: at(3600), schema: 1,
    runs: ids.map((id, index) => ({ id, workflow: `late_flights@${7 - (index % 2)}`, state: index === 2 ? "failed" : "succeeded", created_at: at(-index * 4000), author: ["ana", "ben"][index % 2] })),
    parameters: [row("learning_rate", ...all((index) => [0.01, 0.1, 0.3][index % 3] * (1 + Math.floor(index / 3)))), row("loss", ...all((index) => ["squared", "absolute"][index % 2])), row("depth", ...all((index) => 3 + (index % 5))), row("month", ...all(() => 1))],
    metrics: [row("mae", ...all((index) => (index === 2 && count < 5 ? null : 15.2871 + ((index * 37) % 11) / 7))), row("r2", ...all((index) => 0.81 - ((index * 37) % 11) / 70)), row("rows", ...all(() => 26398))],
    environment: [row("python", ...all(() => "3.12.4")), row("numpy", ...all((index) => (index ? "2.2.0" : "2.1.3"))), row("pandas", ...all(() => "2.2.3")), row("torch", ...all((index) => (index ? "2.9.0" : null)))],
    durations: [row("load", ...all(() => 2.3)), row("train", ...all((index) => 40 + index * 9))], cached: [row("load", ...all((index) => index > 0)), row("train", ...all(() => false))],
    code: [{ task: "train", old: ids[0], new: ids[1], lines: explanation.changes[0].lines }],
    outputs: [
      { task: "train", name: "plot", differs: true, cells: all(() => preview({ type: "matplotlib.figure.Figure", image_png: PNG, size_bytes: 12_000 })) },
      { task: "score", name: "mae", differs: true, cells: all((index) => (index === 2 ? null : preview({ text: String(15.2871 + index) }))) },
      { task: "clean", name: "month_flights", differs: false, cells: all(() => frame) },
    ],
    timeline: [{ name: "load", cells: all((index) => ({ start_s: 0.4, end_s: 2.7, state: index ? "cached" : "succeeded" })) }, { name: "train", cells: all((index) => ({ start_s: 3, end_s: 43 + index * 9, state: index === 2 ? "failed" : "succeeded" })) }],
  };
}
const version = (number, more = {}) => ({ number, digest: "9f2c5a77b1e0d4", created_at: at(-number * 50_000 + 300_000), author: ["ana", "ben"][number % 2], message: ["lower rate", "folds in parallel", "drop flights that were cancelled"][number % 3], tags: [], commit: "3f2a9c1d77", dirty: number % 2 === 0, branch: "main", runs: number * 3, current: false, changes: { tasks_added: [], tasks_removed: [], tasks_changed: ["train"], parameters: ["learning_rate 0.1 → 0.05"], packages: ["pandas 2.2.2 → 2.2.3"] }, ...more });
export const versions = {
  kind: "versions", workflow: "late_flights", shown_at: at(400_000), more: 0, next: 0, schema: 1,
  versions: [version(7, { current: true, tags: ["best"] }), version(6), version(5, { tags: ["prod"] }), version(4), version(3), version(2), version(1, { changes: null })],
  moves: [{ tag: "prod", number: 5, author: "ana", created_at: at(300_000), before: 6, message: "6 was slow", rollback: true }, { tag: "best", number: 7, author: "ben", created_at: at(200_000), before: 0, message: "", rollback: false }, { tag: "prod", number: 6, author: "ben", created_at: at(100_000), before: 5, message: "folds", rollback: false }],
};
export const versionView = (params) => ({
  kind: "version", workflow: "late_flights", row: version(params.number), shown_at: at(400_000), fields: form.fields, python: "3.12.4", platform: "linux x86_64", distributions: 84, against: params.against || params.number - 1 || null, schema: 1,
  tasks: [{ name: "train", inputs: ["month_flights", "learning_rate"], outputs: ["model", "mae"], source: "model = fit(month_flights)\n", options: { retries: "2" } }], code: [{ task: "train", old: "", new: "", lines: explanation.changes[0].lines }],
  parameters: [row("learning_rate", 0.1, 0.05)], environment: [row("pandas", "2.2.2", "2.2.3")],
});
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const STATES = ["succeeded", "succeeded", "failed", "succeeded", "cancelled"];
export function runRow(number, total = 100_000) {
  let id = "";
  for (let rest = total - number, digit = 0; digit < 6; digit += 1, rest = Math.floor(rest / 32)) id = ALPHABET[rest % 32] + id;
  const state = number < 3 ? "running" : STATES[number % 5];
  return { id: `01KAH3B0Z0ABCDEFGHJK${id}`, workflow: `${["late_flights", "churn", "forecast"][number % 3]}@${1 + (number % 9)}`, state, created_at: at(-number * 37), author: ["ana", "ben", "chloé"][number % 3], duration_s: 4 + (number % 600), backend: "local", parameters: { month: 1 + (number % 12), learning_rate: 0.05 }, counts: state === "running" ? { succeeded: 3, running: 1, pending: 2 } : { succeeded: 5, [state]: 1 }, sentence: "", tags: number % 11 === 0 ? ["prod"] : [], ended_at: null, reproduces: "" };
}
export const runsOf = (total = 100_000) => (params) => {
  const start = params.before ? Number(params.before) : 0;
  const found = [];
  let number = start;
  const fits = (one) => (!params.state || one.state === params.state) && (!params.author || one.author === params.author) && (!params.workflow || one.workflow.startsWith(params.workflow)) && (!params.q || JSON.stringify(one).toLowerCase().includes(params.q.toLowerCase()));
  const filtered = params.state || params.author || params.workflow || params.q;
  for (; number < (filtered ? Math.min(total, start + 20_000) : total) && found.length < (params.limit ?? 50); number += 1) {
    const one = runRow(number, total);
    if (fits(one)) found.push(one);
  }
  return { kind: "runs", runs: found, shown_at: at(0), title: "Runs", more: number < total ? total - number : 0, next: number < total ? String(number) : "", schema: 1 };
};
const valueRow = (output, type, text, n) => ({ run: RUN, workflow: "late_flights@7", task: "clean", label: "clean", output, type, created_at: at(-n * 3000), text, digest: "b1f0", size_bytes: 1000, cached: false, author: "ana" });
export const valuesOf = (params) => ({ kind: "values", shown_at: at(60), next: "", schema: 1, values: [valueRow("flights", "pandas.DataFrame", "1,000,000 rows × 11 columns", 1), valueRow("mae", "float", "15.2871", 2), valueRow("plot", "matplotlib.figure.Figure", "", 3), valueRow("config", "dict", "{'depth': 6}", 4), valueRow("model", "sklearn.HistGradientBoostingRegressor", "HistGradient…", 5)].filter((one) => one.output.includes(params.q ?? "")) });
Object.assign(answers, {
  "workflows.graph": workflow, "runs.form": (params) => ({ ...form, target: params.target || form.target, title: params.target || form.title }), "runs.preview": previewOf, "runs.launch": { kind: "launched", run: RUN, workflow: "late_flights@7", link: "", backend: "local" },
  "comparisons.get": (params) => { const made = comparison(params.runs.split(",").length); return { ...made, runs: made.runs.map((one, index) => ({ ...one, id: params.runs.split(",")[index] })) }; },
  "workflows.versions": versions, "versions.get": versionView, "versions.notebook": { kind: "notebook", name: "late_flights-7.ipynb", notebook: { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 }, schema: 1 }, "tags.move": versions.moves[0], "tags.rollback": versions.moves[0], "runs.list": runsOf(), "values.list": valuesOf,
});
