/** One stored value, whole: big tables by windows, pictures, text, JSON, HTML in a sandbox. */
import type { JSX } from "preact";
import * as escaping from "../escaping";
import { useAnswer } from "../live/asking";
import { useAround } from "../live/context";
import { Badge, Failure, Name, Notice, RunId, Waiting } from "../parts/basics";
import { About, Picture, PreviewView, Terminal } from "../parts/previews";
import { Sandbox } from "../parts/sandbox";
import type { ValueView } from "../types";
import { Tree } from "./Tree";
import { ValueTable } from "./ValueTable";

interface DetailProps {
  run: string;
  task: string;
  output: string;
  first?: ValueView | undefined;
  /** Without the head: where the name stands already. */
  bare?: boolean;
}

export function ValueDetail({ run, task, output, first, bare }: DetailProps): JSX.Element {
  const { store } = useAround();
  const answer = useAnswer("values.get", { run, task, output }, { first });
  const view = answer.data;
  if (!view) return answer.error ? <Failure error={answer.error} again={answer.again} /> : <Waiting what="Reading the value" />;
  const file = store.asset?.("values.file", { run: view.run, task: view.task, output: view.output });
  return (
    <div class="tc-value">
      {bare ? null : (
        <div class="tc-title">
          <Name text={view.output} limit={60} />
          <span class="tc-muted">of {escaping.name(view.label || view.task, 60)} in {escaping.name(view.workflow, 60)}</span>
          <RunId id={view.run} short />
        </div>
      )}
      <div class="tc-tools">
        <About preview={view.preview} />
        <span class="tc-spring" />
        {file ? <a class="tc-button tc-quiet" href={file} download={`${escaping.name(view.output, 60)}`}>Save as a file</a> : null}
      </div>
      {answer.error ? <Failure error={answer.error} again={answer.again} /> : null}
      {view.refused ? <Notice><Badge state="refused" /> {escaping.sentence(view.refused, 800)}</Notice> : null}
      <Shown view={view} />
      {view.clipped ? <div class="tc-muted">This is the beginning; the file has all of it.</div> : null}
    </div>
  );
}

function Shown({ view }: { view: ValueView }): JSX.Element | null {
  switch (view.form) {
    case "table":
      return <ValueTable first={view} />;
    case "image":
      return <Picture data={view.image} mime={view.mime} name={view.output} />;
    case "text":
      return <Terminal text={view.text} label={`Text of ${escaping.name(view.output, 60)}`} />;
    case "html":
      return <Sandbox html={view.text} title={`HTML of ${escaping.name(view.output, 60)}`} />;
    case "json":
      return <Tree value={view.content} />;
    case "tree":
      return (
        <dl class="tc-ports">
          {Object.entries(view.parts).slice(0, 500).map(([name, part]) => (
            <>
              <dt key={`${name}-name`}><Name text={name} /></dt>
              <dd key={name}><PreviewView preview={part} /></dd>
            </>
          ))}
        </dl>
      );
    case "none":
      return <PreviewView preview={view.preview} about={false} />;
  }
}
