/** One task run closely: its log, what went in and came out, why it ran, its attempts, its text, its executed notebook. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAction, useAnswer } from "../live/asking";
import { useAround, useChoice } from "../live/context";
import { LogView } from "../log/LogView";
import { Badge, Button, Facts, Failure, Name, RunId, Waiting, When } from "../parts/basics";
import type { Tab } from "../parts/tabs";
import { Tabs } from "../parts/tabs";
import { isOpen, shownState } from "../states";
import type { TaskRow, TaskView } from "../types";
import * as words from "../words";
import { Attempts } from "./Attempts";
import { Elements } from "./Elements";
import { Ports } from "./Ports";
import { WhyView } from "./WhyView";

const NAMES = ["log", "values", "why", "elements", "attempts", "source"] as const;
type TabName = (typeof NAMES)[number];
const isTab = (kept: unknown): kept is TabName => NAMES.includes(kept as TabName);

interface PanelProps {
  run: string;
  row: TaskRow;
  waits: string;
  /** Whether a store answers. */
  live: boolean;
  onClose(): void;
}

export function TaskPanel({ run, row, waits, live, onClose }: PanelProps): JSX.Element {
  const { id } = useAround();
  const state = shownState(row);
  const mapped = row.elements !== null;
  const [chosen, choose] = useChoice("task-tab", mapped ? "elements" : "log", isTab);
  const [element, setElement] = useState("");
  const answer = useAnswer("tasks.get", live ? { run, task: element || row.id } : undefined);
  useEffect(() => {
    if (live) answer.again();
  }, [row.state, row.attempt]);
  const view = answer.data?.row.id === (element || row.id) ? answer.data : undefined;
  const tabs: Tab<TabName>[] = [
    ...(mapped ? [{ name: "elements" as const, title: "Elements", mark: words.count(row.elements ?? 0) }] : []),
    { name: "log", title: "Log" },
    { name: "values", title: "Inputs and outputs" },
    { name: "why", title: row.cached ? "Why a hit" : "Why it ran" },
    { name: "attempts", title: "Attempts", ...(row.attempt > 1 ? { mark: row.attempt } : {}) },
    { name: "source", title: "Code" },
  ];
  const known = tabs.some((one) => one.name === chosen) ? chosen : mapped ? "elements" : "log";
  const tab = element && known === "elements" ? "log" : known;
  const showElements = () => {
    setElement("");
    choose("elements");
  };
  return (
    <section class="tc-task" aria-label={`Task ${escaping.name(row.label, 60)}`}>
      <div class="tc-taskhead">
        <div class="tc-title">
          <Badge state={state} strong />
          <h3 class="tc-taskname"><Name text={row.label} limit={80} /></h3>
          <TaskFacts row={row} />
        </div>
        <TaskButtons run={run} task={element || row.id} view={view} />
        <Button kind="quiet" label={`Close ${escaping.name(row.label, 60)}`} title="Close (Escape)" onClick={onClose}>✕</Button>
      </div>
      {element ? (
        <div class="tc-crumb">
          <button type="button" class="tc-link" onClick={showElements}>{escaping.name(row.label, 40)}</button> › element <Name text={element} />
        </div>
      ) : null}
      {row.error ? <div class="tc-error">{escaping.sentence(row.error, 1200)}</div> : null}
      {waits ? <div class="tc-notice">{escaping.sentence(waits, 600)}</div> : null}
      {row.notices.map((notice, index) => <div key={index} class="tc-notice">{escaping.sentence(notice, 600)}</div>)}
      {!live ? (
        <div class="tc-muted tc-pad">Its log and values are shown when a kernel or a server answers; the executed notebook has them too.</div>
      ) : (
        <Tabs label={`About ${escaping.name(row.label, 40)}`} tabs={tabs} chosen={tab} onChoose={(name) => (name === "elements" ? showElements() : choose(name))} group={`task-${id}`}>
          {answer.error && !view ? <Failure error={answer.error} again={answer.again} /> : null}
          {tab === "elements" ? (
            <Elements key={row.id} run={run} row={row} first={view?.elements ?? null} onOpen={setElement} />
          ) : !view ? (
            answer.error ? null : <Waiting what="Reading the task" />
          ) : (
            <TaskTab tab={tab} view={view} run={run} />
          )}
        </Tabs>
      )}
    </section>
  );
}

function TaskFacts({ row }: { row: TaskRow }): JSX.Element {
  return (
    <Facts
      facts={[
        row.duration_s === null ? "" : words.duration(row.duration_s),
        row.from_run ? <>from run <RunId id={row.from_run} short />{row.from_author ? ` by ${escaping.name(row.from_author, 30)}` : ""} {row.from_created_at ? <When at={row.from_created_at} now={Date.now()} /> : null}</> : "",
        row.elements === null ? "" : `${row.elements_done === null ? "" : `${words.count(row.elements_done)} of `}${words.plural(row.elements, "element")}`,
        row.attempt > 1 ? `attempt ${row.attempt}` : "",
        row.seeds.length > 0 ? `seed ${words.listed(row.seeds.map(String), 3)}` : "",
      ]}
    />
  );
}

function TaskTab({ tab, view, run }: { tab: Exclude<TabName, "elements">; view: TaskView; run: string }): JSX.Element {
  const label = view.row.label;
  if (tab === "log") {
    const open = isOpen(view.row.state);
    if (view.log_attempt === 0 && !open) return <div class="tc-muted tc-pad">There is no log: {view.row.cached ? "the result came from the cache, and the run that made it left none" : "nothing was executed"}.</div>;
    return (
      <>
        {view.log_run && view.log_run !== run ? <div class="tc-muted">The log of run <RunId id={view.log_run} short />, which made this result.</div> : null}
        <LogPicker view={view} run={run} open={open} label={label} />
      </>
    );
  }
  if (tab === "values") return <Ports view={view} />;
  if (tab === "why") return <WhyView run={run} task={view.row.id} first={view.explanation} />;
  if (tab === "attempts") return <Attempts attempts={view.attempts} />;
  return view.source ? (
    <>
      {view.doc ? <p>{escaping.block(view.doc, 2000)}</p> : null}
      <pre class="tc-pre" tabIndex={0} aria-label={`Code of ${escaping.name(label, 60)}`} dir="ltr">{escaping.block(view.source, 100_000)}</pre>
    </>
  ) : <div class="tc-muted">Its text is no longer known.</div>;
}

/** The newest attempt's log, or that of an earlier one. */
function LogPicker({ view, run, open, label }: { view: TaskView; run: string; open: boolean; label: string }): JSX.Element {
  const [attempt, setAttempt] = useState(0);
  const logged = view.attempts.filter((one) => one.has_log);
  const elsewhere = view.log_run !== "" && view.log_run !== run;
  const place = attempt > 0
    ? { run, task: view.row.id, attempt, open: false }
    : { run: view.log_run || run, task: view.log_task || view.row.id, attempt: elsewhere ? view.log_attempt : 0, open: open && !elsewhere };
  return (
    <>
      {logged.length > 1 ? (
        <label class="tc-pick">
          Attempt{" "}
          <select value={attempt} onChange={(event) => setAttempt(Number(event.currentTarget.value))}>
            <option value={0}>newest</option>
            {logged.slice(0, -1).reverse().map((one) => <option key={one.number} value={one.number}>{one.number}, {one.state}</option>)}
          </select>
        </label>
      ) : null}
      <LogView key={`${place.run}/${place.task}/${place.attempt}`} place={place} title={label} />
    </>
  );
}

function TaskButtons({ run, task, view }: { run: string; task: string; view: TaskView | undefined }): JSX.Element | null {
  const { store, host } = useAround();
  const open = useAction(async () => {
    const file = await store.request("tasks.notebook", { run: view?.log_run || run, task: view?.log_task || task });
    host.openNotebook?.(file.notebook, file.name);
  });
  const rescue = useAction(async () => {
    const file = await store.request("runs.rescue", { run, task });
    host.openNotebook?.(file.notebook, file.name);
  });
  if (!host.openNotebook || !view) return null;
  const executed = view.attempts.some((one) => one.has_notebook) || (view.row.cached && view.log_attempt > 0);
  return (
    <div class="tc-buttons">
      {executed ? <Button busy={open.busy} busyText="Opening…" title="Open the notebook as it was executed" onClick={() => open.run()}>Executed notebook</Button> : null}
      {view.can_rescue ? <Button kind={view.row.state === "failed" ? "main" : "plain"} busy={rescue.busy} busyText="Loading…" title="Open a notebook that loads this task's exact inputs, to look and fix" onClick={() => rescue.run()}>Rescue</Button> : null}
      {open.error ? <Failure error={open.error} again={() => open.run()} /> : null}
      {rescue.error ? <Failure error={rescue.error} again={() => rescue.run()} /> : null}
    </div>
  );
}
