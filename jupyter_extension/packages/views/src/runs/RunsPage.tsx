/** Runs, newest first: live, searched, filtered; older ones are fetched as one scrolls. */
import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAround } from "../live/context";
import { useExtent } from "../live/measuring";
import { Badge, Bar, Button, Facts, Failure, Waiting } from "../parts/basics";
import { FeedSign } from "../parts/feeds";
import type { Scroller } from "../parts/windowed";
import { Windowed } from "../parts/windowed";
import { ORDER } from "../states";
import type { RunList, RunRow } from "../types";
import * as words from "../words";
import type { Filter } from "./listing";
import { useRuns } from "./listing";

interface PageProps {
  filter: Filter;
  first: RunList | undefined;
}

const NARROW_PX = 520;
const STATES = ORDER.filter((one) => !["stale", "will run", "may run", "cached", "skipped"].includes(one));

export function RunsPage({ filter: given, first }: PageProps): JSX.Element {
  const { host, id } = useAround();
  const [filter, setFilter] = useState(given);
  const [picked, setPicked] = useState<readonly string[]>([]);
  const [current, setCurrent] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const scroller = useRef<Scroller | null>(null);
  const { width } = useExtent(box);
  const list = useRuns(filter, first);
  const narrow = width > 0 && width < NARROW_PX;
  const rowHeight = narrow ? 48 : 30;
  const { rows } = list;
  const authors = useMemo(() => [...new Set([...rows.map((row) => row.author), filter.author].filter(Boolean))].sort(), [rows, filter.author]);
  const set = (change: Partial<Filter>) => {
    setFilter((last) => ({ ...last, ...change }));
    setCurrent(0);
    scroller.current?.show(0);
  };
  const pick = (run: string) => setPicked((last) => (last.includes(run) ? last.filter((one) => one !== run) : [...last, run].slice(-50)));
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[current];
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Enter" && row) host.openRun?.(row.id);
    else if (event.key === " " && row && host.openComparison) pick(row.id);
    else if (step !== undefined && rows.length > 0) {
      const next = Math.max(0, Math.min(rows.length - 1, current + step));
      setCurrent(next);
      scroller.current?.show(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const count = list.total === undefined ? `${words.count(rows.length)} found so far` : words.plural(list.total, "run");
  return (
    <div ref={box} class="tc-runspage">
      <div class="tc-tools">
        <label class="tc-search">
          <span class="tc-unseen">Search runs by id, workflow, author, parameter or sentence</span>
          <input type="search" value={filter.q} placeholder="Search runs" onInput={(event) => set({ q: event.currentTarget.value })} />
        </label>
        <label>
          <span class="tc-unseen">State</span>
          <select value={filter.state} onChange={(event) => set({ state: event.currentTarget.value })}>
            <option value="">every state</option>
            {STATES.map((one) => <option key={one} value={one}>{one}</option>)}
          </select>
        </label>
        <label>
          <span class="tc-unseen">Author</span>
          <select value={filter.author} onChange={(event) => set({ author: event.currentTarget.value })}>
            <option value="">everyone</option>
            {authors.map((one) => <option key={one} value={one}>{escaping.name(one, 30)}</option>)}
          </select>
        </label>
        {filter.workflow ? <Button kind="quiet" label={`Show runs of all workflows, not of ${escaping.name(filter.workflow, 40)} only`} onClick={() => set({ workflow: "" })}>{escaping.name(filter.workflow, 30)} ✕</Button> : null}
        <span class="tc-muted tc-count" role="status">{list.busy && rows.length === 0 ? "" : count}{list.running ? ` · ${words.count(list.running)} running` : ""}</span>
        <span class="tc-spring" />
        <FeedSign feed={list.feed} open={false} again={list.again} />
        {picked.length > 0 && host.openComparison ? (
          <Button kind={picked.length > 1 ? "main" : "plain"} disabled={picked.length < 2} onClick={() => host.openComparison?.(picked)}>Compare {picked.length}</Button>
        ) : null}
      </div>
      {list.error ? <Failure error={list.error} again={list.again} /> : null}
      <Windowed
        count={rows.length}
        rowHeight={rowHeight}
        class="tc-list tc-runlist"
        scroller={scroller}
        onRange={(_, to) => to > rows.length - 30 && list.more()}
        attributes={{ tabIndex: 0, role: "listbox", "aria-label": "Runs. Enter opens one, space marks it for comparing.", "aria-multiselectable": true, "aria-busy": list.busy, onKeyDown, "aria-activedescendant": rows[current] ? `${id}-run-${current}` : undefined }}
      >
        {(from, to) =>
          rows.slice(from, to).map((row, offset) => (
            <Row key={row.id} id={`${id}-run-${from + offset}`} row={row} narrow={narrow} height={rowHeight} now={list.shown_at} current={from + offset === current} picked={picked.includes(row.id)} position={from + offset + 1} total={list.total ?? -1} onPick={host.openComparison ? () => pick(row.id) : undefined} onOpen={() => { setCurrent(from + offset); host.openRun?.(row.id); }} />
          ))
        }
      </Windowed>
      {rows.length === 0 && !list.error ? list.busy || list.unread > 0 ? <Waiting what="Reading runs" /> : <div class="tc-muted tc-pad">{filter.q || filter.state || filter.author ? "No run is like this." : "No runs yet. %launch starts one."}</div> : null}
      {list.unread > 0 ? <div class="tc-muted tc-under" role="status">Reading this store for the first time: {words.count(list.unread)} older runs to go…</div> : list.busy && rows.length > 0 ? <div class="tc-muted tc-under" role="status">Reading older runs…</div> : null}
    </div>
  );
}

interface RowProps {
  id: string;
  row: RunRow;
  narrow: boolean;
  height: number;
  now: string;
  current: boolean;
  picked: boolean;
  position: number;
  total: number;
  onPick: (() => void) | undefined;
  onOpen(): void;
}

function Row({ id, row, narrow, height, now, current, picked, position, total, onPick, onOpen }: RowProps): JSX.Element {
  const parameters = Object.entries(row.parameters).slice(0, 12).map(([name, value]) => `${escaping.name(name, 30)}=${words.value(value, 24)}`).join("  ");
  const facts = [words.duration(row.duration_s), row.author ? escaping.name(row.author, 24) : "", words.age(row.created_at, now)];
  const title = `${row.id}\n${words.moment(row.created_at)}\n${parameters}${row.sentence ? `\n${escaping.sentence(row.sentence, 300)}` : ""}`;
  const mark = onPick ? (
    <input type="checkbox" tabIndex={-1} aria-hidden="true" checked={picked} onClick={(event) => event.stopPropagation()} onChange={onPick} />
  ) : null;
  const tags = row.tags.map((tag) => <span key={tag} class="tc-chip">{escaping.name(tag, 24)}</span>);
  return (
    <div id={id} role="option" aria-selected={picked} aria-setsize={total} aria-posinset={position} class={current ? "tc-item tc-current" : "tc-item"} style={{ height: `${height}px` }} title={title} onClick={onOpen}>
      {mark}
      {narrow ? (
        <div class="tc-two">
          <div class="tc-rest"><Badge state={row.state} /> <bdi class="tc-strong">{escaping.name(row.workflow, 40)}</bdi> {tags}</div>
          <div class="tc-rest tc-muted"><Facts facts={facts} /> {parameters}</div>
        </div>
      ) : (
        <>
          <span class="tc-statecell"><Badge state={row.state} /></span>
          <span class="tc-taskcell"><bdi>{escaping.name(row.workflow, 40)}</bdi> {tags}</span>
          <span class="tc-counts"><Bar counts={row.counts} small /></span>
          <span class="tc-num">{facts[0]}</span>
          <span class="tc-by">{facts[1]}</span>
          <span class="tc-by tc-muted">{facts[2]}</span>
          <span class="tc-rest tc-mono tc-muted">{parameters}</span>
        </>
      )}
    </div>
  );
}
