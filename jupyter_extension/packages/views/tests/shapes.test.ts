import assert from "node:assert/strict";
import { test } from "node:test";
import { axesOf } from "../src/compare/axes";
import { letter } from "../src/compare/cells";
import { magic } from "../src/form/code";
import { read, readSweep } from "../src/form/fields";
import { bytesOf, settingsOf, NO_SETTINGS } from "../src/form/Settings";
import { fit, kept, reveal, zoom } from "../src/graph/camera";
import { shapeOf } from "../src/graph/scene";
import { walk } from "../src/graph/walking";
import { changed } from "../src/live/following";
import { LogPages, PAGE } from "../src/log/pages";
import { accept } from "../src/payloads";
import { brought } from "../src/runs/listing";
import { ticks } from "../src/timeline/ticks";
import type { Comparison, FormField, Graph, LogChunk, Payload, RunRow, RunView } from "../src/types";

const node = (id: string) => ({ id, label: id, state: "pending" as const, detail: "", reason: "", role: "task" as const, outputs: [], group: "", counts: {} });
const graph: Graph = {
  kind: "graph", title: "g", schema: 1, nodes: ["a", "b", "c", "d"].map(node),
  edges: [["a", "b"], ["a", "c"], ["b", "d"], ["c", "d"]].map(([source = "", target = ""]) => ({ source, target, label: "" })),
};

test("arrow keys reach every node and never lead nowhere", () => {
  const shape = shapeOf(graph, null);
  const reached = new Set<string>();
  const open = [walk(shape, undefined, "ArrowRight") ?? ""];
  for (const id of open) {
    if (reached.has(id)) continue;
    reached.add(id);
    for (const step of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"] as const) open.push(walk(shape, id, step) ?? "");
  }
  assert.deepEqual([...reached].sort(), ["a", "b", "c", "d"]);
  assert.equal(walk(shape, "b", "End"), "d");
});

test("a graph with a circle or with positions of another graph is still drawn", () => {
  const circle = { ...graph, edges: [...graph.edges, { source: "d", target: "a", label: "" }] };
  assert.equal(shapeOf(circle, null).boxes.size, 4);
  const wrong = { boxes: [{ id: "z", x: 0, y: 0, width: 1, height: 1 }], routes: [], width: 1, height: 1, direction: "right" as const };
  assert.equal(shapeOf(graph, wrong).boxes.size, 4);
});

test("zooming keeps the point under the pointer, and the picture can't be lost", () => {
  const camera = fit({ width: 2000, height: 1000 }, 800, 400);
  const near = zoom(camera, 2, 300, 200, 0.1);
  assert.ok(Math.abs((300 - near.x) / near.k - (300 - camera.x) / camera.k) < 1e-6);
  const far = kept({ k: 1, x: 1e6, y: -1e6 }, { width: 2000, height: 1000 }, 800, 400);
  assert.deepEqual([far.x, far.y], [740, -940]);
  const shown = reveal({ k: 1, x: 0, y: 0 }, { x: 1500, y: 900, width: 100, height: 46 }, 800, 400);
  assert.ok(1600 + shown.x <= 800 && 946 + shown.y <= 400);
});

const field = (control: FormField["control"], more: Partial<FormField> = {}): FormField => ({ name: "x", annotation: "", control, default: null, doc: "", optional: false, choices: [], item: "", ...more });

test("what is typed is read by type, or refused in a sentence", () => {
  assert.deepEqual(read(field("integer"), " 1_000 "), { value: 1000 });
  assert.deepEqual(read(field("number"), "1e-3"), { value: 0.001 });
  assert.deepEqual(read(field("integer", { optional: true }), ""), { value: null });
  assert.deepEqual(read(field("list", { item: "integer" }), "1, 2"), { value: [1, 2] });
  assert.deepEqual(read(field("choice", { choices: ["a", 1] }), "1"), { value: 1 });
  for (const [control, text] of [["integer", "1.5"], ["number", "x"], ["json", "{"], ["choice", "z"], ["integer", ""], ["integer", "99999999999999999999"]] as const)
    assert.match(read(field(control), text).error ?? "", /\.$|"$/, control);
  assert.deepEqual(readSweep(field("number"), "0.01, 0.1"), { values: [0.01, 0.1] });
  assert.match(readSweep(field("number"), "0.1").error ?? "", /two values/);
  assert.match(readSweep(field("number"), "1, 1").error ?? "", /twice/);
});

test("settings are read with their units", () => {
  assert.deepEqual(["2Gi", "500 MB", "1024", "x"].map(bytesOf), [2 ** 31, 500_000_000, 1024, undefined]);
  assert.equal(settingsOf({ ...NO_SETTINGS, workers: "0" }).error, "Tasks at once: a whole number from 1 on is needed.");
});

test("a form's magic line is quoted where it must be", () => {
  assert.equal(magic({ target: "churn@7", parameters: { rate: 0.1, title: 'a "b" $c' }, sweep: { depth: [3, 4] }, backend: "kubernetes", use_cache: false }), '%launch churn@7 -p rate=0.1 -p "title=a \\"b\\" \\$c" --sweep depth=3,4 --backend kubernetes --no-cache');
});

const chunk = (first_line: number, lines: string[], total_lines: number, attempt = 1): LogChunk => ({ kind: "log", run: "r", task: "t", attempt, first_line, lines, next_line: 0, numbers: [], total_lines, total_bytes: 0, done: false, more: false, query: "", clipped: [], schema: 1 });

test("a log keeps what came, says what is missing, and begins anew with an attempt", () => {
  const pages = new LogPages();
  pages.take(chunk(1_000_000 - 2, ["y", "z"], 1_000_000));
  assert.equal(pages.line(999_999), "z");
  assert.deepEqual(pages.missing(0, 10), [0]);
  assert.deepEqual(pages.missing(999_998, 1_000_000), []);
  assert.equal(pages.take(chunk(1_000_000, ["more"], 1_000_001)), 1);
  pages.take(chunk(0, ["new"], 1, 2));
  assert.deepEqual([pages.total, pages.line(999_999), pages.line(0)], [1, undefined, "new"]);
  for (let page = 0; page < 500; page += 1) pages.take(chunk(page * PAGE, ["x"], 400_000, 2));
  assert.equal(pages.line(0), undefined);
});

const first = { kind: "run", id: "r", workflow: "w@1", state: "running", shown_at: "", created_at: "", schema: 1, graph, tasks: [{ id: "a", label: "a", state: "running" }] } as unknown as Payload;

test("a payload of an older Taskcell is filled in, one of a newer refused with a remedy", () => {
  const run = accept("run", first);
  assert.deepEqual([run?.actions, run?.tasks[0]?.notices, run?.placed], [[], [], null]);
  assert.equal(accept("runs", first), undefined);
  assert.throws(() => accept("run", { ...first, schema: 2 } as Payload), { code: "newer", remedy: /Update Taskcell/ });
});

test("a difference changes what it names and keeps every other row the same object", () => {
  const run = accept("run", first) as RunView;
  const row = { ...(run.tasks[0] as RunView["tasks"][number]), state: "succeeded" as const };
  const next = changed(run, {
    event: "run-change", topic: "", sequence: 2, state: "running", shown_at: "t", sentence: "", duration_s: 2, ended_at: null, counts: { succeeded: 1 }, notices: [], actions: [], cancelling: false,
    tasks: [row, { ...row, id: "new" }], nodes: [{ id: "a", state: "succeeded", detail: "1 s", counts: {} }],
  });
  assert.deepEqual(next.tasks.map((task) => [task.id, task.state]), [["a", "succeeded"], ["new", "succeeded"]]);
  assert.equal(next.graph?.nodes[1], run.graph?.nodes[1]);
  assert.equal(next.graph?.nodes[0]?.detail, "1 s");
  assert.equal(next.workflow, "w@1");
});

test("new runs come first in a list that is not filtered, and never into one that is", () => {
  const row = (id: string) => ({ id, state: "running" }) as RunRow;
  const pages = { rows: [row("02"), row("01")], next: "", total: 2, unread: 0, shown_at: "" };
  assert.deepEqual(brought(pages, [row("03")], ["01"], true).rows.map((one) => one.id), ["03", "02"]);
  assert.deepEqual(brought(pages, [row("03")], [], false).rows.map((one) => one.id), ["02", "01"]);
});

test("axes are of what differs and can be placed", () => {
  const row = (name: string, cells: unknown[]) => ({ name, cells, differs: new Set(cells.map(String)).size > 1 });
  const view = { parameters: [row("rate", [0.001, 0.1]), row("same", [1, 1]), row("loss", ["a", "b"])], metrics: [row("mae", [1, null])] } as unknown as Comparison;
  assert.deepEqual(axesOf(view).map((axis) => [axis.name, axis.places, axis.logarithmic]), [["rate", [0, 1], true], ["loss", [0, 1], false]]);
  assert.deepEqual([0, 25, 26].map(letter), ["A", "Z", "AA"]);
  assert.deepEqual(ticks(70, 400), [0, 30, 60]);
});
