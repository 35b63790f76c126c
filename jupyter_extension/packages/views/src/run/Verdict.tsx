/** What reproducing a run came to: a verdict, one for each output, and where the first difference began. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAnswer } from "../live/asking";
import { useRun } from "../live/following";
import { Bar, Facts, Failure, Name, RunId, When } from "../parts/basics";
import { PreviewView } from "../parts/previews";
import { ended, isOpen, total } from "../states";
import type { ReproductionView } from "../types";
import * as words from "../words";

const SIGNS = { identical: "✓", "within tolerance": "≈", different: "✗", missing: "○", failed: "✗" } as const;
const WORST_FIRST = ["failed", "missing", "different", "within tolerance", "identical"];

/** The newest verdict on a run, and the progress of one that is being made; `started` is a run that was just asked for. */
export function Reproducing({ run, started, ended: over }: { run: string; started: string; ended: boolean }): JSX.Element | null {
  const answer = useAnswer("runs.verdict", over || started ? { run } : undefined);
  const [done, setDone] = useState<string[]>([]);
  const found = answer.data;
  const running = [...new Set([...(started ? [started] : []), ...(found?.running ?? [])])].filter((one) => !done.includes(one));
  const view = found?.reproduction;
  return (
    <>
      {running.slice(0, 3).map((one) => (
        <Progress key={one} id={one} onEnd={() => { setDone((all) => [...all, one]); answer.again(); }} />
      ))}
      {answer.error && started ? <Failure error={answer.error} again={answer.again} /> : null}
      {view ? <Verdict view={view} /> : null}
    </>
  );
}

function Progress({ id, onEnd }: { id: string; onEnd(): void }): JSX.Element {
  const { run, error, again } = useRun(id, undefined);
  const over = run !== undefined && !isOpen(run.state);
  useEffect(() => {
    if (over) onEnd();
  }, [over]);
  const counts = run?.counts ?? {};
  return (
    <div class="tc-notice" role="status">
      Reproducing as run <RunId id={id} short />: {run ? `${words.count(ended(counts))} of ${words.plural(total(counts), "task")} done` : "starting"}.
      {run ? <Bar counts={counts} small /> : null}
      {error ? <Failure error={error} again={again} /> : null}
    </div>
  );
}

export function Verdict({ view }: { view: ReproductionView }): JSX.Element {
  const good = view.verdict === "identical" || view.verdict === "within tolerance";
  const outputs = [...view.outputs].sort((one, other) => WORST_FIRST.indexOf(one.verdict) - WORST_FIRST.indexOf(other.verdict));
  const same = outputs.filter((one) => one.verdict === "identical").length;
  return (
    <div class={good ? "tc-good" : "tc-error"}>
      <div>
        <strong><span aria-hidden="true">{SIGNS[view.verdict]}</span> Reproduced: {view.verdict}.</strong> {escaping.sentence(view.sentence, 600)}
      </div>
      {view.diverged ? (
        <div>First difference in <Name text={view.diverged} />{view.cause ? ` (${escaping.name(view.cause, 40)})` : ""}{view.why ? `: ${escaping.sentence(view.why)}` : "."}</div>
      ) : null}
      <div class="tc-muted">
        <Facts
          facts={[
            outputs.length > 0 ? `${words.count(same)} of ${words.plural(outputs.length, "output")} identical` : "",
            <>by run <RunId id={view.reproduced_by} short /></>,
            view.environment ? `${escaping.name(view.environment, 30)} environment` : "",
            view.duration_s === null ? "" : words.duration(view.duration_s),
            <When at={view.shown_at} now={Date.now()} />,
          ]}
        />
      </div>
      {view.environment_changes.length > 0 ? <div class="tc-muted">Environment: {escaping.sentence(words.listed(view.environment_changes, 8), 800)}</div> : null}
      {outputs.length > 0 ? (
        <details open={!good && outputs.length <= 4}>
          <summary>Each output</summary>
          <dl class="tc-ports">
            {outputs.map((one) => (
              <>
                <dt key={`${one.task}.${one.name}`}>
                  <Name text={one.name} limit={60} /> <div class="tc-muted">{escaping.name(one.task, 60)}</div>
                </dt>
                <dd key={`${one.task}.${one.name}.`}>
                  <div><span aria-hidden="true">{SIGNS[one.verdict]}</span> {one.verdict}{one.detail ? `: ${escaping.sentence(one.detail)}` : ""}</div>
                  {one.verdict === "identical" ? null : (
                    <div class="tc-pair">
                      <div><div class="tc-muted">recorded</div><PreviewView preview={one.recorded} /></div>
                      <div><div class="tc-muted">reproduced</div><PreviewView preview={one.reproduced} /></div>
                    </div>
                  )}
                </dd>
              </>
            ))}
          </dl>
        </details>
      ) : null}
    </div>
  );
}
