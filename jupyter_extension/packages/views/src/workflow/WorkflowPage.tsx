/** A workflow before it runs: what is cached, what is stale, what would run and why, and what that would cost. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { GraphView } from "../graph/GraphView";
import { useAnswer } from "../live/asking";
import { Badge, Button, Facts, Failure, Legend, Name, Notice, Waiting } from "../parts/basics";
import { total } from "../states";
import type { Graph, Node, WorkflowView } from "../types";
import * as words from "../words";

interface PageProps {
  workflow: string;
  version: number;
  first: WorkflowView | undefined;
  /** Start the form in place of this view. */
  onForm?(target: string): void;
}

export function WorkflowPage({ workflow, version, first, onForm }: PageProps): JSX.Element {
  const answer = useAnswer("workflows.graph", { workflow, version }, { first });
  const [chosen, setChosen] = useState("");
  const view = answer.data;
  if (!view) return answer.error ? <Failure error={answer.error} again={answer.again} /> : <Waiting what="Looking at what is cached" />;
  const node = view.graph.nodes.find((one) => one.id === chosen);
  const count = total(view.counts);
  return (
    <div>
      <header class="tc-head">
        <div class="tc-title">
          <h2><Name text={view.title} limit={60} /></h2>
          <span class="tc-muted">
            <Facts facts={[words.plural(count, "task"), view.total_expected_s === null ? "" : `a launch takes about ${words.duration(view.total_expected_s)}`]} />
          </span>
        </div>
        <div class="tc-buttons">
          <Button kind="quiet" busy={answer.busy} busyText="Looking…" onClick={answer.again}>Look again</Button>
          {onForm ? <Button kind="main" onClick={() => onForm(view.target)}>Launch…</Button> : null}
        </div>
      </header>
      <div class="tc-under"><Legend counts={view.counts} /></div>
      {answer.error ? <Failure error={answer.error} again={answer.again} /> : null}
      {view.problems.map((problem, index) => <Notice key={index} kind="error">{escaping.sentence(problem, 800)}</Notice>)}
      {view.graph.nodes.length === 0 ? (
        <div class="tc-muted tc-pad">No tasks yet. Mark a cell with %%task, and it appears here.</div>
      ) : (
        <GraphView graph={view.graph} placed={view.placed} chosen={chosen} onChoose={(id) => setChosen(id === chosen ? "" : id)} more={(one) => expected(view, one)} />
      )}
      {node ? <Cost view={view} node={node} /> : <Reasons graph={view.graph} />}
    </div>
  );
}

function expected(view: WorkflowView, node: Node): string {
  const seconds = view.expected_s[node.id];
  return seconds === undefined ? "" : `takes about ${words.duration(seconds)}`;
}

const WOULD = new Set(["stale", "will run", "may run"]);

/** What a launch up to this task would execute. */
function Cost({ view, node }: { view: WorkflowView; node: Node }): JSX.Element {
  const need = useMemo(() => upstream(view.graph, node.id), [view.graph, node.id]);
  const would = view.graph.nodes.filter((one) => need.has(one.id) && one.role === "task" && WOULD.has(one.state ?? ""));
  const known = would.flatMap((one) => view.expected_s[one.id] ?? []);
  const seconds = known.reduce((sum, one) => sum + one, 0);
  return (
    <section class="tc-cost" role="status">
      <div class="tc-title">
        {node.state ? <Badge state={node.state} strong /> : null} <h3><Name text={node.label} /></h3>
      </div>
      {node.reason ? <p>{escaping.sentence(node.reason, 600)}</p> : null}
      <p class="tc-muted">
        {would.length === 0
          ? "Having its result costs nothing: all that it needs is cached."
          : `Having its result would execute ${words.plural(would.length, "task")} (${escaping.sentence(words.listed(would.map((one) => one.label), 5), 300)})${known.length > 0 ? `, about ${words.duration(seconds)} of work${known.length < would.length ? ` for the ${known.length} of them that ran before` : ""}` : ", none of which ran before"}.`}
      </p>
      {node.outputs.length > 0 ? <p class="tc-muted">It makes {escaping.sentence(words.listed(node.outputs, 12), 300)}.</p> : null}
    </section>
  );
}

function upstream(graph: Graph, id: string): ReadonlySet<string> {
  const before = new Map<string, string[]>();
  for (const edge of graph.edges) before.set(edge.target, [...(before.get(edge.target) ?? []), edge.source]);
  const found = new Set([id]);
  for (const one of found) for (const source of before.get(one) ?? []) found.add(source);
  return found;
}

function Reasons({ graph }: { graph: Graph }): JSX.Element | null {
  const said = graph.nodes.filter((node) => node.reason && node.state !== "may run");
  if (said.length === 0) return null;
  return (
    <dl class="tc-parts" aria-label="Why tasks would run">
      {said.slice(0, 20).map((node) => (
        <>
          <dt key={`${node.id}-name`}>{node.state ? <Badge state={node.state} /> : null} <Name text={node.label} limit={60} /></dt>
          <dd key={node.id}>{escaping.sentence(node.reason, 600)}</dd>
        </>
      ))}
      {said.length > 20 ? <dd class="tc-muted">and {words.plural(said.length - 20, "more task")}</dd> : null}
    </dl>
  );
}
