/** A workflow's graph: seen, panned, zoomed, searched, and walked through with the arrow keys. */
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAround } from "../live/context";
import { useExtent } from "../live/measuring";
import type { Graph, Node, Placed } from "../types";
import * as words from "../words";
import { fit } from "./camera";
import { useGestures } from "./gestures";
import { CanvasPicture } from "./layers";
import { stack } from "./placing";
import { spoken } from "./saying";
import { itemAt, itemsOf, shapeOf } from "./scene";
import { useCamera } from "./steering";
import { SvgPicture } from "./svg";
import { GraphTools } from "./tools";
import { Tip } from "./tips";
import { isStep, walk } from "./walking";

/** Number of nodes up to which the picture is SVG. */
export const SVG_NODES = 250;

/** In a place that is narrower, a graph of so few nodes whose names could not be read stands one below the other. */
const NARROW_PX = 480;
const STACKED_NODES = 60;
const LEGIBLE = 0.65;
const LETTER_PX = 7.9;

interface GraphViewProps {
  graph: Graph;
  placed: Placed | null;
  chosen?: string;
  onChoose?(id: string): void;
  /** More to say of a node in its tooltip, such as what it would cost. */
  more?(node: Node): string;
  /** Greatest height. Unit: CSS pixels. */
  tallest?: number;
}

export function GraphView({ graph, placed, chosen = "", onChoose, more, tallest = 440 }: GraphViewProps): JSX.Element {
  const { id, announce } = useAround();
  const box = useRef<HTMLDivElement>(null);
  const ids = useMemo(() => graph.nodes.map((node) => node.id).join("\n"), [graph.nodes]);
  const wide = useMemo(() => shapeOf(graph, placed), [placed, ids, graph.edges.length]);
  // Rounded, so that a scroll bar that comes or goes does not turn the picture over.
  const stackedIn = (room: number) =>
    room > 0 && room < NARROW_PX && graph.nodes.length <= STACKED_NODES && fit(wide, room, 10_000).k < LEGIBLE ? Math.floor(room / 20) * 20 - 20 : 0;
  const tallIn = (room: number) => {
    const narrow = stackedIn(room);
    if (narrow) return Math.min(2 * tallest, stack(graph, narrow).height + 24);
    return Math.round(Math.max(120, Math.min(tallest, wide.height * Math.min(1, (room || 800) / (wide.width + 20)) + 24)));
  };
  // As high as it will be before it is measured: else it would be drawn for one height, and again for another.
  const { width, height } = useExtent(box, (node) => (node.style.height = `${tallIn(node.clientWidth)}px`));
  const stacked = stackedIn(width);
  const shape = useMemo(() => (stacked ? shapeOf(graph, stack(graph, stacked)) : wide), [wide, stacked]);
  const items = useMemo(() => {
    const all = itemsOf(graph, shape);
    return stacked ? all.map((item) => ({ ...item, node: { ...item.node, label: clipped(item.node.label, item.box.width) } })) : all;
  }, [graph, shape, stacked]);
  const steering = useCamera(shape, width, height, stacked ? 1 : 0);
  const [current, setCurrent] = useState("");
  const [hovered, setHovered] = useState<{ id: string; x: number; y: number }>();
  const [focused, setFocused] = useState(false);
  const [query, setQuery] = useState("");
  const found = useMemo(() => matching(graph, query), [ids, query]);
  const byId = useMemo(() => new Map(graph.nodes.map((node) => [node.id, node])), [graph]);
  const label = useCallback((name: string) => escaping.name(byId.get(name)?.label ?? name, 40), [byId]);

  const goTo = (name: string | undefined) => {
    const there = name === undefined ? undefined : shape.boxes.get(name);
    if (name === undefined || !there) return;
    setCurrent(name);
    steering.show(there);
    const node = byId.get(name);
    if (node && document.activeElement !== box.current) announce(spoken(node, shape, label));
  };
  const point = (x: number, y: number) => {
    const { camera } = steering;
    return itemAt(items, (x - camera.x) / camera.k, (y - camera.y) / camera.k)?.node;
  };
  useGestures(box, {
    onPan(dx, dy) {
      setHovered(undefined);
      steering.pan(dx, dy);
    },
    onZoom: steering.zoomAt,
    onTap(x, y) {
      const node = point(x, y);
      if (!node) return;
      setCurrent(node.id);
      if (node.role === "task") onChoose?.(node.id);
    },
    onHover(x, y) {
      const node = point(x, y);
      setHovered((last) => (node ? (last?.id === node.id ? last : { id: node.id, x, y }) : undefined));
    },
    onLeave: () => setHovered(undefined),
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && isStep(event.key)) {
      const far = 60;
      const by = { ArrowLeft: [far, 0], ArrowRight: [-far, 0], ArrowUp: [0, far], ArrowDown: [0, -far], Home: [0, 0], End: [0, 0] }[event.key];
      steering.pan(by[0] ?? 0, by[1] ?? 0);
    } else if (isStep(event.key)) goTo(walk(shape, current || chosen || undefined, event.key));
    else if (event.key === "+" || event.key === "=") steering.zoomBy(1.25);
    else if (event.key === "-") steering.zoomBy(0.8);
    else if (event.key === "0") steering.fitAll();
    else if (event.key === "Escape" && hovered) setHovered(undefined);
    else if ((event.key === "Enter" || event.key === " ") && current) {
      if (byId.get(current)?.role === "task") onChoose?.(current);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  useEffect(() => {
    if (hovered && !byId.has(hovered.id)) setHovered(undefined);
    if (current && !byId.has(current)) setCurrent("");
  }, [byId]);

  const near = hovered?.id ?? (focused ? current : "");
  const tipped = byId.get(hovered?.id ?? (focused ? current : ""));
  const picture = { items, shape, camera: steering.camera, width, height, current: focused ? current : "", chosen, near, found };
  const node = byId.get(current);
  return (
    <div class="tc-graph">
      <GraphTools steering={steering} query={query} onQuery={setQuery} found={found} nodes={graph.nodes} onFind={(name) => goTo(name)} current={current} />
      <div
        ref={box}
        class="tc-picture"
        dir="ltr"
        style={{ height: `${tallIn(width)}px` }}
        tabIndex={0}
        role="listbox"
        aria-roledescription="workflow graph"
        aria-label={`${escaping.name(graph.title, 60)}: ${words.plural(graph.nodes.length, "node")}. Arrow keys walk along the graph, Enter opens a task, plus and minus zoom, 0 fits.`}
        aria-activedescendant={node ? `${id}-node` : undefined}
        onKeyDown={onKeyDown}
        onFocus={() => {
          setFocused(true);
          if (!current) setCurrent(chosen || shape.order[0] || "");
        }}
        onBlur={() => setFocused(false)}
      >
        {width === 0 ? null : graph.nodes.length > SVG_NODES ? <CanvasPicture {...picture} /> : <SvgPicture {...picture} />}
        {node ? (
          <div id={`${id}-node`} class="tc-unseen" role="option" aria-selected={node.id === chosen} aria-setsize={graph.nodes.length} aria-posinset={shape.order.indexOf(node.id) + 1}>
            {spoken(node, shape, label)}
          </div>
        ) : null}
        {tipped ? <Tip node={tipped} box={shape.boxes.get(tipped.id)} camera={steering.camera} width={width} height={height} more={more?.(tipped) ?? ""} /> : null}
      </div>
    </div>
  );
}

/** A label that ends within a box that was not made for it. The tooltip and the spoken text have the whole. */
function clipped(label: string, width: number): string {
  const room = Math.max(6, Math.floor((width - 40) / LETTER_PX));
  return label.length > room ? `${label.slice(0, room - 1)}…` : label;
}

function matching(graph: Graph, query: string): ReadonlySet<string> | undefined {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return undefined;
  return new Set(graph.nodes.filter((node) => node.label.toLowerCase().includes(wanted) || node.state === wanted).map((node) => node.id));
}
