/** A graph with its positions, ready to be drawn and walked through. */
import type { Edge, Graph, Node, Placed } from "../types";
import type { Rect } from "./camera";
import { meets } from "./camera";
import { place } from "./placing";

export interface Item {
  node: Node;
  box: Rect;
}

export interface Route {
  source: string;
  target: string;
  points: readonly number[];
  bounds: Rect;
  label: string;
}

/** What does not change while a run goes on: who is where, and who needs whom. */
export interface Shape {
  boxes: ReadonlyMap<string, Rect>;
  routes: readonly Route[];
  width: number;
  height: number;
  direction: "down" | "right";
  before: ReadonlyMap<string, readonly string[]>;
  after: ReadonlyMap<string, readonly string[]>;
  /** Ids in reading order: along the flow, then across. */
  order: readonly string[];
}

/** Work out the shape; without positions, or with positions of another graph, a plain placing is made. */
export function shapeOf(graph: Graph, placed: Placed | null): Shape {
  let boxes = boxesOf(placed);
  const fits = placed !== null && graph.nodes.every((node) => boxes.has(node.id));
  const used = fits ? placed : place(graph);
  if (!fits) boxes = boxesOf(used);
  const labels = labelsOf(graph.edges);
  const routes = used.routes.map(({ source, target, points }) => {
    const label = labels.size > 0 ? (labels.get(`${source}\n${target}`) ?? "") : "";
    return new Drawn(source, target, points, label);
  });
  const { width, height, direction } = used;
  // What only the keyboard asks for is worked out when it does: of 5,000 tasks it would hold up the first picture.
  const before = later(() => joined(graph, "target", "source"));
  const after = later(() => joined(graph, "source", "target"));
  const order = later(() => reading(boxes, direction));
  return {
    boxes, routes, width, height, direction,
    get before() { return before(); },
    get after() { return after(); },
    get order() { return order(); },
  };
}

function later<T>(make: () => T): () => T {
  let made: { is: T } | undefined;
  return () => (made ??= { is: make() }).is;
}

function joined(graph: Graph, from: "source" | "target", to: "source" | "target"): Map<string, string[]> {
  const found = new Map<string, string[]>(graph.nodes.map((node) => [node.id, []]));
  for (const edge of graph.edges) found.get(edge[from])?.push(edge[to]);
  return found;
}

function reading(boxes: ReadonlyMap<string, Rect>, direction: "down" | "right"): string[] {
  const along = (box: Rect) => (direction === "right" ? box.x : box.y);
  const across = (box: Rect) => (direction === "right" ? box.y : box.x);
  return [...boxes.entries()].sort(([, one], [, other]) => along(one) - along(other) || across(one) - across(other)).map(([id]) => id);
}

function boxesOf(placed: Placed | null): Map<string, Rect> {
  const boxes = new Map<string, Rect>();
  for (const box of placed?.boxes ?? []) boxes.set(box.id, box);
  return boxes;
}

/** A route whose bounds are worked out when they are first asked for: who sees the whole picture never does. */
class Drawn implements Route {
  #bounds: Rect | undefined;

  constructor(
    readonly source: string,
    readonly target: string,
    readonly points: readonly number[],
    readonly label: string,
  ) {}

  get bounds(): Rect {
    return (this.#bounds ??= boundsOf(this.points));
  }
}

function labelsOf(edges: readonly Edge[]): Map<string, string> {
  const labels = new Map<string, string>();
  for (const { source, target, label } of edges) {
    const key = `${source}\n${target}`;
    if (label) labels.set(key, labels.has(key) ? `${labels.get(key)}, ${label}` : label);
  }
  return labels;
}

function boundsOf(points: readonly number[]): Rect {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at + 1 < points.length; at += 2) {
    const x = points[at] ?? 0;
    const y = points[at + 1] ?? 0;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { x: left - 4, y: top - 4, width: right - left + 8, height: bottom - top + 8 };
}

/** Nodes with their boxes, in the graph's order. */
export function itemsOf(graph: Graph, shape: Shape): Item[] {
  return graph.nodes.flatMap((node) => {
    const box = shape.boxes.get(node.id);
    return box ? [{ node, box }] : [];
  });
}

export function visibleItems(items: readonly Item[], seen: Rect): Item[] {
  return items.filter((item) => meets(item.box, seen));
}

/** An edge as the `d` of a path. */
export function pathOf(points: readonly number[]): string {
  let d = `M${points[0]} ${points[1]}`;
  for (let at = 2; at + 5 < points.length; at += 6) d += `C${points.slice(at, at + 6).join(" ")}`;
  return d;
}

/** The item under a point of the picture; the last drawn wins. */
export function itemAt(items: readonly Item[], x: number, y: number): Item | undefined {
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at];
    if (item && x >= item.box.x && x <= item.box.x + item.box.width && y >= item.box.y && y <= item.box.y + item.box.height)
      return item;
  }
  return undefined;
}
