/** Results as pictures: parallel coordinates over all that differs, and one result over one parameter. The tables say the same in words. */
import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useExtent } from "../live/measuring";
import { Tabs } from "../parts/tabs";
import type { Comparison } from "../types";
import * as words from "../words";
import type { Axis } from "./axes";
import { axesOf } from "./axes";
import { letter } from "./cells";
import { hue } from "./ComparePage";

const TALL_PX = 230;
const TOP_PX = 34;
const BOTTOM_PX = 12;

export function Plots({ view, base }: { view: Comparison; base: number }): JSX.Element | null {
  const axes = useMemo(() => axesOf(view), [view]);
  const [part, setPart] = useState<"lines" | "points">("lines");
  const [lit, setLit] = useState<number>();
  if (axes.length < 2) return null;
  return (
    <Tabs
      label="Pictures of the results"
      group="plots"
      chosen={part}
      onChoose={(name) => setPart(name)}
      tabs={[{ name: "lines" as const, title: "Parallel coordinates" }, { name: "points" as const, title: "One against another" }]}
      end={<span class="tc-muted tc-end" role="status">{lit === undefined ? "" : `${letter(lit)}: ${axes.map((axis) => `${escaping.name(axis.name, 24)} ${words.value(axis.values[lit] ?? null, 14)}`).join(", ")}`}</span>}
    >
      {part === "lines" ? <Parallel axes={axes} count={view.runs.length} base={base} lit={lit} onLit={setLit} /> : <Points axes={axes} count={view.runs.length} base={base} lit={lit} onLit={setLit} />}
    </Tabs>
  );
}

interface PlotProps {
  axes: readonly Axis[];
  count: number;
  base: number;
  lit: number | undefined;
  onLit(index: number | undefined): void;
}

const y = (place: number) => TOP_PX + (1 - place) * (TALL_PX - TOP_PX - BOTTOM_PX);

function Parallel({ axes, count, base, lit, onLit }: PlotProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { width: room } = useExtent(box);
  const width = Math.max(room, axes.length * 96);
  const x = (index: number) => 56 + (index * (width - 112)) / Math.max(1, axes.length - 1);
  const line = (run: number) => {
    let d = "";
    axes.forEach((axis, index) => {
      const place = axis.places[run];
      if (place !== undefined) d += `${d ? "L" : "M"}${x(index).toFixed(1)} ${y(place).toFixed(1)}`;
    });
    return d;
  };
  const order = Array.from({ length: count }, (_, index) => index).sort((one, other) => Number(one === (lit ?? base)) - Number(other === (lit ?? base)));
  return (
    <div ref={box} class="tc-scroll" dir="ltr" tabIndex={0} role="region" aria-label="Parallel coordinates">
      {room === 0 ? <div style={{ height: `${TALL_PX}px` }} /> : (
        <svg class="tc-plot" width={width} height={TALL_PX} role="img" aria-label={`Parallel coordinates of ${words.plural(count, "run")} over ${axes.map((axis) => axis.name).join(", ")}. The tables above have the numbers.`}>
          {order.map((run) => (
            <g key={run} class={lit === undefined ? "" : lit === run ? "tc-lit" : "tc-unlit"} onMouseEnter={() => onLit(run)} onMouseLeave={() => onLit(undefined)}>
              <path d={line(run)} class="tc-catch" />
              <path d={line(run)} fill="none" stroke={hue(run)} stroke-width={run === base ? 2.6 : 1.5} stroke-dasharray={run === base && count > 2 ? "6 3" : undefined} />
              {count <= 12 ? <text x={x(axes.length - 1) + 6} y={y(axes.at(-1)?.places[run] ?? 0) + 4} fill={hue(run)} class="tc-letter">{letter(run)}</text> : null}
            </g>
          ))}
          {axes.map((axis, index) => (
            <g key={axis.name} class="tc-plotaxis">
              <line x1={x(index)} x2={x(index)} y1={TOP_PX} y2={TALL_PX - BOTTOM_PX} />
              <text x={x(index)} y={13} text-anchor="middle" class={axis.kind === "result" ? "tc-strong" : undefined}>{escaping.name(axis.name, 16)}<title>{escaping.name(axis.name, 120)}</title></text>
              {axis.logarithmic ? <text x={x(index)} y={25} text-anchor="middle" class="tc-ticktext">log</text> : null}
              {axis.ticks.map((tick) => <text key={tick.at} x={x(index) - 5} y={y(tick.at) + 3} text-anchor="end" class="tc-ticktext">{tick.text}</text>)}
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

function Points({ axes, count, base, lit, onLit }: PlotProps): JSX.Element {
  const results = axes.filter((axis) => axis.kind === "result");
  const [across, setAcross] = useState(axes[0]?.name ?? "");
  const [up, setUp] = useState((results[0] ?? axes[1])?.name ?? "");
  const box = useRef<HTMLDivElement>(null);
  const { width } = useExtent(box);
  const one = axes.find((axis) => axis.name === across) ?? axes[0];
  const other = axes.find((axis) => axis.name === up) ?? axes[1];
  if (!one || !other) return <div />;
  const x = (place: number) => 64 + place * Math.max(60, Math.min(width, 760) - 96);
  const bottom = TALL_PX - 26;
  const tall = (place: number) => 14 + (1 - place) * (bottom - 26);
  const points = Array.from({ length: count }, (_, run) => ({ run, across: one.places[run], up: other.places[run] })).flatMap((point) =>
    point.across === undefined || point.up === undefined ? [] : [{ run: point.run, x: x(point.across), y: tall(point.up) }],
  );
  const curve = [...points].sort((first, second) => first.x - second.x);
  const choose = (title: string, value: string, set: (name: string) => void) => (
    <label class="tc-muted">{title} <select value={value} onChange={(event) => set(event.currentTarget.value)}>{axes.map((axis) => <option key={axis.name} value={axis.name}>{escaping.name(axis.name, 40)}</option>)}</select></label>
  );
  return (
    <div ref={box} dir="ltr">
      <div class="tc-tools">{choose("up", other.name, setUp)}{choose("across", one.name, setAcross)}</div>
      <svg class="tc-plot" width={Math.min(width || 600, 760)} height={TALL_PX} role="img" aria-label={`${other.name} over ${one.name} for ${words.plural(points.length, "run")}. The tables above have the numbers.`}>
        {other.ticks.map((tick) => <g key={tick.at} class="tc-plotaxis"><line x1={x(0)} x2={x(1)} y1={tall(tick.at)} y2={tall(tick.at)} class="tc-gridline" /><text x={x(0) - 8} y={tall(tick.at) + 4} text-anchor="end" class="tc-ticktext">{tick.text}</text></g>)}
        {one.ticks.map((tick) => <text key={tick.at} x={x(tick.at)} y={bottom + 14} text-anchor="middle" class="tc-ticktext">{tick.text}</text>)}
        <path d={curve.map((point, index) => `${index ? "L" : "M"}${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join("")} class="tc-curve" />
        {points.map((point) => (
          <g key={point.run} onMouseEnter={() => onLit(point.run)} onMouseLeave={() => onLit(undefined)}>
            <circle cx={point.x} cy={point.y} r={point.run === lit ? 7 : 5} fill={hue(point.run)} class={point.run === base ? "tc-basepoint" : undefined} />
            {count <= 26 ? <text x={point.x + 8} y={point.y - 6} class="tc-letter" fill={hue(point.run)}>{letter(point.run)}</text> : null}
          </g>
        ))}
      </svg>
    </div>
  );
}
