/** Two canvases, edges below nodes. While one pans or zooms a large graph, the last picture is moved; it is drawn sharp when the hand rests. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useAround } from "../live/context";
import { variable } from "../states";
import type { Camera } from "./camera";
import { sight } from "./camera";
import type { Colours } from "./canvas";
import { drawEdges, drawNodes, prepare, readColours } from "./canvas";
import type { Item, Shape } from "./scene";

interface LayersProps {
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

/** What the canvases show. */
interface Drawn extends LayersProps {
  theme: string;
  cost_ms: number;
}

/** Above this time of a drawing, gestures move the last picture instead. Unit: milliseconds. */
const SLOW_MS = 7;
const REST_MS = 90;

export function CanvasPicture(props: LayersProps): JSX.Element {
  const { theme } = useAround();
  const edges = useRef<HTMLCanvasElement>(null);
  const nodes = useRef<HTMLCanvasElement>(null);
  const colours = useRef<Colours | undefined>(undefined);
  const drawn = useRef<Drawn | undefined>(undefined);
  const rest = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;

  const draw = (layer: "both" | "nodes") => {
    const { camera, shape, items, width, height, near } = latest.current;
    const started = performance.now();
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    if (!nodes.current || !edges.current) return;
    colours.current ??= readColours(nodes.current, variable);
    const seen = sight(camera, width, height);
    if (layer === "both") {
      const below = prepare(edges.current, width, height, ratio);
      if (below) drawEdges(below, shape, camera, seen, ratio, colours.current, near);
    }
    const above = prepare(nodes.current, width, height, ratio);
    if (above) drawNodes(above, items, camera, width, height, ratio, colours.current, latest.current);
    for (const canvas of [edges.current, nodes.current]) canvas.style.transform = "";
    const cost_ms = layer === "both" ? performance.now() - started : (drawn.current?.cost_ms ?? 0);
    drawn.current = { ...latest.current, theme, cost_ms };
  };

  // One place decides what is drawn anew, so that nothing is drawn twice for one change.
  useLayoutEffect(() => {
    const last = drawn.current;
    if (last?.theme !== theme) colours.current = undefined;
    if (last?.theme !== theme || last.shape !== props.shape || last.width !== props.width || last.height !== props.height || last.near !== props.near) draw("both");
    else if (last.camera !== props.camera) follow(last);
    else if (last.items !== props.items || last.current !== props.current || last.chosen !== props.chosen || last.found !== props.found) draw("nodes");
  });

  const follow = (last: Drawn) => {
    clearTimeout(rest.current);
    if (last.cost_ms <= SLOW_MS) {
      draw("both");
      return;
    }
    const k = props.camera.k / last.camera.k;
    const move = `translate(${props.camera.x - last.camera.x * k}px, ${props.camera.y - last.camera.y * k}px) scale(${k})`;
    for (const canvas of [edges.current, nodes.current]) if (canvas) canvas.style.transform = move;
    rest.current = setTimeout(() => draw("both"), REST_MS);
  };

  useEffect(() => () => clearTimeout(rest.current), []);

  const style = { width: `${props.width}px`, height: `${props.height}px` };
  return (
    <>
      <canvas ref={edges} class="tc-canvas" style={style} aria-hidden="true" />
      <canvas ref={nodes} class="tc-canvas" style={style} aria-hidden="true" />
    </>
  );
}
