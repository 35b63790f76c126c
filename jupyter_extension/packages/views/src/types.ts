// Made from the Python side by `python -m taskcell.api.feeds.typescript`; not edited by hand. A test checks that it agrees.
//
// Everything that Python sends has all of its fields. Times are ISO texts in UTC, durations seconds (`_s`), sizes bytes.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A notebook in the JSON form of nbformat 4. */
export interface NotebookJson {
  cells: { [key: string]: Json }[];
  metadata: { [key: string]: Json };
  nbformat: number;
  nbformat_minor: number;
}

/** Bytes to be saved as a file: by address only, never over a comm. */
export type Attachment = never;

/**
 * Who answers.
 *
 * Attributes
 * ----------
 * version
 *     Of Taskcell.
 * schema
 *     Version of the payloads: a view that knows only an older one says so.
 * store, project
 *     As in links.
 * trusted
 *     Whether pickles of this store are loaded.
 * jupyterlab
 *     Address to which links lead by the setting of that name; empty: to the JupyterLab at hand.
 */
export interface About {
  kind: "about";
  version: string;
  schema: number;
  store: string;
  project: string;
  user: string;
  backends: string[];
  backend: string;
  trusted: boolean;
  python: string;
  shown_at: string;
  jupyterlab: string;
}

/** Why an attempt failed. `counts` is False for faults of the platform, which do not spend a user's retry. */
export interface AttemptError {
  error: string;
  sentence: string;
  traceback: string;
  counts: boolean;
}

/** One attempt at a task. */
export interface AttemptView {
  number: number;
  state: State;
  host: string;
  started_at: string | null;
  ended_at: string | null;
  duration_s: number | null;
  cached: boolean;
  error: AttemptError | null;
  notices: string[];
  has_log: boolean;
  has_notebook: boolean;
}

/** One task cell. `id` is the cell's; `reason` says in a sentence why it would run or is refused. */
export interface CellBadge {
  id: string;
  task: string;
  state: State;
  reason: string;
  detail: string;
  outputs: string[];
}

/** All task cells of a notebook, in order. `problem` says why nothing is known of them. */
export interface CellStates {
  kind: "cells";
  cells: CellBadge[];
  workflow: string;
  problem: string;
  schema: number;
}

/**
 * The code cells of a notebook in order.
 *
 * `name` is the notebook's file name, without folders. `session` is the id of its Jupyter session, by which its
 * local modules are found.
 */
export interface CellsStateParams {
  cells: NotebookCellParams[];
  name?: string;
  session?: string;
}

/** How the code of one task differs between two of the runs; `new` and `old` are their ids. */
export interface CodeDiff {
  task: string;
  old: string;
  new: string;
  lines: DiffLine[];
}

/** Ids of 2 to 50 runs, joined by commas; `baseline` is the one that the others are compared with. */
export interface CompareParams {
  runs: string;
  baseline?: string;
}

/**
 * Runs side by side. Every row has one cell a run.
 *
 * `durations` are in seconds, a row a task; `cached` has truth values, a row a task; `code` lists
 * only tasks whose code differs.
 */
export interface Comparison {
  kind: "comparison";
  runs: RunColumn[];
  shown_at: string;
  parameters: Row[];
  metrics: Row[];
  durations: Row[];
  cached: Row[];
  environment: Row[];
  code: CodeDiff[];
  outputs: OutputRow[];
  timeline: TimelineRow[];
  schema: number;
}

/** One line: added `+`, removed `-`, the same ` `, or `@` for where the following lines stand. */
export interface DiffLine {
  side: " " | "+" | "-" | "@";
  text: string;
}

/**
 * One thing that a task displayed. It comes from whoever wrote the task: shown inert, HTML in a sandbox only.
 *
 * Attributes
 * ----------
 * mime
 *     Type of `content`: `text/plain`, `text/html`, `text/markdown`, `image/png` and the like (base64),
 *     `image/svg+xml` (text), `application/json` (text), `stream/stdout`, `stream/stderr`, `error`.
 * clipped
 *     Whether there is more of it than is given here: it is in the executed notebook.
 */
export interface DisplayView {
  mime: string;
  content: string;
  clipped: boolean;
}

/** `target` needs something from `source`; `label` names it: `model, mae`. */
export interface Edge {
  source: string;
  target: string;
  label: string;
}

/** Elements of a mapped task from `offset` on. `total` counts those that have begun; `planned` all, if known. */
export interface ElementPage {
  kind: "elements";
  run: string;
  task: string;
  elements: ElementRow[];
  offset: number;
  total: number;
  planned: number | null;
  counts: { [key: string]: number };
  schema: number;
}

/** One element of a mapped task. */
export interface ElementRow {
  id: string;
  index: number;
  state: State;
  attempt: number;
  duration_s: number | null;
  started_at: string | null;
  ended_at: string | null;
  error: string;
}

/** Nothing more comes: the run, or the attempt, has ended and its last state was sent; or `fault` says why not. */
export interface Ended {
  event: "ended";
  topic: string;
  sequence: number;
  fault: Fault | null;
}

/**
 * An experiment as it was run: its version's notebook with outputs under their cells, and what a banner says.
 *
 * `verdict` is the newest one on a reproduction of it. `name` is a file name without folders.
 */
export interface Experiment {
  kind: "experiment";
  run: string;
  workflow: string;
  version: string;
  state: State;
  created_at: string;
  shown_at: string;
  name: string;
  notebook: NotebookJson;
  author: string;
  backend: string;
  sentence: string;
  link: string;
  duration_s: number | null;
  parameters: { [key: string]: Json };
  reproduces: string;
  verdict: ReproductionView | null;
  schema: number;
}

/**
 * Why a task hits or misses the cache.
 *
 * `headline` is one sentence. `executed` tells a miss that has happened from one that would. `compared_to` is
 * the run that it is compared with, empty when there was none; `unchanged` names the parts that are as they were.
 */
export interface Explanation {
  kind: "explanation";
  task: string;
  verdict: "hit" | "miss";
  headline: string;
  shown_at: string;
  changes: PartChange[];
  unchanged: string[];
  executed: boolean;
  compared_to: string;
  compared_author: string;
  compared_at: string | null;
  key: string;
  notices: string[];
  schema: number;
}

/**
 * Why something can't be had. `code` is stable; `message` and `remedy` are sentences for people.
 *
 * `ids` names what is involved: `{"run": "01J…"}`.
 */
export interface Fault {
  kind: "fault";
  code: string;
  message: string;
  remedy: string;
  ids: { [key: string]: string };
}

/** Where tasks can execute. `problem` says why not, in a sentence; empty: it can be chosen. */
export interface FormBackend {
  name: string;
  is_default: boolean;
  problem: string;
}

/**
 * One parameter.
 *
 * Attributes
 * ----------
 * annotation
 *     Its type as the user wrote it: `int`, `list[float]`, `Literal['a', 'b']`.
 * control
 *     What to fill it in with. `json` takes any value in JSON form; `choice` one of `choices`.
 * optional
 *     Whether it may be empty (null).
 * default
 *     In JSON form.
 * item
 *     Control of one item, where it is a list; `choices` are then those of an item.
 */
export interface FormField {
  name: string;
  annotation: string;
  control: "boolean" | "choice" | "date" | "datetime" | "integer" | "json" | "list" | "number" | "text";
  default: Json;
  doc: string;
  optional: boolean;
  choices: Json[];
  item: string;
}

/** What to launch, as in a launch. */
export interface FormParams {
  target?: string;
}

/** A version that can be launched. */
export interface FormVersion {
  ref: string;
  number: number;
  created_at: string;
  author: string;
  message: string;
  tags: string[];
}

/** Elements of a mapped task, from `offset` on; `state` keeps those in that state. */
export interface GetElementsParams {
  run: string;
  task: string;
  offset?: number;
  limit?: number;
  state?: string;
}

/**
 * Lines of a log.
 *
 * `attempt` 0 is the newest. `from_line` negative counts from the end: -200 gives the last 200 lines. With `query`
 * lines that contain it are given, searched from `from_line` on.
 */
export interface GetLogParams {
  run: string;
  task: string;
  attempt?: number;
  from_line?: number;
  limit?: number;
  query?: string;
}

/** A run; `placed` false leaves positions out. */
export interface GetRunParams {
  run: string;
  placed?: boolean;
}

/** The executed notebook of an attempt; 0: the newest. */
export interface GetTaskNotebookParams {
  run: string;
  task: string;
  attempt?: number;
}

/** One output of one task run, its rows from `offset` on, its columns from `column` on. */
export interface GetValueParams {
  run: string;
  task: string;
  output: string;
  offset?: number;
  limit?: number;
  column?: number;
  columns?: number;
}

/** A version; `against` is the number of another to compare with. 0: the one before. */
export interface GetVersionParams {
  workflow: string;
  number: number;
  against?: number;
}

/** A workflow; `version` 0 is the newest. Without a name: the notebook as it stands, in its kernel only. */
export interface GetWorkflowGraphParams {
  workflow?: string;
  version?: number;
}

/** Tasks and what passes between them. Nodes are kept in the order given, which decides ties. */
export interface Graph {
  kind: "graph";
  title: string;
  nodes: Node[];
  edges: Edge[];
  schema: number;
}

/**
 * What a launch can be given.
 *
 * Attributes
 * ----------
 * target
 *     What is launched: `churn@7`, or empty for the notebook as it stands.
 * title
 *     The same for people.
 * problems
 *     Sentences: with any of them it can't be launched as it stands.
 * max_workers
 *     Tasks at once unless the launch says; unit: processes. None: one for each core.
 * max_branches
 *     Branches that a sweep may have.
 * expected_s
 *     How long the newest runs of it that succeeded took, the middle one, in seconds; None: there were none.
 */
export interface LaunchForm {
  kind: "launch-form";
  target: string;
  title: string;
  workflow: string;
  fields: FormField[];
  shown_at: string;
  versions: FormVersion[];
  tags: { [key: string]: number };
  backends: FormBackend[];
  backend: string;
  max_workers: number | null;
  max_branches: number;
  tasks: string[];
  problems: string[];
  expected_s: number | null;
  samples: number;
  schema: number;
}

/**
 * A launch.
 *
 * `target` is `churn@3`, `churn:prod`, `churn` or a digest; empty: the notebook as it stands, in its kernel only.
 * Values are in JSON form. `sweep` maps a parameter to several values.
 */
export interface LaunchParams {
  target?: string;
  parameters?: { [key: string]: Json };
  sweep?: { [key: string]: Json[] };
  backend?: string;
  max_workers?: number | null;
  use_cache?: boolean;
  message?: string;
  resources?: ResourcesParams | null;
}

/**
 * What a launch would do.
 *
 * `expected_s` is the whole run's expected wall time in seconds, None when nothing is known; `samples`
 * is the number of earlier runs it rests on. `problems` are sentences: with any of them the launch would
 * be refused. A live view is also told where the graph's nodes are drawn, and the same launch as Python (`code`) and
 * as a shell's command.
 */
export interface LaunchPreview {
  kind: "launch-preview";
  workflow: string;
  backend: string;
  parameters: { [key: string]: Json };
  sweep: { [key: string]: Json[] };
  tasks: LaunchTask[];
  expected_s: number | null;
  samples: number;
  problems: string[];
  notices: string[];
  graph: Graph | null;
  placed: Placed | null;
  code: string;
  command: string;
  schema: number;
}

/**
 * What a launch would do with one task.
 *
 * `state` is `cached`, `will run`, `may run` or `refused`; `reason` says why. `expected_s` is the typical
 * duration of its earlier executions, in seconds; None: it never ran.
 */
export interface LaunchTask {
  id: string;
  label: string;
  state: State;
  reason: string;
  expected_s: number | null;
}

/** A run that was started. */
export interface Launched {
  kind: "launched";
  run: string;
  workflow: string;
  link: string;
  backend: string;
}

/** `q` searches ids, workflows, authors, parameters and sentences. `before` is the cursor of a page before. */
export interface ListRunsParams {
  q?: string;
  workflow?: string;
  state?: string;
  author?: string;
  before?: string;
  limit?: number;
  interactive?: boolean;
}

/** `q` searches names of outputs, of tasks and types. `before` is the cursor of a page before. */
export interface ListValuesParams {
  q?: string;
  run?: string;
  task?: string;
  before?: string;
  limit?: number;
}

/** Versions with numbers below `before`; 0: from the newest on. */
export interface ListVersionsParams {
  workflow: string;
  before?: number;
  limit?: number;
}

/** `q` searches names. */
export interface ListWorkflowsParams {
  q?: string;
}

/**
 * Some lines of an attempt's log, as they were printed: control characters and terminal escapes are in them.
 *
 * Attributes
 * ----------
 * first_line
 *     Number of the first of `lines`, from 0.
 * numbers
 *     Numbers of the lines, when they are those that a search found; else they follow one another.
 * next_line
 *     Where to go on.
 * total_lines
 *     Number of lines so far; a last one without its end counts.
 * total_bytes
 *     Size so far. Unit: bytes.
 * done
 *     Whether the attempt has ended, so that nothing is added any more.
 * more
 *     Whether there is more to be had now, from `next_line` on.
 * clipped
 *     Numbers of lines that are longer than what is given of them.
 */
export interface LogChunk {
  kind: "log";
  run: string;
  task: string;
  attempt: number;
  first_line: number;
  lines: string[];
  next_line: number;
  numbers: number[];
  total_lines: number;
  total_bytes: number;
  done: boolean;
  more: boolean;
  query: string;
  clipped: number[];
  schema: number;
}

/** Lines that were added. They replace lines of the same numbers, such as a last one that had no end yet. */
export interface LogLines {
  event: "log-lines";
  topic: string;
  sequence: number;
  chunk: LogChunk;
}

/** The last lines of a task's newest attempt: the first event of `log:<run>/<task>`, and of a further attempt. */
export interface LogWhole {
  event: "log";
  topic: string;
  sequence: number;
  chunk: LogChunk;
}

/** Move a tag to a version; a new tag is made. */
export interface MoveTagParams {
  workflow: string;
  tag: string;
  version: number;
  message?: string;
}

/**
 * One node.
 *
 * Attributes
 * ----------
 * state
 *     None for what has no state: parameters and values.
 * detail
 *     One short line under the name: a duration, `cached`, why it will run, a parameter's value.
 * reason
 *     Why it would run, in a sentence; shown below the picture, and in its tooltip.
 * outputs
 *     Names of what it makes.
 * group
 *     Nodes of the same non-empty group (elements of a map, branches of a sweep) are drawn as one when the
 *     graph is large.
 * counts
 *     State -> number, for a node that stands for many (a mapped task, a collapsed group).
 */
export interface Node {
  id: string;
  label: string;
  state: State | null;
  detail: string;
  reason: string;
  role: Role;
  outputs: string[];
  group: string;
  counts: { [key: string]: number };
}

/** A node of the graph that looks different now; it stays where it is. */
export interface NodeChange {
  id: string;
  state: State | null;
  detail: string;
  counts: { [key: string]: number };
}

/** A code cell as it stands in an editor. */
export interface NotebookCellParams {
  id: string;
  source: string;
}

/** A notebook in the JSON form of nbformat 4. `name` is a file name to save it under, without folders. */
export interface NotebookFile {
  kind: "notebook";
  name: string;
  notebook: NotebookJson;
  schema: number;
}

export type NothingParams = Record<string, never>;

/** A run. */
export interface OneRunParams {
  run: string;
}

/** A task run; an id or a label. */
export interface OneTaskParams {
  run: string;
  task: string;
}

/** One output of one task run. */
export interface OneValueParams {
  run: string;
  task: string;
  output: string;
}

/** A version by its number. */
export interface OneVersionParams {
  workflow: string;
  number: number;
}

/** One output of one task, for every run. */
export interface OutputRow {
  task: string;
  name: string;
  cells: (Preview | null)[];
  differs: boolean;
}

/** One output of one task, recorded and reproduced. `detail` says how it differs, in words. */
export interface OutputVerdict {
  task: string;
  name: string;
  verdict: "different" | "failed" | "identical" | "missing" | "within tolerance";
  detail: string;
  recorded: Preview | null;
  reproduced: Preview | null;
}

/**
 * One part of the key that is not what it was.
 *
 * Attributes
 * ----------
 * part
 *     Kind of part: `code`, `input`, `parameter`, `function`, `package` …
 * name
 *     Which one. Empty for the task's own code.
 * old, new
 *     Labels for people: a version, a short value, a shape. Empty when there is nothing short to say.
 * words
 *     One more sentence, where that helps: `3 of 12 columns differ: delay, carrier, tail`.
 * details
 *     Sentences of what changed inside a value, one fact each: `row 17, delay: 2.0 → 3.0`.
 * because
 *     Why an input changed: the chain of tasks above it, in one sentence.
 * origin
 *     Where it stands: `cell 3, line 2`.
 */
export interface PartChange {
  part: string;
  name: string;
  change: "added" | "changed" | "removed";
  old: string;
  new: string;
  words: string;
  details: string[];
  because: string;
  origin: string;
  lines: DiffLine[];
}

/** Where everything of a graph is drawn; `boxes` in the order of its nodes. Unit: pixels. */
export interface Placed {
  boxes: PlacedBox[];
  routes: PlacedRoute[];
  width: number;
  height: number;
  direction: "down" | "right";
}

/** Where a node is: its top left corner and its size. Unit: pixels. */
export interface PlacedBox {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** An edge as cubic Bézier curves: `x0, y0`, then for each curve two control points and its end. Unit: pixels. */
export interface PlacedRoute {
  source: string;
  target: string;
  points: number[];
}

/**
 * One input or output.
 *
 * Attributes
 * ----------
 * origin
 *     Where an input comes from: `parameter`, `task`, `value` (of the notebook); of an output: `output`.
 * task, output
 *     With `run` what `values.get` is asked for to see all of it. Empty: it has no such name.
 * preview
 *     None: it is not there (yet).
 */
export interface PortView {
  name: string;
  origin: "output" | "parameter" | "task" | "value";
  task: string;
  output: string;
  label: string;
  preview: Preview | null;
}

/**
 * What can be shown of a value.
 *
 * Attributes
 * ----------
 * type
 *     Qualified name of its type.
 * text
 *     A short text: a shape, a number, the first characters.
 * digest
 *     Digest of the value by its meaning.
 * size_bytes
 *     Size as stored. None: unknown.
 * columns, rows
 *     The first rows of a table, as text.
 * image_png
 *     A picture as base64, empty when there is none.
 */
export interface Preview {
  type: string;
  text: string;
  digest: string;
  size_bytes: number | null;
  columns: string[];
  rows: string[][];
  image_png: string;
}

/**
 * A run.
 *
 * `again` false: an earlier execution without the cache will do. `environment` is the one of this process, or the
 * recorded one, rebuilt first, which takes its time.
 */
export interface ReproduceParams {
  run: string;
  again?: boolean;
  environment?: "current" | "locked";
}

/**
 * The newest verdict on a run, and runs that execute it again just now.
 *
 * Asked of a run that reproduces another, the verdict is on that other run; it is made when the run has ended.
 */
export interface ReproductionState {
  kind: "reproduction-state";
  run: string;
  reproduction: ReproductionView | null;
  running: string[];
}

/**
 * The outcome of executing a run again.
 *
 * Attributes
 * ----------
 * run, reproduced_by
 *     Ids of the original run and of the one that repeated it.
 * diverged, cause, why
 *     The first task that differs, the kind of cause (`environment`, `data`, `parameter`,
 *     `nondeterminism`), and the cause in a sentence. Empty when nothing differs.
 * environment
 *     In which environment it ran: `current` or `locked`.
 * environment_changes
 *     In words: `pandas 2.2.3 → 2.3.0`.
 */
export interface ReproductionView {
  kind: "reproduction";
  run: string;
  reproduced_by: string;
  workflow: string;
  verdict: "different" | "failed" | "identical" | "missing" | "within tolerance";
  sentence: string;
  shown_at: string;
  created_at: string;
  outputs: OutputVerdict[];
  diverged: string;
  cause: string;
  why: string;
  environment: string;
  environment_changes: string[];
  duration_s: number | null;
  schema: number;
}

/** What tasks get that state nothing themselves; on Kubernetes only. None: the setting. */
export interface ResourcesParams {
  image?: string | null;
  cpu_cores?: number | null;
  memory_bytes?: number | null;
}

export type Role = "task" | "parameter" | "value";

/** Move a tag back to where it was before. */
export interface RollBackTagParams {
  workflow: string;
  tag: string;
  message?: string;
}

/** One thing, for every run. Cells are in JSON form; None: the run has no such thing. */
export interface Row {
  name: string;
  cells: Json[];
  differs: boolean;
}

/** What has changed in a run. `tasks` replace rows of the same id; all else replaces what the view had. */
export interface RunChange {
  event: "run-change";
  topic: string;
  sequence: number;
  state: State;
  shown_at: string;
  sentence: string;
  duration_s: number | null;
  ended_at: string | null;
  counts: { [key: string]: number };
  notices: string[];
  actions: string[];
  cancelling: boolean;
  tasks: TaskRow[];
  nodes: NodeChange[];
}

/** One run being compared: the head of a column. */
export interface RunColumn {
  id: string;
  workflow: string;
  state: State;
  created_at: string;
  author: string;
}

/**
 * Runs, newest first. `more` says how many older ones are not listed; `next` is where to go on, empty: nowhere.
 *
 * `unread` is the number of runs of a large store that were not read yet: some of them may belong here, after these.
 */
export interface RunList {
  kind: "runs";
  runs: RunRow[];
  shown_at: string;
  title: string;
  more: number;
  next: string;
  unread: number;
  schema: number;
}

/** One run in a list. */
export interface RunRow {
  id: string;
  workflow: string;
  state: State;
  created_at: string;
  author: string;
  duration_s: number | null;
  backend: string;
  parameters: { [key: string]: Json };
  counts: { [key: string]: number };
  sentence: string;
  tags: string[];
  ended_at: string | null;
  reproduces: string;
}

/**
 * One run as it stood at `shown_at`.
 *
 * `workflow` is the version's reference, `churn@7`; `sentence` the one-sentence answer of a run that
 * ended; `counts` maps a state to a number of tasks, empty to count `tasks`; `link` the run's link.
 * A live view is also told where the graph's nodes are drawn (`placed`), and what can be done
 * (`actions`: `cancel`, `resume`, `reproduce`, `rescue`). `waits` says for what tasks wait outside the
 * run, by their ids.
 */
export interface RunView {
  kind: "run";
  id: string;
  workflow: string;
  state: State;
  shown_at: string;
  created_at: string;
  sentence: string;
  author: string;
  duration_s: number | null;
  backend: string;
  parameters: { [key: string]: Json };
  tasks: TaskRow[];
  counts: { [key: string]: number };
  graph: Graph | null;
  notices: string[];
  link: string;
  ended_at: string | null;
  cancelling: boolean;
  reproduces: string;
  waits: { [key: string]: string };
  actions: string[];
  placed: Placed | null;
  schema: number;
}

/** The whole run: the first event of `run:<id>`, and whenever differences don't do. */
export interface RunWhole {
  event: "run";
  topic: string;
  sequence: number;
  view: RunView;
}

/** Runs that are new or look different, and ids of runs that are gone. */
export interface RunsChange {
  event: "runs-change";
  topic: string;
  sequence: number;
  rows: RunRow[];
  gone: string[];
  running: number;
}

/** The newest runs: the first event of `runs`. `running` counts all runs that have not ended. */
export interface RunsWhole {
  event: "runs";
  topic: string;
  sequence: number;
  list: RunList;
  running: number;
}

/** A notebook as it stands in an editor, in the JSON form of nbformat 4, to be made a version. */
export interface SnapshotParams {
  notebook: { [key: string]: Json };
  name: string;
  message?: string;
  session?: string;
}

/** The version that a snapshot gave; `new` false: it has this already. */
export interface Snapshotted {
  kind: "snapshotted";
  workflow: string;
  number: number;
  ref: string;
  digest: string;
  new: boolean;
  tasks: number;
}

/** When a task ran. Unit: seconds from its run's launch. */
export interface Span {
  start_s: number;
  end_s: number;
  state: State;
}

export type State = "cached" | "stale" | "will run" | "may run" | "refused" | "pending" | "running" | "succeeded" | "failed" | "cancelled" | "skipped" | "interrupted";

/** One move of a tag. `rollback`: it went back to where it was before; `before` is that number, 0: it was new. */
export interface TagMoveRow {
  tag: string;
  number: number;
  author: string;
  created_at: string;
  before: number;
  message: string;
  rollback: boolean;
}

/**
 * One task run in a run's table.
 *
 * Attributes
 * ----------
 * duration_s
 *     Unit: seconds. None: not started, or not known. For a running task: so far.
 * from_run, from_author, from_created_at
 *     Who made a cached result, and when.
 * elements, elements_done
 *     Number of elements of a mapped task, and how many are done.
 * seeds
 *     What `--seed` came to: one number, or one for each element that has ended.
 * task
 *     Name of the task, which branches of a sweep share.
 * started_at, ended_at
 *     Of the newest attempt; of a mapped task, of the first and the last of its elements. None: not yet.
 */
export interface TaskRow {
  id: string;
  label: string;
  state: State;
  cached: boolean;
  attempt: number;
  duration_s: number | null;
  from_run: string;
  from_author: string;
  from_created_at: string | null;
  error: string;
  notices: string[];
  elements: number | null;
  elements_done: number | null;
  seeds: number[];
  task: string;
  started_at: string | null;
  ended_at: string | null;
}

/**
 * One task run as it stood at `shown_at`.
 *
 * Attributes
 * ----------
 * row
 *     As in the run's table.
 * source
 *     The task's text as a cell shows it. Empty: no longer known.
 * doc
 *     What its first string says it does.
 * log_run, log_task, log_attempt
 *     Where its log and its executed notebook are: of a hit those of the run that executed it. 0: there is none.
 * key
 *     Digest of everything that may change the result. Empty: not known yet.
 * elements
 *     Of a mapped task: the first page.
 * can_rescue
 *     Whether its exact inputs can be loaded into a notebook.
 */
export interface TaskView {
  kind: "task";
  run: string;
  workflow: string;
  row: TaskRow;
  shown_at: string;
  attempts: AttemptView[];
  inputs: PortView[];
  outputs: PortView[];
  displays: DisplayView[];
  source: string;
  doc: string;
  log_run: string;
  log_task: string;
  log_attempt: number;
  key: string;
  explanation: Explanation | null;
  elements: ElementPage | null;
  branch: { [key: string]: Json };
  can_rescue: boolean;
  schema: number;
}

/** When one task ran in every run; None: it did not. */
export interface TimelineRow {
  name: string;
  cells: (Span | null)[];
}

/** The store can't be read just now. What was shown still holds; the next event says that it can be read again. */
export interface Trouble {
  event: "trouble";
  topic: string;
  sequence: number;
  fault: Fault;
}

/** A column of a table. `numeric` ones are set to the right. */
export interface ValueColumn {
  name: string;
  type: string;
  numeric: boolean;
}

/** Values, those of the newest runs first. `next` is where to go on; empty: there are no more. */
export interface ValueList {
  kind: "values";
  values: ValueRow[];
  shown_at: string;
  next: string;
  schema: number;
}

/** One output of one task run. */
export interface ValueRow {
  run: string;
  workflow: string;
  task: string;
  label: string;
  output: string;
  type: string;
  created_at: string;
  text: string;
  digest: string;
  size_bytes: number | null;
  cached: boolean;
  author: string;
}

/**
 * One stored value, or a page of it.
 *
 * Attributes
 * ----------
 * form
 *     How to show it: `table` by `columns` and `rows`; `text` by `text`; `json` by `content`; `image` by
 *     `image` (base64) and `mime`; `html` by `text`, in a sandbox; `tree` by `parts`, each with a preview;
 *     `none`: by the preview alone, `refused` says why.
 * rows
 *     Cells as text, from row `offset` on. A cell that is longer than what is given ends in `…`.
 * total_rows
 *     Rows in all. None: it is no table.
 * refused
 *     Why no more of it is shown, in a sentence: a pickle of a store that is not trusted, a format without a view.
 */
export interface ValueView {
  kind: "value";
  run: string;
  task: string;
  output: string;
  label: string;
  workflow: string;
  preview: Preview;
  shown_at: string;
  codec: string;
  form: "html" | "image" | "json" | "none" | "table" | "text" | "tree";
  columns: ValueColumn[];
  more_columns: number;
  rows: string[][];
  offset: number;
  total_rows: number | null;
  text: string;
  clipped: boolean;
  content: Json;
  image: string;
  mime: string;
  parts: { [key: string]: Preview };
  refused: string;
  schema: number;
}

/**
 * What differs from the version before.
 *
 * `parameters` and `packages` are already in words: `rate 0.1 → 0.05`, `pandas 2.2 → 2.3`.
 */
export interface VersionChanges {
  tasks_added: string[];
  tasks_removed: string[];
  tasks_changed: string[];
  parameters: string[];
  packages: string[];
}

/**
 * Versions of one workflow, newest first. `more` says how many older ones are not listed.
 *
 * `moves` are those of its tags, newest first; `next` is the number before which to go on, 0: nowhere.
 */
export interface VersionList {
  kind: "versions";
  workflow: string;
  versions: VersionRow[];
  shown_at: string;
  more: number;
  moves: TagMoveRow[];
  next: number;
  schema: number;
}

/** One version. `changes` is None for the first; `runs` is a number, None when it was not counted. */
export interface VersionRow {
  number: number;
  digest: string;
  created_at: string;
  author: string;
  message: string;
  tags: string[];
  commit: string;
  dirty: boolean;
  branch: string;
  changes: VersionChanges | null;
  runs: number | null;
  current: boolean;
}

/** One task of a version. `options` are those that were stated, as text. */
export interface VersionTask {
  name: string;
  inputs: string[];
  outputs: string[];
  source: string;
  options: { [key: string]: string };
}

/**
 * One version, and how it differs from another.
 *
 * `against` is the number of the version that it is compared with; None: it is the first.
 */
export interface VersionView {
  kind: "version";
  workflow: string;
  row: VersionRow;
  shown_at: string;
  tasks: VersionTask[];
  fields: FormField[];
  python: string;
  platform: string;
  distributions: number;
  against: number | null;
  code: CodeDiff[];
  parameters: Row[];
  environment: Row[];
  schema: number;
}

/** A task run; `against` names a run or a version to compare with. Empty: the attempt before. */
export interface WhyParams {
  run: string;
  task: string;
  against?: string;
}

/** All workflows of a project, by name. */
export interface WorkflowList {
  kind: "workflows";
  workflows: WorkflowRow[];
  shown_at: string;
  schema: number;
}

/** One workflow. `tags` maps a tag to a version's number; `newest` is None when it only ran in a notebook. */
export interface WorkflowRow {
  name: string;
  newest: VersionRow | null;
  tags: { [key: string]: number };
  versions: number;
  runs: number;
  running: number;
  last_run: RunRow | null;
}

/**
 * The DAG of a version, with what a launch of it with its defaults would do to each task, and why.
 *
 * `target` is `churn@7`, or empty for the notebook as it stands. `expected_s` maps a task to how long it
 * typically takes, in seconds. `problems` are sentences: with any of them it can't be launched.
 */
export interface WorkflowView {
  kind: "workflow";
  target: string;
  title: string;
  graph: Graph;
  shown_at: string;
  placed: Placed | null;
  counts: { [key: string]: number };
  expected_s: { [key: string]: number };
  total_expected_s: number | null;
  problems: string[];
  schema: number;
}

/** What a view can be given first, and what an operation gives. */
export type Payload =
  | About
  | CellStates
  | Comparison
  | ElementPage
  | Experiment
  | Explanation
  | Graph
  | LaunchForm
  | LaunchPreview
  | Launched
  | LogChunk
  | NotebookFile
  | ReproductionState
  | ReproductionView
  | RunList
  | RunView
  | Snapshotted
  | TagMoveRow
  | TaskView
  | ValueList
  | ValueView
  | VersionList
  | VersionView
  | WorkflowList
  | WorkflowView;

/** What comes by `subscribe`, told apart by `event`. */
export type FeedEvent =
  | RunWhole
  | RunChange
  | LogWhole
  | LogLines
  | RunsWhole
  | RunsChange
  | Trouble
  | Ended;

/** Every operation: what it is given, what it gives. */
export interface Operations {
  /** Who answers, and for which store. */
  "about": { params: NothingParams; result: About };
  /** Runs, the newest first. */
  "runs.list": { params: ListRunsParams; result: RunList };
  /** A run with its graph and positions. */
  "runs.get": { params: GetRunParams; result: RunView };
  /** Start a run. */
  "runs.launch": { params: LaunchParams; result: Launched };
  /** What a launch would do; nothing is stored or started. */
  "runs.preview": { params: LaunchParams; result: LaunchPreview };
  /** What a launch can be given. */
  "runs.form": { params: FormParams; result: LaunchForm };
  /** Ask a run to stop. */
  "runs.cancel": { params: OneRunParams; result: RunView };
  /** Go on with what is missing. */
  "runs.resume": { params: OneRunParams; result: RunView };
  /** Execute a run again without reading the cache. */
  "runs.reproduce": { params: ReproduceParams; result: Launched };
  /** What reproducing a run came to. */
  "runs.verdict": { params: OneRunParams; result: ReproductionState };
  /** The experiment's notebook as it was run. */
  "runs.experiment": { params: OneRunParams; result: Experiment };
  /** One task run, closely. */
  "tasks.get": { params: OneTaskParams; result: TaskView };
  /** Elements of a map. */
  "tasks.elements": { params: GetElementsParams; result: ElementPage };
  /** Lines of a log, or those that match. */
  "tasks.log": { params: GetLogParams; result: LogChunk };
  /** The executed notebook of an attempt. */
  "tasks.notebook": { params: GetTaskNotebookParams; result: NotebookFile };
  /** Why a task hit or missed the cache. */
  "tasks.why": { params: WhyParams; result: Explanation };
  /** A notebook that loads a task's exact inputs; nothing is stored. */
  "runs.rescue": { params: OneTaskParams; result: NotebookFile };
  /** Two or more runs side by side. */
  "comparisons.get": { params: CompareParams; result: Comparison };
  /** All workflows. */
  "workflows.list": { params: ListWorkflowsParams; result: WorkflowList };
  /** Versions of a workflow, the newest first, and the moves of its tags. */
  "workflows.versions": { params: ListVersionsParams; result: VersionList };
  /** The DAG of a version, with what a launch would do. */
  "workflows.graph": { params: GetWorkflowGraphParams; result: WorkflowView };
  /** A version, and how it differs from another. */
  "versions.get": { params: GetVersionParams; result: VersionView };
  /** A version's notebook. */
  "versions.notebook": { params: OneVersionParams; result: NotebookFile };
  /** Make a notebook a version. */
  "versions.take": { params: SnapshotParams; result: Snapshotted };
  /** Move a tag. */
  "tags.move": { params: MoveTagParams; result: TagMoveRow };
  /** Move a tag back to where it was before. */
  "tags.rollback": { params: RollBackTagParams; result: TagMoveRow };
  /** Values found by name. */
  "values.list": { params: ListValuesParams; result: ValueList };
  /** A value, or a page of it. */
  "values.get": { params: GetValueParams; result: ValueView };
  /** A value as a file, to be saved. */
  "values.file": { params: OneValueParams; result: Attachment };
  /** What is known of the task cells of a notebook; nothing is stored. */
  "cells.states": { params: CellsStateParams; result: CellStates };
}

/** Where a server offers each operation, below `/taskcell/api`. */
export const ROUTES: { readonly [K in keyof Operations]: { readonly method: "GET" | "POST"; readonly path: string } } = {
  "about": { method: "GET", path: "/about" },
  "runs.list": { method: "GET", path: "/runs" },
  "runs.get": { method: "GET", path: "/runs/{run}" },
  "runs.launch": { method: "POST", path: "/runs" },
  "runs.preview": { method: "POST", path: "/previews" },
  "runs.form": { method: "GET", path: "/forms/{target}" },
  "runs.cancel": { method: "POST", path: "/runs/{run}/cancel" },
  "runs.resume": { method: "POST", path: "/runs/{run}/resume" },
  "runs.reproduce": { method: "POST", path: "/runs/{run}/reproduce" },
  "runs.verdict": { method: "GET", path: "/runs/{run}/verdict" },
  "runs.experiment": { method: "GET", path: "/runs/{run}/experiment" },
  "tasks.get": { method: "GET", path: "/runs/{run}/tasks/{task}" },
  "tasks.elements": { method: "GET", path: "/runs/{run}/tasks/{task}/elements" },
  "tasks.log": { method: "GET", path: "/runs/{run}/tasks/{task}/log" },
  "tasks.notebook": { method: "GET", path: "/runs/{run}/tasks/{task}/notebook" },
  "tasks.why": { method: "GET", path: "/runs/{run}/tasks/{task}/why" },
  "runs.rescue": { method: "POST", path: "/runs/{run}/tasks/{task}/rescue" },
  "comparisons.get": { method: "GET", path: "/comparisons/{runs}" },
  "workflows.list": { method: "GET", path: "/workflows" },
  "workflows.versions": { method: "GET", path: "/workflows/{workflow}/versions" },
  "workflows.graph": { method: "GET", path: "/workflows/{workflow}/graph" },
  "versions.get": { method: "GET", path: "/workflows/{workflow}/versions/{number}" },
  "versions.notebook": { method: "GET", path: "/workflows/{workflow}/versions/{number}/notebook" },
  "versions.take": { method: "POST", path: "/versions" },
  "tags.move": { method: "POST", path: "/workflows/{workflow}/tags/{tag}" },
  "tags.rollback": { method: "POST", path: "/workflows/{workflow}/tags/{tag}/rollback" },
  "values.list": { method: "GET", path: "/values" },
  "values.get": { method: "GET", path: "/values/{run}/{task}/{output}" },
  "values.file": { method: "GET", path: "/values/{run}/{task}/{output}/file" },
  "cells.states": { method: "POST", path: "/cells" },
};

/** Version of these payloads. */
export const SCHEMA = 1;
