/** One version closely, compared with another. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAction, useAnswer } from "../live/asking";
import { useAround } from "../live/context";
import { Button, CopyButton, Facts, Failure, Name, Waiting } from "../parts/basics";
import { changedLines, Diff } from "../parts/diffs";
import { RunsPage } from "../runs/RunsPage";
import type { Row, VersionRow } from "../types";
import * as words from "../words";

interface DetailProps {
  workflow: string;
  row: VersionRow;
  newest: number;
  onForm: ((target: string) => void) | undefined;
}

export function VersionDetail({ workflow, row, newest, onForm }: DetailProps): JSX.Element {
  const { store, host } = useAround();
  const [against, setAgainst] = useState(0);
  const [runs, setRuns] = useState(false);
  const ref = `${workflow}@${row.number}`;
  const answer = useAnswer("versions.get", { workflow, number: row.number, against });
  const open = useAction(async () => {
    const file = await store.request("versions.notebook", { workflow, number: row.number });
    host.openNotebook?.(file.notebook, file.name);
  });
  const view = answer.data;
  const link = host.link?.("version", ref);
  const others = Array.from({ length: Math.min(newest, 200) }, (_, index) => newest - index).filter((one) => one !== row.number && one > 0);
  return (
    <div class="tc-versiondetail">
      <div class="tc-tools">
        {onForm ? <Button onClick={() => onForm(ref)}>Launch @{row.number}…</Button> : null}
        {host.openNotebook ? <Button busy={open.busy} busyText="Opening…" onClick={() => open.run()}>Open notebook</Button> : null}
        {link ? <CopyButton text={link}>Copy link</CopyButton> : null}
        <Button kind="quiet" pressed={runs} onClick={() => setRuns(!runs)}>Its runs</Button>
        <span class="tc-spring" />
        {others.length > 0 ? (
          <label class="tc-muted">compared with{" "}
            <select value={view?.against ?? against} onChange={(event) => setAgainst(Number(event.currentTarget.value))}>
              {view && view.against === null ? <option value="">nothing</option> : null}
              {others.map((one) => <option key={one} value={one}>@{one}</option>)}
            </select>
          </label>
        ) : null}
      </div>
      {open.error ? <Failure error={open.error} again={() => open.run()} /> : null}
      {answer.error ? <Failure error={answer.error} again={answer.again} /> : null}
      {runs ? <RunsPage filter={{ q: "", workflow: ref, state: "", author: "" }} first={undefined} /> : null}
      {!view ? (answer.error ? null : <Waiting what="Comparing versions" />) : (
        <>
          <div class="tc-muted tc-under"><Facts facts={[words.plural(view.tasks.length, "task"), view.python ? `Python ${escaping.name(view.python, 20)}` : "", escaping.name(view.platform, 60), view.distributions ? words.plural(view.distributions, "distribution") : "", <span class="tc-id">{escaping.name(row.digest.slice(0, 12))}</span>]} /></div>
          {view.against !== null && view.code.length + view.parameters.length + view.environment.length === 0 ? <div class="tc-muted">No difference in code, parameters or environment from @{view.against}.</div> : null}
          <Rows title="Parameters" rows={view.parameters} old={view.against} now={row.number} />
          {view.code.map((diff) => {
            const { added, removed } = changedLines(diff.lines);
            return (
              <details key={diff.task} open={view.code.length <= 4}>
                <summary><Name text={diff.task} limit={60} /> · +{added} −{removed}</summary>
                <Diff lines={diff.lines} label={`Code of ${escaping.name(diff.task, 60)}`} />
              </details>
            );
          })}
          <Rows title="Environment" rows={view.environment} old={view.against} now={row.number} />
          <details>
            <summary>All code</summary>
            {view.tasks.map((task) => (
              <div key={task.name}>
                <div><Name text={task.name} limit={60} /> <span class="tc-muted">{escaping.sentence(`(${task.inputs.join(", ")}) → ${task.outputs.join(", ")}`, 200)} {escaping.sentence(Object.entries(task.options).map(([name, value]) => `${name}=${value}`).join(" "), 200)}</span></div>
                <pre class="tc-pre" dir="ltr" tabIndex={0} aria-label={`Code of ${escaping.name(task.name, 60)}`}>{escaping.block(task.source, 60_000)}</pre>
              </div>
            ))}
          </details>
        </>
      )}
    </div>
  );
}

function Rows({ title, rows, old, now }: { title: string; rows: readonly Row[]; old: number | null; now: number }): JSX.Element | null {
  const shown = rows.filter((row) => row.differs);
  if (shown.length === 0) return null;
  const said = (row: Row, index: number) => {
    const cell = row.cells[index] ?? null;
    return cell === null ? "–" : typeof cell === "string" && title === "Environment" ? escaping.name(cell, 80) : words.value(cell, 80);
  };
  return (
    <div class="tc-scroll">
      <table class="tc-table">
        <thead><tr><th scope="col">{title}</th><th scope="col">{old === null ? "before" : `@${old}`}</th><th scope="col">@{now}</th></tr></thead>
        <tbody>{shown.slice(0, 200).map((row) => <tr key={row.name}><th scope="row"><Name text={row.name} limit={60} /></th><td>{said(row, 0)}</td><td>{said(row, 1)}</td></tr>)}</tbody>
      </table>
      {shown.length > 200 ? <div class="tc-muted">and {words.plural(shown.length - 200, "more row")}</div> : null}
    </div>
  );
}
