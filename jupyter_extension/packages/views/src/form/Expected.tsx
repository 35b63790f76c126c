/** What the launch would do, while the form is being filled in. It keeps its place, so that nothing jumps while one types. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as escaping from "../escaping";
import { GraphView } from "../graph/GraphView";
import { Badge, CopyButton, Facts, Failure, Legend, Name, Notice, Spinner } from "../parts/basics";
import { Tabs } from "../parts/tabs";
import type { ViewError } from "../store";
import type { LaunchPreview } from "../types";
import * as words from "../words";

type Part = "tasks" | "graph" | "code";

interface ExpectedProps {
  preview: LaunchPreview | undefined;
  error: ViewError | undefined;
  busy: boolean;
  /** Whether the form says something else that can't be read. */
  stale: boolean;
  again(): void;
  magic: string;
}

export function Expected({ preview, error, busy, stale, again, magic }: ExpectedProps): JSX.Element {
  const [part, setPart] = useState<Part>("tasks");
  const counts: Record<string, number> = {};
  for (const task of preview?.tasks ?? []) counts[task.state] = (counts[task.state] ?? 0) + 1;
  const graph = preview?.graph;
  return (
    <section class={stale ? "tc-expected tc-outdated" : "tc-expected"} aria-label="What the launch would do" aria-busy={busy}>
      <div class="tc-title tc-expectation" role="status">
        <h3>{stale ? "Put the marked fields right" : preview ? expectation(preview) : "What it would do"}</h3>
        {busy ? <span class="tc-muted"><Spinner /></span> : null}
      </div>
      {preview ? <div class="tc-muted tc-under"><Facts facts={[<Legend counts={counts} />, sweeping(preview)]} /></div> : null}
      {error ? <Failure error={error} again={again} /> : null}
      {preview?.problems.map((problem, index) => <Notice key={index} kind="error">{escaping.sentence(problem, 800)}</Notice>)}
      {preview?.notices.map((notice, index) => <Notice key={index}>{escaping.sentence(notice, 600)}</Notice>)}
      <Tabs<Part>
        label="The launch"
        group="expected"
        chosen={part}
        onChoose={(name) => setPart(name)}
        tabs={[{ name: "tasks", title: "Tasks", mark: preview ? words.count(preview.tasks.length) : "" }, ...(graph ? [{ name: "graph" as const, title: "Graph" }] : []), { name: "code", title: "As code" }]}
      >
        {part === "tasks" ? <Tasks preview={preview} /> : null}
        {part === "graph" && graph ? <GraphView graph={graph} placed={preview.placed} tallest={320} /> : null}
        {part === "code" ? (
          <div>
            <Code title="In a notebook" text={magic} />
            {preview?.code ? <Code title="In Python" text={preview.code} /> : null}
            {preview?.command ? <Code title="In a shell" text={preview.command} /> : null}
          </div>
        ) : null}
      </Tabs>
    </section>
  );
}

function expectation(preview: LaunchPreview): string {
  if (preview.problems.length > 0) return "It can't be launched like this";
  const would = preview.tasks.filter((task) => task.state !== "cached").length;
  if (would === 0 && preview.tasks.length > 0) return "Everything is cached: nothing would run";
  const time = preview.expected_s === null ? "how long is not known yet" : `about ${words.duration(preview.expected_s)}${preview.samples ? ` (from ${words.plural(preview.samples, "run")})` : ""}`;
  return `${words.plural(would, "task")} would run, ${time}`;
}

function sweeping(preview: LaunchPreview): string {
  const branches = Object.values(preview.sweep).reduce((product, values) => product * values.length, 1);
  return branches > 1 ? words.plural(branches, "branch", "branches") : "";
}

const SHOWN = 200;

function Tasks({ preview }: { preview: LaunchPreview | undefined }): JSX.Element {
  if (!preview) return <div class="tc-muted tc-pad">Every task, with what would happen to it and why.</div>;
  return (
    <div class="tc-scroll tc-plan" tabIndex={0} role="region" aria-label="Tasks of the launch">
      <table class="tc-table">
        <thead><tr><th scope="col">task</th><th scope="col">would</th><th scope="col" class="tc-right">expected</th><th scope="col">why</th></tr></thead>
        <tbody>
          {preview.tasks.slice(0, SHOWN).map((task) => (
            <tr key={task.id}>
              <th scope="row"><Name text={task.label} limit={60} /></th>
              <td><Badge state={task.state} /></td>
              <td class="tc-right">{task.expected_s === null || task.state === "cached" ? "" : words.duration(task.expected_s)}</td>
              <td class="tc-muted">{escaping.sentence(task.reason, 300)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {preview.tasks.length > SHOWN ? <div class="tc-muted">and {words.plural(preview.tasks.length - SHOWN, "more task")}</div> : null}
    </div>
  );
}

function Code({ title, text }: { title: string; text: string }): JSX.Element {
  return (
    <div>
      <div class="tc-tools"><span class="tc-muted">{title}</span><span class="tc-spring" /><CopyButton text={text} label={`Copy: ${title}`}>Copy</CopyButton></div>
      <pre class="tc-pre" dir="ltr" tabIndex={0} aria-label={title}>{escaping.block(text)}</pre>
    </div>
  );
}
