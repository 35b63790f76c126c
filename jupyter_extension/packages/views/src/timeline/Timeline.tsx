/** When each task ran, as bars over a common time; rows are windowed. */
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import * as escaping from "../escaping";
import { useAround } from "../live/context";
import { useExtent } from "../live/measuring";
import { Sign } from "../parts/basics";
import type { Scroller } from "../parts/windowed";
import { Windowed } from "../parts/windowed";
import { isOpen, shownState, variable } from "../states";
import type { TaskRow } from "../types";
import * as words from "../words";
import { ticks } from "./ticks";

const ROW_PX = 24;
const TALLEST_PX = 380;

interface TimelineProps {
  tasks: readonly TaskRow[];
  created_at: string;
  /** Until when running bars go. Unit: milliseconds since 1970. */
  now_ms: number;
  chosen: string;
  onChoose(id: string): void;
}

export function Timeline({ tasks, created_at, now_ms, chosen, onChoose }: TimelineProps): JSX.Element {
  const { id } = useAround();
  const box = useRef<HTMLDivElement>(null);
  const { width } = useExtent(box);
  const scroller = useRef<Scroller | null>(null);
  const rows = useMemo(
    () => tasks.filter((task) => task.started_at).sort((one, other) => (one.started_at ?? "").localeCompare(other.started_at ?? "")),
    [tasks],
  );
  const zero = Math.min(Date.parse(created_at), ...rows.slice(0, 1).map((task) => Date.parse(task.started_at ?? "")));
  const bars = rows.map((task) => {
    const start = Date.parse(task.started_at ?? "") - zero;
    const end = task.ended_at ? Date.parse(task.ended_at) - zero : isOpen(task.state) ? Math.max(start, now_ms - zero) : start + (task.duration_s ?? 0) * 1000;
    return { task, start, end };
  });
  const last = Math.max(1, bars.reduce((most, bar) => Math.max(most, bar.end), 0));
  const left = tasks.length - rows.length;
  const names = width < 480 ? 110 : Math.min(240, Math.max(110, width * 0.24));
  const room = Math.max(60, width - names - 76);
  const at = rows.findIndex((task) => task.id === chosen);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || rows.length === 0) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(rows.length - 1, at + step));
    const task = rows[next];
    if (task) onChoose(task.id);
    scroller.current?.show(next);
  };
  if (rows.length === 0) return <div class="tc-muted tc-pad">No task has started yet.</div>;
  return (
    <div ref={box} class="tc-timeline" style={{ "--tc-names": `${names}px`, "--tc-room": `${room}px` }}>
      <div class="tc-axisrow" aria-hidden="true">
        <div class="tc-axis" dir="ltr">
          {ticks(last / 1000, room).map((tick) => (
            <span key={tick} style={{ left: `${(tick * 1000 * room) / last}px` }}>{words.duration(tick).replace(".0 s", " s")}</span>
          ))}
        </div>
      </div>
      <Windowed
        count={rows.length}
        rowHeight={ROW_PX}
        class="tc-gantt"
        scroller={scroller}
        attributes={{
          tabIndex: 0, role: "listbox", "aria-label": "Timeline: tasks by when they started", onKeyDown,
          "aria-activedescendant": at >= 0 ? `${id}-bar-${at}` : undefined,
          style: { height: `${Math.min(TALLEST_PX, rows.length * ROW_PX + 2)}px` },
        }}
      >
        {(from, to) =>
          bars.slice(from, to).map(({ task, start, end }, offset) => {
            const state = shownState(task);
            const said = `${escaping.name(task.label, 80)}, ${state}, started after ${words.duration(start / 1000)}, took ${words.duration((end - start) / 1000)}`;
            return (
              <div
                key={task.id}
                id={`${id}-bar-${from + offset}`}
                role="option"
                aria-selected={task.id === chosen}
                aria-label={said}
                aria-setsize={rows.length}
                aria-posinset={from + offset + 1}
                title={said}
                class={task.id === chosen ? "tc-bartrack tc-current" : "tc-bartrack"}
                style={{ height: `${ROW_PX}px` }}
                onClick={() => onChoose(task.id)}
              >
                <span class="tc-barname"><Sign state={state} /> <bdi>{escaping.name(task.label, 60)}</bdi></span>
                <span class="tc-track" dir="ltr">
                  <i class={state === "running" ? "tc-span tc-lively" : "tc-span"} style={{ left: `${(start * room) / last}px`, width: `${Math.max(3, ((end - start) * room) / last)}px`, background: `var(${variable(state)})` }} />
                </span>
                <span class="tc-num tc-muted">{words.duration((end - start) / 1000)}</span>
              </div>
            );
          })
        }
      </Windowed>
      {left > 0 ? <div class="tc-muted">{words.plural(left, "task")} not started.</div> : null}
    </div>
  );
}
