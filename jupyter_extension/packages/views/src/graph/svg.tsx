/** The graph as SVG: for what is on screen, up to some hundred nodes. Only what changed is made anew. */
import type { JSX } from "preact";
import { memo } from "../parts/memo";
import { useMemo } from "preact/hooks";
import { useAround } from "../live/context";
import { look, ordered, total, variable } from "../states";
import type { Node } from "../types";
import type { Camera, Rect } from "./camera";
import { meets, sight } from "./camera";
import { detail, title } from "./saying";
import type { Item, Route, Shape } from "./scene";
import { pathOf } from "./scene";

/** Below this scale words can't be read, and are left out. */
export const READABLE = 0.42;

interface CardProps {
  node: Node;
  box: Rect;
  words: boolean;
  current: boolean;
  chosen: boolean;
  dimmed: boolean;
}

const Card = memo(function Card({ node, box, words, current, chosen, dimmed }: CardProps): JSX.Element {
  const state = node.state ?? "pending";
  const colour = `var(${variable(state)})`;
  const { path, filled, open } = look(state);
  const task = node.role === "task";
  const classes = ["tc-node", `tc-role-${node.role}`, current && "tc-current", chosen && "tc-chosen", dimmed && "tc-dim", state === "running" && "tc-lively"];
  const middle = Object.keys(node.counts).length > 0 ? box.height / 2 - 4 : box.height / 2;
  return (
    <g class={classes.filter(Boolean).join(" ")} transform={`translate(${box.x} ${box.y})`} data-id={node.id}>
      <rect class="tc-card" width={box.width} height={box.height} rx={task ? 7 : box.height / 2} style={task ? { stroke: colour } : undefined} stroke-dasharray={task && open && state !== "running" ? "4 3" : undefined} />
      {task && node.state ? (
        <>
          <rect class="tc-wash" width={box.width} height={box.height} rx={7} style={{ fill: colour }} />
          <path transform={`translate(17 ${middle})${words ? "" : " scale(1.6)"}`} d={path} style={{ fill: filled ? colour : "none", stroke: colour }} class="tc-mark" />
        </>
      ) : null}
      {words ? (
        task ? (
          <>
            <text class="tc-label" x={34} y={middle - 3}>{title(node)}</text>
            <text class="tc-detail" x={34} y={middle + 12}>{detail(node)}</text>
          </>
        ) : (
          <text class="tc-detail" x={box.width / 2} y={box.height / 2 + 4} text-anchor="middle">{title(node)}</text>
        )
      ) : null}
      {Object.keys(node.counts).length > 0 ? <Shares counts={node.counts} box={box} /> : null}
    </g>
  );
});

function Shares({ counts, box }: { counts: Readonly<Record<string, number>>; box: Rect }): JSX.Element {
  const room = box.width - 20;
  const all = Math.max(1, total(counts));
  let at = 10;
  return (
    <>
      {ordered(counts).map(([state, number]) => {
        const width = (room * number) / all;
        const x = at;
        at += width;
        return <rect key={state} x={x} y={box.height - 10} width={Math.max(1, width - 0.5)} height={4} rx={1} style={{ fill: `var(${variable(state)})` }} />;
      })}
    </>
  );
}

const Edges = memo(function Edges({ routes, near, arrow }: { routes: readonly Route[]; near: string; arrow: string }): JSX.Element {
  return (
    <g class="tc-edges">
      {routes.map((route) => (
        <path
          key={`${route.source}\n${route.target}`}
          d={pathOf(route.points)}
          class={near !== "" && (route.source === near || route.target === near) ? "tc-edge tc-near" : "tc-edge"}
          marker-end={`url(#${arrow})`}
        >
          {route.label ? <title>{route.label.slice(0, 200)}</title> : null}
        </path>
      ))}
    </g>
  );
});

interface PictureProps {
  items: readonly Item[];
  shape: Shape;
  camera: Camera;
  width: number;
  height: number;
  current: string;
  chosen: string;
  near: string;
  found: ReadonlySet<string> | undefined;
}

export function SvgPicture(props: PictureProps): JSX.Element {
  const { camera, items, shape, width, height } = props;
  const arrow = `${useAround().id}-arrow`;
  const words = camera.k >= READABLE;
  const many = items.length > 120;
  const seen = sight(camera, width, height);
  const cards = many ? items.filter((item) => meets(item.box, seen)) : items;
  const routes = useCulled(shape.routes, many, seen);
  return (
    <svg class="tc-svg" width={width} height={height} aria-hidden="true">
      <defs>
        <marker id={arrow} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M1 1 7 4 1 7" class="tc-arrow" />
        </marker>
      </defs>
      <g transform={`translate(${camera.x} ${camera.y}) scale(${camera.k})`}>
        <Edges routes={routes} near={props.near} arrow={arrow} />
        {cards.map(({ node, box }) => (
          <Card
            key={node.id}
            node={node}
            box={box}
            words={words}
            current={node.id === props.current}
            chosen={node.id === props.chosen}
            dimmed={props.found !== undefined && !props.found.has(node.id)}
          />
        ))}
      </g>
    </svg>
  );
}

/** Edges in sight; the same list as long as the sight stays within what was looked at with room to spare. */
function useCulled(routes: readonly Route[], many: boolean, seen: Rect): readonly Route[] {
  const step = Math.max(1, seen.width, seen.height);
  const column = Math.floor(seen.x / step);
  const row = Math.floor(seen.y / step);
  return useMemo(() => {
    if (!many) return routes;
    const wide = { x: (column - 0.2) * step, y: (row - 0.2) * step, width: step * 2.4, height: step * 2.4 };
    return routes.filter((route) => meets(route.bounds, wide));
  }, [routes, many, column, row, Math.round(Math.log2(step) * 4)]);
}
