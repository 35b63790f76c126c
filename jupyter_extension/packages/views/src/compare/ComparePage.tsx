/** Runs side by side: what differs first, everything on demand, any run as the one to compare with. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAnswer } from "../live/asking";
import { useAround } from "../live/context";
import { Badge, Button, CopyButton, Failure, Name, RunId, Spinner, Waiting, When } from "../parts/basics";
import { changedLines, Diff } from "../parts/diffs";
import { PreviewView } from "../parts/previews";
import type { Comparison, Json, OutputRow, Row } from "../types";
import * as words from "../words";
import { letter, saidCell, summary } from "./cells";
import { Plots } from "./Plots";
import { TimelineTable } from "./TimelineTable";

interface PageProps {
  runs: readonly string[];
  baseline: string;
  first: Comparison | undefined;
}

export function ComparePage({ runs: given, baseline: asked, first }: PageProps): JSX.Element {
  const { host } = useAround();
  const [runs, setRuns] = useState(given.length > 0 ? given : (first?.runs.map((run) => run.id) ?? []));
  const [baseline, setBaseline] = useState(asked || runs[0] || "");
  const [all, setAll] = useState(false);
  const answer = useAnswer("comparisons.get", runs.length > 1 ? { runs: runs.join(","), baseline } : undefined, { first });
  const view = answer.data;
  if (!view) return answer.error ? <Failure error={answer.error} again={answer.again} /> : <Waiting what="Comparing" />;
  const base = Math.max(0, view.runs.findIndex((run) => run.id === baseline));
  const name = (id: string) => {
    const at = view.runs.findIndex((run) => run.id === id);
    return at < 0 ? words.run(escaping.name(id, 40)) : letter(at);
  };
  const remove = (id: string) => {
    setRuns(runs.filter((one) => one !== id));
    if (id === baseline) setBaseline(runs.find((one) => one !== id) ?? "");
  };
  const link = host.link?.("comparison", runs.join(","));
  return (
    <div class="tc-compare">
      <header class="tc-head">
        <div class="tc-title">
          <h2>Comparing {words.plural(view.runs.length, "run")}</h2>
          <span class="tc-muted">{summary(view)}</span>
          {answer.busy ? <span class="tc-muted" role="status"><Spinner /> comparing</span> : null}
        </div>
        <div class="tc-buttons">
          <label class="tc-box"><input type="checkbox" checked={!all} onChange={(event) => setAll(!event.currentTarget.checked)} /> only differences</label>
          {link ? <CopyButton text={link}>Copy link</CopyButton> : null}
        </div>
      </header>
      {answer.error ? <Failure error={answer.error} again={answer.again} /> : null}
      <div class="tc-scroll" tabIndex={0} role="region" aria-label="Runs compared">
        <table class="tc-table">
          <thead><tr><th scope="col">against</th><th scope="col" /><th scope="col">run</th><th scope="col">state</th><th scope="col">workflow</th><th scope="col">by</th><th scope="col">when</th><th /></tr></thead>
          <tbody>
            {view.runs.map((run, index) => (
              <tr key={run.id}>
                <td><input type="radio" name={`${runs.join()}-base`} aria-label={`Compare the others with ${letter(index)}`} checked={index === base} onChange={() => setBaseline(run.id)} /></td>
                <th scope="row"><strong style={{ color: hue(index) }}>{letter(index)}</strong></th>
                <td><RunId id={run.id} /></td>
                <td><Badge state={run.state} /></td>
                <td><Name text={run.workflow} limit={40} /></td>
                <td><Name text={run.author} limit={24} /></td>
                <td><When at={run.created_at} now={view.shown_at} /></td>
                <td>{runs.length > 2 ? <Button kind="quiet" label={`Leave out ${letter(index)}`} title="Leave it out" onClick={() => remove(run.id)}>✕</Button> : null}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Section title="Parameters" rows={view.parameters} view={view} base={base} all={all} />
      <Section title="Results" rows={view.metrics} view={view} base={base} all={all} />
      <Plots view={view} base={base} />
      <CodeDiffs view={view} name={name} />
      <Section title="Environment" rows={view.environment} view={view} base={base} all={all} />
      <Outputs rows={view.outputs} view={view} all={all} />
      <Section title="Durations" rows={view.durations} view={view} base={base} all={all} />
      <Section title="Cached" rows={view.cached} view={view} base={base} all={all} />
      <TimelineTable view={view} />
    </div>
  );
}

/** A colour for a run: apart in hue, of one lightness, readable on light and dark. */
export function hue(index: number): string {
  return `hsl(${Math.round((215 + index * 137.5) % 360)} 62% 50%)`;
}

const PORTION = 60;

interface SectionProps {
  title: string;
  rows: readonly Row[];
  view: Comparison;
  base: number;
  all: boolean;
}

function Section({ title, rows, view, base, all }: SectionProps): JSX.Element | null {
  const [most, setMost] = useState(PORTION);
  const shown = all ? rows : rows.filter((row) => row.differs);
  const equal = rows.length - rows.filter((row) => row.differs).length;
  if (rows.length === 0) return null;
  return (
    <section>
      <h3 class="tc-heading">{title}{!all && equal > 0 ? <span class="tc-equal"> {words.count(equal)} equal</span> : null}</h3>
      {shown.length === 0 ? null : (
        <div class="tc-scroll" tabIndex={0} role="region" aria-label={title}>
          <table class="tc-table tc-matrix">
            <thead><tr><th scope="col" />{view.runs.map((run, index) => <th key={run.id} scope="col" title={run.id} class={index === base ? "tc-base" : undefined}>{letter(index)}</th>)}</tr></thead>
            <tbody>
              {shown.slice(0, most).map((row) => (
                <tr key={row.name}>
                  <th scope="row"><Name text={row.name} limit={60} /></th>
                  {row.cells.map((cell, index) => <Cell key={index} title={title} cell={cell} base={row.cells[base]} isBase={index === base} />)}
                </tr>
              ))}
            </tbody>
          </table>
          {shown.length > most ? <button type="button" class="tc-link" onClick={() => setMost(most + 1000)}>{words.count(shown.length - most)} more</button> : null}
        </div>
      )}
    </section>
  );
}

function Cell({ title, cell, base, isBase }: { title: string; cell: Json; base: Json | undefined; isBase: boolean }): JSX.Element {
  const { text, delta } = saidCell(title, cell, isBase ? undefined : base);
  const same = isBase || JSON.stringify(cell) === JSON.stringify(base);
  return (
    <td class={`tc-cell${isBase ? " tc-base" : ""}${same ? "" : " tc-differs"}`}>
      <Name text={text} limit={60} />{delta ? <span class="tc-delta"> {delta}</span> : null}
      {same ? null : <span class="tc-unseen"> differs</span>}
    </td>
  );
}

function CodeDiffs({ view, name }: { view: Comparison; name(id: string): string }): JSX.Element | null {
  if (view.code.length === 0) return null;
  return (
    <section>
      <h3 class="tc-heading">Code</h3>
      {view.code.map((diff, index) => {
        const { added, removed } = changedLines(diff.lines);
        return (
          <details key={index} open={view.code.length <= 4}>
            <summary><Name text={diff.task} limit={60} /> · {name(diff.old)} → {name(diff.new)} · +{added} −{removed}</summary>
            <Diff lines={diff.lines} label={`Code of ${escaping.name(diff.task, 60)}, ${name(diff.old)} to ${name(diff.new)}`} />
          </details>
        );
      })}
    </section>
  );
}

function Outputs({ rows, view, all }: { rows: readonly OutputRow[]; view: Comparison; all: boolean }): JSX.Element | null {
  const [most, setMost] = useState(20);
  const shown = all ? rows : rows.filter((row) => row.differs);
  const equal = rows.filter((row) => !row.differs).length;
  if (rows.length === 0) return null;
  return (
    <section>
      <h3 class="tc-heading">Outputs{!all && equal > 0 ? <span class="tc-equal"> {words.count(equal)} equal</span> : null}</h3>
      {shown.slice(0, most).map((row) => (
        <div key={`${row.task}.${row.name}`} class="tc-output">
          <div><Name text={row.name} limit={60} /> <span class="tc-muted">of {escaping.name(row.task, 60)}</span>{row.differs ? null : <span class="tc-muted"> · equal in all runs</span>}</div>
          <div class="tc-side">
            {(row.differs ? row.cells : row.cells.slice(0, 1)).map((cell, index) => (
              <div key={index}>{row.differs ? <span class="tc-strong">{letter(index)} </span> : null}<PreviewView preview={cell} /></div>
            ))}
          </div>
        </div>
      ))}
      {shown.length > most ? <button type="button" class="tc-link" onClick={() => setMost(most + 100)}>{words.count(shown.length - most)} more</button> : null}
      <span class="tc-unseen">{words.plural(view.runs.length, "run")} side by side</span>
    </section>
  );
}
