/** A run: how it stands in a sentence, its graph, timeline and tasks, and the task that is looked into. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { GraphView } from "../graph/GraphView";
import { useChoice } from "../live/context";
import { elapsed_s, useRun, useTicking } from "../live/following";
import { Badge, Bar, Chips, Facts, Failure, Legend, Name, Notice, RunId, Waiting, When } from "../parts/basics";
import { FeedSign } from "../parts/feeds";
import { Tabs } from "../parts/tabs";
import { ended, isOpen, shownState, total } from "../states";
import { TaskPanel } from "../task/TaskPanel";
import { Timeline } from "../timeline/Timeline";
import type { RunView } from "../types";
import * as words from "../words";
import { RunButtons } from "./RunButtons";
import { TaskTable } from "./TaskTable";
import { Reproducing } from "./Verdict";

const PARTS = ["graph", "timeline", "tasks"] as const;
type Part = (typeof PARTS)[number];
const isPart = (kept: unknown): kept is Part => PARTS.includes(kept as Part);
const isText = (kept: unknown): kept is string => typeof kept === "string";

interface PageProps {
  id: string;
  task?: string | undefined;
  first: RunView | undefined;
}

export function RunPage({ id, task, first }: PageProps): JSX.Element {
  const followed = useRun(id, first);
  const { run, feed, error } = followed;
  const [part, setPart] = useChoice("part", "graph", isPart);
  const [chosen, choose] = useChoice(`task:${id}`, "", isText, task);
  const [reproduction, setReproduction] = useState("");
  const body = useRef<HTMLDivElement>(null);
  useTicking(run?.state);

  // What failed is what one wants to look into: opened when nothing is chosen.
  const failed = run && !isOpen(run.state) ? run.tasks.find((one) => one.state === "failed") : undefined;
  useEffect(() => {
    if (failed && !chosen) choose(failed.id);
  }, [failed?.id]);

  if (!run) return error ? <Failure error={error} again={followed.again} /> : <Waiting what="Reading the run" />;
  const counts = countsOf(run);
  const row = run.tasks.find((one) => one.id === chosen || one.label === chosen);
  const graph = run.graph && run.graph.nodes.length > 0 ? run.graph : undefined;
  const shown = part === "graph" && !graph ? "tasks" : part;
  const live = feed !== "none";
  const bad = ["failed", "refused", "interrupted"].includes(run.state);
  return (
    <div
      class="tc-run"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !row) return;
        choose("");
        body.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus();
      }}
    >
      <header class="tc-head">
        <div class="tc-title">
          <Badge state={run.state} strong />
          <h2 class="tc-workflow"><Name text={run.workflow} limit={60} /></h2>
          <span class="tc-id tc-muted" title="run id">{escaping.name(run.id, 40)}</span>
          <FeedSign feed={feed} open={isOpen(run.state)} again={followed.again} />
        </div>
        {live ? <RunButtons run={run} followed={followed} onReproduce={setReproduction} /> : null}
      </header>
      <div class="tc-muted tc-under">
        <Facts
          facts={[
            `${words.count(ended(counts))} of ${words.plural(total(counts), "task")}`,
            counts["cached"] ? `${words.count(counts["cached"])} cached` : "",
            words.duration(elapsed_s(run.duration_s, run.state, followed.at)),
            escaping.name(run.backend, 30),
            <>{run.author ? `by ${escaping.name(run.author, 30)}, ` : ""}<When at={run.created_at} now={run.shown_at} /></>,
            run.reproduces ? <>reproduces <RunId id={run.reproduces} short /></> : "",
          ]}
        />
      </div>
      <Bar counts={counts} />
      {error ? <Failure error={error} again={followed.again} /> : null}
      {run.sentence ? <div class={bad ? "tc-error" : run.state === "succeeded" ? "tc-good" : "tc-notice"} role="status">{escaping.sentence(run.sentence, 1000)}</div> : null}
      {run.notices.map((notice, index) => <Notice key={index}>{escaping.sentence(notice, 600)}</Notice>)}
      {live ? <Reproducing run={run.id} started={reproduction} ended={!isOpen(run.state)} /> : null}
      <Chips values={run.parameters} />
      <div class={row ? "tc-body tc-split" : "tc-body"} ref={body}>
        <Tabs
          label="Views of the run"
          group="run"
          chosen={shown}
          onChoose={setPart}
          tabs={[...(graph ? [{ name: "graph" as const, title: "Graph" }] : []), { name: "timeline" as const, title: "Timeline" }, { name: "tasks" as const, title: "Tasks", mark: words.count(run.tasks.length) }]}
          end={<span class="tc-end"><Legend counts={counts} /></span>}
        >
          {shown === "graph" && graph ? <GraphView graph={graph} placed={run.placed} chosen={row?.id ?? ""} onChoose={choose} more={(node) => (run.waits[node.id] ? escaping.sentence(run.waits[node.id] ?? "", 300) : "")} /> : null}
          {shown === "timeline" ? <Timeline tasks={run.tasks} created_at={run.created_at} now_ms={Date.parse(run.shown_at) + (isOpen(run.state) ? performance.now() - followed.at : 0)} chosen={row?.id ?? ""} onChoose={choose} /> : null}
          {shown === "tasks" ? <TaskTable tasks={run.tasks} nodes={graph?.nodes ?? []} at={followed.at} chosen={row?.id ?? ""} onChoose={choose} /> : null}
        </Tabs>
        {row ? <TaskPanel key={row.id} run={run.id} row={row} waits={run.waits[row.id] ?? ""} live={live} onClose={() => choose("")} /> : null}
      </div>
    </div>
  );
}

function countsOf(run: RunView): Readonly<Record<string, number>> {
  if (Object.keys(run.counts).length > 0) return run.counts;
  const counts: Record<string, number> = {};
  for (const task of run.tasks) counts[shownState(task)] = (counts[shownState(task)] ?? 0) + 1;
  return counts;
}
