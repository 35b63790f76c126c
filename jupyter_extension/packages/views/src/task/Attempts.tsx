/** The attempts at a task: when, where, how they ended. */
import type { JSX } from "preact";
import * as escaping from "../escaping";
import { Badge, Facts, Notice } from "../parts/basics";
import { Terminal } from "../parts/previews";
import type { AttemptView } from "../types";
import * as words from "../words";

export function Attempts({ attempts }: { attempts: readonly AttemptView[] }): JSX.Element {
  if (attempts.length === 0) return <div class="tc-muted">It has not been started.</div>;
  return (
    <ol class="tc-attempts">
      {[...attempts].reverse().map((one) => (
        <li key={one.number}>
          <div>
            <strong>Attempt {one.number}</strong> <Badge state={one.cached && one.state === "succeeded" ? "cached" : one.state} />{" "}
            <span class="tc-muted">
              <Facts facts={[words.moment(one.started_at), one.duration_s === null ? "" : words.duration(one.duration_s), one.host ? `on ${escaping.name(one.host, 60)}` : ""]} />
            </span>
          </div>
          {one.error ? (
            <Notice kind="error">
              {escaping.sentence(one.error.sentence, 1000)}
              {one.error.counts ? null : <span class="tc-muted"> A fault of the platform: it does not spend a retry.</span>}
            </Notice>
          ) : null}
          {one.notices.map((notice, index) => <Notice key={index}>{escaping.sentence(notice)}</Notice>)}
          {one.error?.traceback ? (
            <details>
              <summary>Traceback</summary>
              <Terminal text={one.error.traceback} label={`Traceback of attempt ${one.number}`} />
            </details>
          ) : null}
        </li>
      ))}
    </ol>
  );
}
