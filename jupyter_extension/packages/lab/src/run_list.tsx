/** Runs, the newest first: live, searched, filtered, page by page; some are chosen to be compared. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { RunRow } from '@taskcell/views';

import { Star, useRemembered, type Favourites } from './lists';
import { told } from './requests';
import type { ITaskcell } from './tokens';

const PAGE = 50;
const READ_ON_MS = 1500;
const STATES = ['running', 'pending', 'succeeded', 'failed', 'cancelled', 'interrupted'];
const SIGNS: Readonly<Record<string, string>> = {
  running: '►',
  pending: '○',
  succeeded: '✓',
  cached: '◆',
  failed: '✗',
  cancelled: '■',
  interrupted: '‖'
};

export function State({ state }: { state: string }) {
  return (
    <span class={`tc-lab-sign tc-lab-is-${state}`} role="img" aria-label={state} title={state}>
      {SIGNS[state] ?? '·'}
    </span>
  );
}

interface Page {
  rows: readonly RunRow[];
  more: string;
  shown: string;
  unread: number;
}

/** Pages of runs; what is there is brought up to date when runs change. */
function usePages(taskcell: ITaskcell, params: { q: string; state: string; author: string }, changes: number) {
  const [page, setPage] = useState<Page | undefined>();
  const [problem, setProblem] = useState('');
  const [pages, setPages] = useState(1);
  const { q, state, author } = params;
  const [round, setRound] = useState(0);
  useEffect(() => setPages(1), [q, state, author]);
  useEffect(() => {
    const given = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = Math.min(200, PAGE * pages);
    taskcell.store.request('runs.list', { q, state, author, limit }, given.signal).then(
      found => {
        const unread = found.unread ?? 0;
        setPage({ rows: found.runs, more: found.next ?? '', shown: found.shown_at, unread });
        if (unread > 0) {
          timer = setTimeout(() => setRound(old => old + 1), READ_ON_MS);
        }
        setProblem('');
      },
      (reason: unknown) => {
        if (!given.signal.aborted) {
          setProblem(told(reason));
        }
      }
    );
    return () => {
      given.abort();
      clearTimeout(timer);
    };
  }, [taskcell, q, state, author, pages, changes, round]);
  const more = useCallback(() => setPages(old => old + 1), []);
  return { page, problem, more, full: pages * PAGE >= 200 };
}

export function Runs({ taskcell, favourites, changes }: { taskcell: ITaskcell; favourites: Favourites; changes: number }) {
  const [query, setQuery] = useRemembered(taskcell, 'runs:query', '');
  const [state, setState] = useRemembered(taskcell, 'runs:state', '');
  const [mine, setMine] = useRemembered(taskcell, 'runs:mine', taskcell.settings.mine);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [user, setUser] = useState('');
  useEffect(() => {
    void taskcell.about().then(found => setUser(found?.user ?? ''));
  }, [taskcell, changes]);
  const { page, problem, more, full } = usePages(taskcell, { q: query, state, author: mine ? user : '' }, changes);
  const rows = [...(page?.rows ?? [])].sort((left, right) => Number(favourites.has(right.id)) - Number(favourites.has(left.id)));
  const toggle = (id: string): void => setChosen(chosen.includes(id) ? chosen.filter(other => other !== id) : [...chosen, id]);
  return (
    <>
      <input
        type="search"
        class="jp-mod-styled tc-lab-search"
        placeholder="Search runs"
        aria-label="Search runs: id, workflow, author, parameters"
        value={query}
        onInput={event => setQuery(event.currentTarget.value)}
      />
      <div class="tc-lab-buttons">
        <select class="jp-mod-styled" aria-label="State" value={state} onChange={event => setState(event.currentTarget.value)}>
          <option value="">any state</option>
          {STATES.map(name => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <label title={user ? `Runs of ${user} only` : 'Only your own'}>
          <input type="checkbox" checked={mine} onChange={event => setMine(event.currentTarget.checked)} /> mine
        </label>
        {chosen.length > 1 && (
          <button
            class="jp-mod-styled jp-mod-accept"
            onClick={() => void taskcell.open({ view: 'compare', params: { runs: [...chosen] } })}
          >
            Compare {chosen.length}
          </button>
        )}
      </div>
      {problem && <p role="alert">{problem}</p>}
      {page !== undefined && page.unread > 0 && <p class="tc-lab-quiet" role="status">Reading older runs: {page.unread.toLocaleString('en-US')} to go…</p>}
      {page?.rows.length === 0 && !page.unread && <p class="tc-lab-quiet">{query || state || mine ? 'No run is like this.' : 'None yet. Run %launch in a notebook.'}</p>}
      <List rows={rows} busy={page === undefined} now={page?.shown ?? ''} chosen={chosen} toggle={toggle} taskcell={taskcell} favourites={favourites} />
      {page?.more && !full && (
        <button class="jp-mod-styled" onClick={more}>
          More
        </button>
      )}
      {page?.more && full && (
        <button class="jp-mod-styled" onClick={() => void taskcell.open({ view: 'runs', params: {} })}>
          All runs as a tab
        </button>
      )}
    </>
  );
}

interface ListProps {
  rows: readonly RunRow[];
  busy: boolean;
  now: string;
  chosen: readonly string[];
  toggle(id: string): void;
  taskcell: ITaskcell;
  favourites: Favourites;
}

/** Arrow keys go from row to row; Enter opens. */
function List(props: ListProps) {
  const list = useRef<HTMLUListElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const names = [...(list.current?.querySelectorAll<HTMLElement>('.tc-lab-name') ?? [])];
    const at = names.indexOf(document.activeElement as HTMLElement);
    if (step && at >= 0) {
      event.preventDefault();
      names[at + step]?.focus();
    }
  };
  return (
    <ul class="tc-lab-list" ref={list} aria-label="Runs" aria-busy={props.busy} onKeyDown={onKeyDown}>
      {props.rows.map(row => (
        <li key={row.id} class="tc-lab-row" data-run={row.id}>
          <input
            type="checkbox"
            checked={props.chosen.includes(row.id)}
            aria-label={`Choose run ${row.id} to compare`}
            onChange={() => props.toggle(row.id)}
          />
          <State state={row.state} />
          <button
            class="tc-lab-plain tc-lab-name"
            title={hint(row)}
            onClick={() => void props.taskcell.open({ view: 'run', params: { run: row.id } })}
          >
            <bdi>{row.workflow}</bdi> <span class="tc-lab-quiet" dir="ltr">…{row.id.slice(-6)}</span>
          </button>
          <span class="tc-lab-room" />
          <span class="tc-lab-quiet tc-lab-clip">{row.author ? <bdi>{row.author}</bdi> : null}{row.author ? ' · ' : ''}<bdi>{age(row.created_at, props.now)}</bdi></span>
          <Star favourites={props.favourites} name={row.id} what={`run ${row.id}`} />
        </li>
      ))}
    </ul>
  );
}

function hint(row: RunRow): string {
  const given = Object.entries(row.parameters).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return [`${row.workflow} · ${row.state} · run ${row.id}`, row.sentence, ...given].filter(Boolean).join('\n').slice(0, 1000);
}

/** How long ago, in the largest unit. */
export function age(then: string, now: string): string {
  const seconds = Math.max(0, (Date.parse(now) - Date.parse(then)) / 1000);
  if (Number.isNaN(seconds)) {
    return '';
  }
  const units: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min']
  ];
  for (const [size, name] of units) {
    if (seconds >= size) {
      return `${Math.floor(seconds / size)} ${name}`;
    }
  }
  return 'now';
}
