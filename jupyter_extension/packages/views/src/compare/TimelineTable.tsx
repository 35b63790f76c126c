/** When each task ran in every run, on one time axis: seconds from each run's launch. */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import * as escaping from "../escaping";
import { useExtent } from "../live/measuring";
import { variable } from "../states";
import { ticks } from "../timeline/ticks";
import type { Comparison } from "../types";
import * as words from "../words";
import { letter } from "./cells";

const SHOWN = 60;

export function TimelineTable({ view }: { view: Comparison }): JSX.Element | null {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useExtent(box);
  const last = view.timeline.reduce((most, row) => row.cells.reduce((end, cell) => Math.max(end, cell?.end_s ?? 0), most), 0);
  if (view.timeline.length === 0 || last === 0) return null;
  const names = width < 480 ? 90 : 180;
  const room = Math.max(60, width - names - 30);
  const bar = Math.max(5, Math.min(12, 60 / view.runs.length));
  return (
    <details>
      <summary class="tc-heading">Timeline</summary>
      <div ref={box} class="tc-timeline" style={{ "--tc-names": `${names}px`, "--tc-room": `${room}px` }}>
        <div class="tc-axisrow" aria-hidden="true"><div class="tc-axis" dir="ltr">{ticks(last, room).map((tick) => <span key={tick} style={{ left: `${(tick * room) / last}px` }}>{words.duration(tick).replace(".0 s", " s")}</span>)}</div></div>
        {view.timeline.slice(0, SHOWN).map((row) => (
          <div key={row.name} class="tc-bartrack" style={{ minHeight: `${bar * row.cells.length + 8}px` }}>
            <span class="tc-barname"><bdi>{escaping.name(row.name, 40)}</bdi></span>
            <span class="tc-track" dir="ltr">
              {row.cells.map((cell, index) =>
                cell ? (
                  <i key={index} class="tc-span" role="img" aria-label={`${letter(index)}: ${cell.state}, from ${words.duration(cell.start_s)} to ${words.duration(cell.end_s)}`} title={`${letter(index)}: ${cell.state}, ${words.duration(cell.start_s)} to ${words.duration(cell.end_s)}`}
                    style={{ left: `${(cell.start_s * room) / last}px`, width: `${Math.max(2, ((cell.end_s - cell.start_s) * room) / last)}px`, top: `${4 + index * bar}px`, height: `${bar - 2}px`, background: `var(${variable(cell.state)})` }} />
                ) : null,
              )}
            </span>
          </div>
        ))}
        {view.timeline.length > SHOWN ? <div class="tc-muted">and {words.plural(view.timeline.length - SHOWN, "more task")}</div> : null}
      </div>
    </details>
  );
}
