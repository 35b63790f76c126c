/** Workflows with their newest version, tags and last run; one that is opened shows its versions. */
import { useEffect, useState } from 'preact/hooks';
import type { VersionList, WorkflowRow } from '@taskcell/views';

import { Star, useRemembered, type Favourites } from './lists';
import { told } from './requests';
import { State } from './run_list';
import { CommandIDs, type ITaskcell } from './tokens';

const MOST = 200;

export function Workflows({ taskcell, favourites, changes }: { taskcell: ITaskcell; favourites: Favourites; changes: number }) {
  const [query, setQuery] = useRemembered(taskcell, 'workflows:query', '');
  const [rows, setRows] = useState<readonly WorkflowRow[] | undefined>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const given = new AbortController();
    taskcell.store.request('workflows.list', { q: query }, given.signal).then(
      found => {
        setRows(found.workflows);
        setProblem('');
      },
      (reason: unknown) => {
        if (!given.signal.aborted) {
          setProblem(told(reason));
        }
      }
    );
    return () => given.abort();
  }, [taskcell, query, changes]);
  const ordered = [...(rows ?? [])].sort((left, right) => rank(favourites, left) - rank(favourites, right));
  return (
    <>
      <input
        type="search"
        class="jp-mod-styled tc-lab-search"
        placeholder="Search workflows"
        aria-label="Search workflows"
        value={query}
        onInput={event => setQuery(event.currentTarget.value)}
      />
      {problem && <p role="alert">{problem}</p>}
      {rows?.length === 0 && <p class="tc-lab-quiet">{query ? 'No workflow has such a name.' : 'None yet. Run %snapshot in a notebook.'}</p>}
      <ul class="tc-lab-list" aria-label="Workflows" aria-busy={rows === undefined}>
        {ordered.slice(0, MOST).map(row => (
          <Workflow key={row.name} row={row} taskcell={taskcell} favourites={favourites} changes={changes} />
        ))}
      </ul>
      {ordered.length > MOST && <p class="tc-lab-quiet">… and {ordered.length - MOST} more: search for them.</p>}
    </>
  );
}

function rank(favourites: Favourites, row: WorkflowRow): number {
  return favourites.has(row.name) ? 0 : 1;
}

interface RowProps {
  row: WorkflowRow;
  taskcell: ITaskcell;
  favourites: Favourites;
  changes: number;
}

function Workflow({ row, taskcell, favourites, changes }: RowProps) {
  const [open, setOpen] = useState(false);
  const tags = Object.entries(row.tags);
  return (
    <li>
      <div class="tc-lab-row">
        <button
          class="tc-lab-plain"
          aria-expanded={open}
          aria-label={`Versions of ${row.name}`}
          onClick={() => setOpen(!open)}
        >
          <span class="tc-lab-arrow" aria-hidden="true">{open ? '▾' : '▸'}</span>
        </button>
        <button
          class="tc-lab-plain tc-lab-name"
          title={`Versions of ${row.name}`}
          onClick={() => void taskcell.open({ view: 'versions', params: { workflow: row.name } })}
        >
          <bdi>{row.name}</bdi>
        </button>
        {row.newest && <span class="tc-lab-quiet" dir="ltr">@{row.newest.number}</span>}
        {tags.map(([name, number]) => (
          <span key={name} class="tc-lab-chip" title={`Tag ${name}: version ${number}`}>
            <bdi>{name}</bdi>
          </span>
        ))}
        {row.last_run && <State state={row.running > 0 ? 'running' : row.last_run.state} />}
        <span class="tc-lab-room" />
        <Star favourites={favourites} name={row.name} what={row.name} />
      </div>
      {open && <Versions workflow={row} taskcell={taskcell} changes={changes} />}
    </li>
  );
}

function Versions({ workflow, taskcell, changes }: { workflow: WorkflowRow; taskcell: ITaskcell; changes: number }) {
  const [found, setFound] = useState<VersionList | undefined>();
  const [problem, setProblem] = useState('');
  const name = workflow.name;
  const newest = workflow.newest?.number;
  useEffect(() => {
    taskcell.store.request('workflows.versions', { workflow: name, limit: 20 }).then(setFound, (reason: unknown) => setProblem(told(reason)));
  }, [taskcell, name, newest, changes]);
  const notebook = (version: number): void => {
    void (taskcell.execute(CommandIDs.openExperiment, { workflow: name, version }));
  };
  return (
    <div class="tc-lab-inner">
      <div class="tc-lab-buttons">
        <button class="jp-mod-styled" disabled={!newest} onClick={() => void taskcell.open({ view: 'workflow', params: { workflow: name } })}>
          Graph
        </button>
        <button class="jp-mod-styled" disabled={!newest} onClick={() => void taskcell.open({ view: 'form', params: { target: name } })}>
          Launch …
        </button>
        <button class="jp-mod-styled" onClick={() => void taskcell.open({ view: 'runs', params: { workflow: name } })}>
          Runs
        </button>
      </div>
      {problem && <p role="alert">{problem}</p>}
      <ul class="tc-lab-list" aria-label={`Versions of ${name}`} aria-busy={found === undefined}>
        {found?.versions.map(version => (
          <li key={version.number}>
            <button class="tc-lab-plain tc-lab-row" title="Its notebook, as it was stored" onClick={() => notebook(version.number)}>
              <span dir="ltr">@{version.number}</span>
              <bdi class="tc-lab-clip">{version.message || 'no message'}</bdi>
              <bdi class="tc-lab-quiet">{version.author}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
