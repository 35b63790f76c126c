/** The history of a workflow: versions with their messages and differences, tags with their moves. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAction, useAnswer } from "../live/asking";
import { useAround } from "../live/context";
import { Button, Facts, Failure, Name, Waiting, When } from "../parts/basics";
import type { VersionChanges, VersionList, VersionRow } from "../types";
import * as words from "../words";
import { RunsPage } from "../runs/RunsPage";
import { Tags } from "./Tags";
import { VersionDetail } from "./VersionDetail";

interface PageProps {
  workflow: string;
  /** A version to open at once; 0: none. */
  number: number;
  first: VersionList | undefined;
  onForm?(target: string): void;
}

export function VersionsPage({ workflow, number, first, onForm }: PageProps): JSX.Element {
  const { store } = useAround();
  const answer = useAnswer("workflows.versions", { workflow }, { first });
  const [older, setOlder] = useState<readonly VersionRow[]>([]);
  const [next, setNext] = useState(0);
  const [open, setOpen] = useState(number);
  const [runs, setRuns] = useState(false);
  const view = answer.data;
  useEffect(() => {
    setOlder([]);
    setNext(view?.next ?? 0);
  }, [view]);
  const more = useAction(async () => {
    const page = await store.request("workflows.versions", { workflow, before: next });
    setOlder((last) => [...last, ...page.versions]);
    setNext(page.next);
  });
  if (!view) return answer.error ? <Failure error={answer.error} again={answer.again} /> : <Waiting what="Reading the versions" />;
  const rows = [...view.versions, ...older];
  return (
    <div>
      <header class="tc-head">
        <div class="tc-title">
          <h2><Name text={view.workflow} limit={60} /></h2>
          <span class="tc-muted">{words.plural(view.versions.length + view.more, "version")}</span>
        </div>
        <div class="tc-buttons">
          <Button kind="quiet" pressed={runs} onClick={() => setRuns(!runs)}>Runs</Button>
          {onForm ? <Button kind="main" onClick={() => onForm(view.workflow)}>Launch…</Button> : null}
        </div>
      </header>
      {answer.error ? <Failure error={answer.error} again={answer.again} /> : null}
      <Tags view={view} rows={rows} onMoved={answer.again} />
      {runs ? <RunsPage filter={{ q: "", workflow: view.workflow, state: "", author: "" }} first={undefined} /> : null}
      {rows.length === 0 ? <div class="tc-muted tc-pad">No version yet. %snapshot makes one.</div> : null}
      <ol class="tc-versions">
        {rows.map((row) => (
          <Version key={row.number} row={row} view={view} open={row.number === open} onOpen={() => setOpen(row.number === open ? 0 : row.number)} onForm={onForm} />
        ))}
      </ol>
      {more.error ? <Failure error={more.error} again={() => more.run()} /> : null}
      {next > 0 ? <Button busy={more.busy} busyText="Reading…" onClick={() => more.run()}>Older versions</Button> : null}
    </div>
  );
}

interface VersionProps {
  row: VersionRow;
  view: VersionList;
  open: boolean;
  onOpen(): void;
  onForm: ((target: string) => void) | undefined;
}

function Version({ row, view, open, onOpen, onForm }: VersionProps): JSX.Element {
  const { id } = useAround();
  const panel = `${id}-version-${row.number}`;
  return (
    <li class={open ? "tc-version tc-open" : "tc-version"}>
      <button type="button" class="tc-versionhead" aria-expanded={open} aria-controls={panel} onClick={onOpen}>
        <strong class="tc-versionnumber" title={`digest ${escaping.name(row.digest, 80)}`}>@{row.number}</strong>
        <span class="tc-versionbody">
          <span>
            {row.message ? escaping.sentence(row.message, 300) : <span class="tc-muted">no message</span>}{" "}
            {row.tags.map((tag) => <span key={tag} class="tc-chip">{escaping.name(tag, 24)}</span>)} {row.current ? <span class="tc-chip">as it stands</span> : null}
          </span>
          <span class="tc-muted">
            <Facts
              facts={[
                saidChanges(row.changes), escaping.name(row.author, 24), <When at={row.created_at} now={view.shown_at} />,
                row.commit ? <span class="tc-id" title={row.branch ? `branch ${escaping.name(row.branch, 60)}` : undefined}>{escaping.name(row.commit.slice(0, 7))}{row.dirty ? " + changes" : ""}</span> : "",
                row.runs === null ? "" : words.plural(row.runs, "run"),
              ]}
            />
          </span>
        </span>
      </button>
      <div id={panel} hidden={!open}>{open ? <VersionDetail workflow={view.workflow} row={row} newest={view.versions[0]?.number ?? row.number} onForm={onForm} /> : null}</div>
    </li>
  );
}

/** What changed since the version before, on one line. */
export function saidChanges(changes: VersionChanges | null): string {
  if (!changes) return "first version";
  const named = (sign: string, names: readonly string[]) => (names.length > 0 ? words.listed(names.map((one) => `${sign} ${escaping.name(one, 40)}`), 3) : "");
  const said = [
    named("+", changes.tasks_added), named("−", changes.tasks_removed), named("~", changes.tasks_changed),
    changes.parameters.length > 0 ? `parameters: ${escaping.sentence(words.listed(changes.parameters, 3), 200)}` : "",
    changes.packages.length > 0 ? `packages: ${escaping.sentence(words.listed(changes.packages, 3), 200)}` : "",
  ].filter(Boolean);
  return said.join(" · ") || "nothing but the message";
}
