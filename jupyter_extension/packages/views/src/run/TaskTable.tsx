/** All tasks of a run in a list: what the graph shows, in words, for any number of them. */
import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { elapsed_s } from "../live/following";
import { useAround } from "../live/context";
import { Badge, Bar } from "../parts/basics";
import type { Scroller } from "../parts/windowed";
import { Windowed } from "../parts/windowed";
import { ORDER, shownState } from "../states";
import type { Node, TaskRow } from "../types";
import * as words from "../words";

const ROW_PX = 28;
const TALLEST_PX = 400;

interface TableProps {
  tasks: readonly TaskRow[];
  nodes: readonly Node[];
  at: number;
  chosen: string;
  onChoose(id: string): void;
}

export function TaskTable({ tasks, nodes, at, chosen, onChoose }: TableProps): JSX.Element {
  const { id } = useAround();
  const [query, setQuery] = useState("");
  const [state, setState] = useState("");
  const scroller = useRef<Scroller | null>(null);
  const counts = useMemo(() => new Map(nodes.filter((node) => Object.keys(node.counts).length > 0).map((node) => [node.id, node.counts])), [nodes]);
  const states = useMemo(() => ORDER.filter((one) => tasks.some((task) => shownState(task) === one)), [tasks]);
  const rows = useMemo(() => {
    const wanted = query.trim().toLowerCase();
    return tasks.filter((task) => (!state || shownState(task) === state) && (!wanted || task.label.toLowerCase().includes(wanted)));
  }, [tasks, query, state]);
  const current = rows.findIndex((task) => task.id === chosen);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || rows.length === 0) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(rows.length - 1, current + step));
    const task = rows[next];
    if (task) onChoose(task.id);
    scroller.current?.show(next);
  };
  return (
    <div class="tc-tasktable">
      {tasks.length > 8 ? (
        <div class="tc-tools">
          <label class="tc-search">
            <span class="tc-unseen">Find a task</span>
            <input type="search" value={query} placeholder="Find a task" onInput={(event) => setQuery(event.currentTarget.value)} />
          </label>
          <label>
            <span class="tc-unseen">State</span>
            <select value={state} onChange={(event) => setState(event.currentTarget.value)}>
              <option value="">every state</option>
              {states.map((one) => <option key={one} value={one}>{one}</option>)}
            </select>
          </label>
          <span class="tc-muted tc-count" role="status">{rows.length === tasks.length ? "" : `${words.count(rows.length)} of ${words.plural(tasks.length, "task")}`}</span>
        </div>
      ) : null}
      <Windowed
        count={rows.length}
        rowHeight={ROW_PX}
        class="tc-list"
        scroller={scroller}
        attributes={{
          tabIndex: 0, role: "listbox", "aria-label": "Tasks", onKeyDown, "aria-activedescendant": current >= 0 ? `${id}-row-${current}` : undefined,
          style: { height: `${Math.min(TALLEST_PX, Math.max(1, rows.length) * ROW_PX + 2)}px` },
        }}
      >
        {(from, to) =>
          rows.slice(from, to).map((task, offset) => {
            const parts = counts.get(task.id);
            return (
              <div
                key={task.id}
                id={`${id}-row-${from + offset}`}
                role="option"
                aria-selected={task.id === chosen}
                aria-setsize={rows.length}
                aria-posinset={from + offset + 1}
                class={task.id === chosen ? "tc-item tc-current" : "tc-item"}
                style={{ height: `${ROW_PX}px` }}
                onClick={() => onChoose(task.id)}
              >
                <span class="tc-taskcell"><bdi>{escaping.name(task.label, 80)}</bdi></span>
                <span class="tc-statecell"><Badge state={shownState(task)} /></span>
                <span class="tc-num">{words.duration(elapsed_s(task.duration_s, task.state, at))}</span>
                <span class={task.error ? "tc-rest tc-bad" : "tc-rest tc-muted"} title={escaping.sentence(about(task), 600)}>
                  {parts ? <Bar counts={parts} small /> : null}
                  {escaping.sentence(about(task), 200)}
                </span>
              </div>
            );
          })
        }
      </Windowed>
      {rows.length === 0 ? <div class="tc-muted tc-pad">{tasks.length === 0 ? "No tasks yet." : "No task is like this."}</div> : null}
    </div>
  );
}

/** The one thing to know about a task run. */
export function about(task: TaskRow): string {
  const said = [];
  if (task.error) said.push(task.error);
  if (task.from_run) said.push(`from run ${words.run(task.from_run)}${task.from_author ? ` by ${task.from_author}` : ""}`);
  if (task.elements !== null) said.push(`${task.elements_done === null ? "" : `${words.count(task.elements_done)} of `}${words.plural(task.elements, "element")}`);
  if (task.attempt > 1) said.push(`attempt ${task.attempt}`);
  return [...said, ...task.notices].join(" · ");
}
