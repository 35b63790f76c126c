/** Where an arrow key leads: along the flow to what is needed or needs it, across to the nearest neighbour of its rank. */
import type { Rect } from "./camera";
import type { Shape } from "./scene";

export type Step = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End";

export function isStep(key: string): key is Step {
  return ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(key);
}

export function walk(shape: Shape, from: string | undefined, step: Step): string | undefined {
  const first = shape.order[0];
  const box = from === undefined ? undefined : shape.boxes.get(from);
  if (step === "Home" || !box || from === undefined) return step === "End" ? shape.order.at(-1) : first;
  if (step === "End") return shape.order.at(-1);
  const flow = shape.direction === "right" ? { ArrowLeft: -1, ArrowRight: 1 } : { ArrowUp: -1, ArrowDown: 1 };
  const sense = (flow as Partial<Record<Step, number>>)[step];
  if (sense !== undefined) {
    const linked = (sense > 0 ? shape.after : shape.before).get(from) ?? [];
    return nearest(shape, box, linked) ?? from;
  }
  const back = step === "ArrowUp" || step === "ArrowLeft";
  return beside(shape, from, box, back) ?? from;
}

function nearest(shape: Shape, box: Rect, ids: readonly string[]): string | undefined {
  let [found, least] = [undefined as string | undefined, Infinity];
  for (const id of ids) {
    const other = shape.boxes.get(id);
    if (!other) continue;
    const distance = shape.direction === "right" ? Math.abs(middle(other).y - middle(box).y) : Math.abs(middle(other).x - middle(box).x);
    if (distance < least) [found, least] = [id, distance];
  }
  return found;
}

/** The next one across, in the same rank first, else in a rank that overlaps it. */
function beside(shape: Shape, from: string, box: Rect, back: boolean): string | undefined {
  const right = shape.direction === "right";
  const here = middle(box);
  let [found, least] = [undefined as string | undefined, Infinity];
  for (const [id, other] of shape.boxes) {
    if (id === from) continue;
    const there = middle(other);
    const across = right ? there.y - here.y : there.x - here.x;
    const along = Math.abs(right ? there.x - here.x : there.y - here.y);
    if (back ? across >= 0 : across <= 0) continue;
    const cost = Math.abs(across) + along * 6;
    if (cost < least) [found, least] = [id, cost];
  }
  return found;
}

function middle(box: Rect): { x: number; y: number } {
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
