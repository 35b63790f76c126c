/** Why a task ran or was taken from the cache: each part of its key that changed, in words. */
import type { JSX } from "preact";
import * as escaping from "../escaping";
import { useAnswer } from "../live/asking";
import { Badge, Failure, Facts, Notice, RunId, Waiting, When } from "../parts/basics";
import { Diff } from "../parts/diffs";
import type { Explanation, PartChange } from "../types";
import * as words from "../words";

export function WhyView({ run, task, first }: { run: string; task: string; first: Explanation | null }): JSX.Element {
  const answer = useAnswer("tasks.why", first ? undefined : { run, task });
  const view = first ?? answer.data;
  if (!view) return answer.error ? <Failure error={answer.error} again={answer.again} /> : <Waiting what="Comparing with the run before" />;
  return <Reasons view={view} />;
}

const SIGNS = { changed: "~", added: "+", removed: "−" };

function Reasons({ view }: { view: Explanation }): JSX.Element {
  return (
    <div class="tc-why">
      <p class="tc-headline">
        <Badge state={view.verdict === "hit" ? "cached" : view.executed ? "succeeded" : "will run"} />{" "}
        {escaping.sentence(view.headline)}
      </p>
      {view.notices.map((notice, index) => <Notice key={index}>{escaping.sentence(notice)}</Notice>)}
      {view.changes.length > 0 ? (
        <dl class="tc-parts">{view.changes.map((change, index) => <Part key={index} change={change} />)}</dl>
      ) : null}
      <div class="tc-muted">
        <Facts
          facts={[
            view.compared_to ? <>compared with run <RunId id={view.compared_to} short />{view.compared_author ? ` by ${escaping.name(view.compared_author, 30)}` : ""}{" "}<When at={view.compared_at} now={view.shown_at} /></> : "",
            view.key ? <>key <span class="tc-id">{escaping.name(view.key.slice(0, 12))}</span></> : "",
          ]}
        />
      </div>
      {view.unchanged.length > 0 ? (
        <details>
          <summary>{words.plural(view.unchanged.length, "part")} unchanged</summary>
          <div class="tc-muted">{escaping.sentence(words.listed(view.unchanged, 200), 6000)}</div>
        </details>
      ) : null}
    </div>
  );
}

function Part({ change }: { change: PartChange }): JSX.Element {
  const old = escaping.sentence(change.old, 80);
  const now = escaping.sentence(change.new, 80);
  const labels = change.change === "changed" ? (old && now && old !== now ? `${old} → ${now}` : now) : now || old;
  const said = [labels || change.change, escaping.sentence(change.words, 300), escaping.sentence(change.origin, 120)];
  return (
    <>
      <dt>
        <span aria-hidden="true" class="tc-muted">{SIGNS[change.change]} </span>
        <span class="tc-muted">{escaping.name(change.part, 30)} </span>
        <strong>{escaping.name(change.name, 60)}</strong>
      </dt>
      <dd>
        <div>{said.filter(Boolean).join(" · ")}</div>
        {change.details.length > 0 ? <ul>{change.details.map((one, index) => <li key={index}>{escaping.sentence(one, 300)}</li>)}</ul> : null}
        {change.because ? <div class="tc-muted">↳ {escaping.sentence(change.because, 600)}</div> : null}
        {change.lines.length > 0 ? <Diff lines={change.lines} label={`Changes of ${escaping.name(change.name || change.part, 60)}`} /> : null}
      </dd>
    </>
  );
}
