/** What can be done with a run. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as escaping from "../escaping";
import type { Followed } from "../live/following";
import { useAction } from "../live/asking";
import { useAround } from "../live/context";
import { Button, CopyButton, Failure } from "../parts/basics";
import type { RunView } from "../types";

interface ButtonsProps {
  run: RunView;
  followed: Followed;
  onReproduce(id: string): void;
}

export function RunButtons({ run, followed, onReproduce }: ButtonsProps): JSX.Element {
  const { store, host, announce } = useAround();
  const cancel = useAction(async () => {
    if (host.confirm && !(await host.confirm(`Cancel run ${run.id} of ${run.workflow}? What is done stays.`))) return;
    followed.replace(await store.request("runs.cancel", { run: run.id }));
    announce("Cancelling");
  });
  const resume = useAction(async () => {
    followed.replace(await store.request("runs.resume", { run: run.id }));
    announce("Resumed");
    followed.again();
  });
  const reproduce = useAction(async () => {
    const started = await store.request("runs.reproduce", { run: run.id });
    onReproduce(started.run);
    announce("Reproducing");
  });
  const can = (action: string) => run.actions.includes(action);
  const link = host.link?.("run", run.id) ?? run.link;
  const failed = [cancel, resume, reproduce].find((action) => action.error);
  return (
    <>
      <div class="tc-buttons" role="group" aria-label="Actions">
        {can("cancel") ? <Button kind="danger" busy={cancel.busy || run.cancelling} busyText="Cancelling…" onClick={() => cancel.run()}>Cancel</Button> : null}
        {can("resume") ? <Button kind="main" busy={resume.busy} busyText="Resuming…" title="Go on with what is missing; what succeeded stays" onClick={() => resume.run()}>Resume</Button> : null}
        {can("reproduce") ? <Button busy={reproduce.busy} busyText="Starting…" title="Execute it again without the cache, and compare every output" onClick={() => reproduce.run()}>Reproduce</Button> : null}
        {host.openExperiment ? <Button title="The experiment's notebook as it was run" onClick={() => host.openExperiment?.(run.id)}>Notebook</Button> : null}
        {link ? <CopyButton text={link}>Copy link</CopyButton> : null}
        <CompareWith run={run} />
      </div>
      {failed?.error ? <Failure error={failed.error} again={() => failed.run()} /> : null}
    </>
  );
}

/** Choose another run of the workflow, and compare. */
function CompareWith({ run }: { run: RunView }): JSX.Element | null {
  const { store, host } = useAround();
  const [others, setOthers] = useState<readonly { id: string; text: string }[]>();
  const select = useRef<HTMLSelectElement>(null);
  const load = useAction(async () => {
    const workflow = run.workflow.split("@")[0] ?? run.workflow;
    const list = await store.request("runs.list", { workflow, limit: 30 });
    setOthers(
      list.runs.filter((one) => one.id !== run.id).map((one) => ({ id: one.id, text: `${one.id.slice(0, 10)}… ${one.state}, ${one.workflow}${one.author ? `, ${escaping.name(one.author, 20)}` : ""}` })),
    );
  });
  useEffect(() => select.current?.focus(), [others]);
  if (!host.openComparison) return null;
  if (others === undefined || load.error) {
    return (
      <>
        <Button kind="quiet" busy={load.busy} onClick={() => load.run()}>Compare with…</Button>
        {load.error ? <Failure error={load.error} /> : null}
      </>
    );
  }
  return (
    <label>
      <span class="tc-unseen">Compare with run</span>
      <select ref={select} onChange={(event) => event.currentTarget.value && host.openComparison?.([run.id, event.currentTarget.value])}>
        <option value="">{others.length > 0 ? "Compare with…" : "No other run"}</option>
        {others.map((one) => <option key={one.id} value={one.id}>{one.text}</option>)}
      </select>
    </label>
  );
}
