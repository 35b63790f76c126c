/**
 * Positions for a graph that came without: one saved in a notebook, before the store has answered. Longest-path ranks
 * and a few sweeps by the middle of neighbours; the picture that Python makes is better, and takes its place.
 */
import type { Graph, Placed } from "../types";

const GAP_ALONG = 46;
const GAP_ACROSS = 16;
const MARGIN = 16;

export function place(graph: Graph): Placed {
  const index = new Map(graph.nodes.map((node, at) => [node.id, at]));
  const before: number[][] = graph.nodes.map(() => []);
  const after: number[][] = graph.nodes.map(() => []);
  for (const edge of graph.edges) {
    const source = index.get(edge.source);
    const target = index.get(edge.target);
    if (source === undefined || target === undefined || source === target) continue;
    before[target]?.push(source);
    after[source]?.push(target);
  }
  const rank = ranks(before, after);
  const rows: number[][] = [];
  rank.forEach((at, node) => (rows[at] ??= []).push(node));
  const place: number[] = [];
  const number = () => rows.forEach((row) => row?.forEach((node, at) => (place[node] = at)));
  number();
  for (let round = 0; round < 4; round += 1)
    for (const links of [before, after]) {
      for (const row of rows) {
        const middle = new Map(row?.map((node) => [node, mean((links[node] ?? []).map((other) => place[other] ?? 0), place[node] ?? 0)]));
        row?.sort((one, other) => (middle.get(one) ?? 0) - (middle.get(other) ?? 0));
      }
      number();
    }
  return boxes(graph, rows, index);
}

const LANE = 34;
const STACKED_GAP = 14;
const STACKED_HEIGHT = 46;

/** One task below the other, for a place that is too narrow for a picture with names; edges that skip tasks go by the side. */
export function stack(graph: Graph, width: number): Placed {
  const usual = place(graph);
  const at = new Map(usual.boxes.map((box) => [box.id, usual.direction === "right" ? box.x * 1e4 + box.y : box.y * 1e4 + box.x]));
  const ids = graph.nodes.map((node) => node.id).sort((one, other) => (at.get(one) ?? 0) - (at.get(other) ?? 0));
  const row = new Map(ids.map((id, index) => [id, index]));
  const top = (index: number) => 6 + index * (STACKED_HEIGHT + STACKED_GAP);
  const boxes = ids.map((id, index) => ({ id, x: LANE, y: top(index), width: Math.max(80, width - LANE - 4), height: STACKED_HEIGHT }));
  const routes = graph.edges.flatMap(({ source, target }) => {
    const [from, to] = [row.get(source), row.get(target)];
    if (from === undefined || to === undefined || from === to) return [];
    const [start, end] = [top(from) + STACKED_HEIGHT, top(to)];
    if (to === from + 1) return [{ source, target, points: [LANE + 17, start, LANE + 17, start, LANE + 17, end, LANE + 17, end] }];
    const [middle, goal, bulge] = [start - STACKED_HEIGHT / 2, end + STACKED_HEIGHT / 2, Math.max(2, LANE - 8 - 5 * Math.min(5, to - from))];
    return [{ source, target, points: [LANE, middle, bulge, middle, bulge, goal, LANE, goal] }];
  });
  return { boxes, routes, width, height: top(ids.length), direction: "down" };
}

function ranks(before: number[][], after: number[][]): number[] {
  const rank = before.map(() => 0);
  const waiting = before.map((all) => all.length);
  const queue = waiting.flatMap((number, node) => (number === 0 ? [node] : []));
  for (const node of queue)
    for (const next of after[node] ?? []) {
      rank[next] = Math.max(rank[next] ?? 0, (rank[node] ?? 0) + 1);
      waiting[next] = (waiting[next] ?? 0) - 1;
      if (waiting[next] === 0) queue.push(next);
    }
  return rank;
}

function mean(all: number[], fallback: number): number {
  return all.length ? all.reduce((sum, one) => sum + one, 0) / all.length : fallback;
}

function boxes(graph: Graph, rows: number[][], index: Map<string, number>): Placed {
  const long = Math.max(6, ...graph.nodes.map((node) => Math.min(26, Math.max(node.label.length, node.detail.length * 0.8))));
  const wide = Math.round(Math.max(112, 50 + long * 8));
  const right = rows.length * (wide + GAP_ALONG) <= 1000;
  const made: Placed["boxes"] = graph.nodes.map((node) => ({ id: node.id, x: 0, y: 0, width: wide, height: 46 }));
  const across = right ? 46 + GAP_ACROSS : wide + GAP_ACROSS;
  const along = right ? wide + GAP_ALONG : 46 + GAP_ALONG;
  const most = Math.max(1, ...rows.map((row) => row?.length ?? 0));
  rows.forEach((row, at) =>
    row?.forEach((node, slot) => {
      const box = made[node];
      if (!box) return;
      const far = MARGIN + at * along;
      const side = MARGIN + (slot + (most - row.length) / 2) * across;
      box.x = right ? far : side;
      box.y = right ? side : far;
    }),
  );
  const routes = graph.edges.flatMap((edge) => {
    const source = made[index.get(edge.source) ?? -1];
    const target = made[index.get(edge.target) ?? -1];
    if (!source || !target) return [];
    const points = right
      ? curve(source.x + wide, source.y + 23, target.x, target.y + 23, true)
      : curve(source.x + wide / 2, source.y + 46, target.x + wide / 2, target.y, false);
    return [{ source: edge.source, target: edge.target, points }];
  });
  const size = (slots: number, step: number, gap: number) => 2 * MARGIN + slots * step - gap;
  const width = right ? size(rows.length, along, GAP_ALONG) : size(most, across, GAP_ACROSS);
  const height = right ? size(most, across, GAP_ACROSS) : size(rows.length, along, GAP_ALONG);
  return { boxes: made, routes, width, height, direction: right ? "right" : "down" };
}

function curve(x0: number, y0: number, x1: number, y1: number, right: boolean): number[] {
  return right
    ? [x0, y0, (x0 + x1) / 2, y0, (x0 + x1) / 2, y1, x1, y1]
    : [x0, y0, x0, (y0 + y1) / 2, x1, (y0 + y1) / 2, x1, y1];
}
