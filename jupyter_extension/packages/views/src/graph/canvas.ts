/** The graph on a canvas: for hundreds and thousands of nodes. Edges and nodes have a layer each, so that a change of states draws nodes only. */
import { look, ordered, total } from "../states";
import type { Camera, Rect } from "./camera";
import { meets, sight, within } from "./camera";
import { READABLE } from "./svg";
import { detail, title } from "./saying";
import type { Item, Route, Shape } from "./scene";

export interface Colours {
  of(state: string): string;
  card: string;
  text: string;
  muted: string;
  line: string;
  rim: string;
  focus: string;
  font: string;
}

interface Marks {
  current: string;
  chosen: string;
  near: string;
  found: ReadonlySet<string> | undefined;
}

/** Read colours off the element's variables: once a theme. */
export function readColours(element: HTMLElement, variableOf: (state: string) => string): Colours {
  const style = getComputedStyle(element);
  const read = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  const states = new Map<string, string>();
  return {
    of(state) {
      let colour = states.get(state);
      if (colour === undefined) states.set(state, (colour = read(variableOf(state), "#888")));
      return colour;
    },
    card: read("--tc-card", "#fff"),
    text: read("--tc-fg", "#222"),
    muted: read("--tc-muted", "#666"),
    line: read("--tc-edge", "#9aa5b1"),
    rim: read("--tc-line", "#ddd"),
    focus: read("--tc-focus", "#1f55d0"),
    font: style.fontFamily || "sans-serif",
  };
}

export function prepare(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): CanvasRenderingContext2D | null {
  const wide = Math.max(1, Math.round(width * ratio));
  const tall = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== tall) canvas.height = tall;
  const context = canvas.getContext("2d");
  context?.setTransform(1, 0, 0, 1, 0, 0);
  context?.clearRect(0, 0, wide, tall);
  return context;
}

function look2(context: CanvasRenderingContext2D, camera: Camera, ratio: number): void {
  context.setTransform(camera.k * ratio, 0, 0, camera.k * ratio, camera.x * ratio, camera.y * ratio);
}

export function drawEdges(context: CanvasRenderingContext2D, shape: Shape, camera: Camera, seen: Rect, ratio: number, colours: Colours, near: string): void {
  look2(context, camera, ratio);
  const rough = camera.k < 0.25;
  context.lineWidth = Math.max(1, 0.7 / camera.k) * (rough ? 0.8 : 1);
  context.strokeStyle = colours.line;
  context.globalAlpha = rough ? 0.35 : 0.8;
  context.beginPath();
  const lit: Route[] = [];
  const whole = within({ x: 0, y: 0, width: shape.width, height: shape.height }, seen);
  for (const route of shape.routes) {
    if (!whole && !meets(route.bounds, seen)) continue;
    if (near !== "" && (route.source === near || route.target === near)) lit.push(route);
    else trace(context, route.points, rough);
  }
  context.stroke();
  context.globalAlpha = 1;
  if (lit.length > 0) {
    context.beginPath();
    for (const route of lit) trace(context, route.points, rough);
    context.strokeStyle = colours.focus;
    context.lineWidth = Math.max(1.6, 1.4 / camera.k);
    context.stroke();
  }
}

function trace(context: CanvasRenderingContext2D, points: readonly number[], rough: boolean): void {
  context.moveTo(points[0] ?? 0, points[1] ?? 0);
  for (let at = 2; at + 5 < points.length; at += 6) {
    const x = points[at + 4] ?? 0;
    const y = points[at + 5] ?? 0;
    if (rough) context.lineTo(x, y);
    else context.bezierCurveTo(points[at] ?? 0, points[at + 1] ?? 0, points[at + 2] ?? 0, points[at + 3] ?? 0, x, y);
  }
}

export function drawNodes(context: CanvasRenderingContext2D, items: readonly Item[], camera: Camera, width: number, height: number, ratio: number, colours: Colours, marks: Marks): void {
  const seen = sight(camera, width, height);
  look2(context, camera, ratio);
  const shown = items.filter((item) => meets(item.box, seen));
  if (camera.k < READABLE * 0.8) drawDots(context, shown, camera, colours, marks);
  else for (const item of shown) drawCard(context, item, colours, marks, camera.k >= READABLE);
  for (const item of shown) {
    const { id } = item.node;
    if (id !== marks.current && id !== marks.chosen) continue;
    const grow = 3 / camera.k;
    context.strokeStyle = colours.focus;
    context.lineWidth = (id === marks.current ? 2.5 : 1.6) / camera.k;
    rounded(context, { x: item.box.x - grow, y: item.box.y - grow, width: item.box.width + 2 * grow, height: item.box.height + 2 * grow }, 8);
    context.stroke();
  }
}

/** Far away: a filled box a node, one path a state. A failure is larger than its box, so that it is seen. */
function drawDots(context: CanvasRenderingContext2D, items: readonly Item[], camera: Camera, colours: Colours, marks: Marks): void {
  const least = 2.2 / camera.k;
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const state = item.node.state ?? "pending";
    const group = groups.get(state);
    if (group) group.push(item);
    else groups.set(state, [item]);
  }
  const loud = ["failed", "refused", "interrupted", "running"];
  for (const [state, group] of [...groups].sort(([one], [other]) => loud.indexOf(one) - loud.indexOf(other))) {
    context.fillStyle = colours.of(state);
    const grow = loud.includes(state) ? Math.max(0, 3 / camera.k - 4) : 0;
    for (const dimmed of [true, false]) {
      context.globalAlpha = dimmed ? 0.2 : state === "pending" ? 0.55 : 0.9;
      context.beginPath();
      for (const { node, box } of group)
        if ((marks.found !== undefined && !marks.found.has(node.id)) === dimmed)
          context.rect(box.x - grow / 2, box.y - grow / 2, Math.max(box.width, least) + grow, Math.max(box.height, least) + grow);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

function rounded(context: CanvasRenderingContext2D, box: Rect, radius: number): void {
  context.beginPath();
  context.roundRect(box.x, box.y, box.width, box.height, radius);
}

const SIGNS = new Map<string, Path2D>();

function drawCard(context: CanvasRenderingContext2D, { node, box }: Item, colours: Colours, marks: Marks, words: boolean): void {
  const state = node.state ?? "pending";
  const { path, filled, open } = look(state);
  const task = node.role === "task";
  const colour = task ? colours.of(state) : colours.rim;
  context.globalAlpha = marks.found !== undefined && !marks.found.has(node.id) ? 0.25 : 1;
  const alpha = context.globalAlpha;
  rounded(context, box, task ? 7 : box.height / 2);
  context.fillStyle = colours.card;
  context.fill();
  if (task) {
    context.fillStyle = colour;
    context.globalAlpha = alpha * 0.07;
    context.fill();
    context.globalAlpha = alpha;
  }
  context.strokeStyle = colour;
  context.lineWidth = 1.2;
  context.setLineDash(open && state !== "running" && task ? [4, 3] : []);
  context.stroke();
  context.setLineDash([]);
  const counted = Object.keys(node.counts).length > 0;
  const middle = box.y + box.height / 2 - (counted ? 4 : 0);
  if (task) {
    let sign = SIGNS.get(path);
    if (!sign) SIGNS.set(path, (sign = new Path2D(path)));
    context.save();
    context.translate(box.x + 17, middle);
    context.fillStyle = colour;
    context.lineWidth = 1.8;
    context.lineCap = "round";
    if (filled) context.fill(sign);
    else context.stroke(sign);
    context.restore();
  }
  if (words) {
    context.textAlign = task ? "left" : "center";
    context.fillStyle = task ? colours.text : colours.muted;
    context.font = task ? `600 13px ${colours.font}` : `11px ${colours.font}`;
    context.fillText(title(node), task ? box.x + 34 : box.x + box.width / 2, task ? middle - 3 : middle + 4);
    if (task) {
      context.fillStyle = colours.muted;
      context.font = `11px ${colours.font}`;
      context.fillText(detail(node), box.x + 34, middle + 12);
    }
  }
  if (counted) drawShares(context, node.counts, box, colours);
  context.globalAlpha = 1;
}

function drawShares(context: CanvasRenderingContext2D, counts: Readonly<Record<string, number>>, box: Rect, colours: Colours): void {
  const room = box.width - 20;
  const all = Math.max(1, total(counts));
  let at = box.x + 10;
  for (const [state, number] of ordered(counts)) {
    const width = (room * number) / all;
    context.fillStyle = colours.of(state);
    context.fillRect(at, box.y + box.height - 10, Math.max(1, width - 0.5), 4);
    at += width;
  }
}
