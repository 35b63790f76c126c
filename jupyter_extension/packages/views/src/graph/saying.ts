/** What a node says of itself. */
import * as escaping from "../escaping";
import { tally } from "../states";
import type { Node } from "../types";
import type { Shape } from "./scene";

export function title(node: Node, limit = 26): string {
  const label = escaping.name(node.label, limit);
  return node.role !== "task" && node.detail ? `${label} = ${escaping.name(node.detail, 14)}` : label;
}

export function detail(node: Node): string {
  return escaping.name(node.detail || node.state || "", 30);
}

/** A node in a sentence, for a screen reader. */
export function spoken(node: Node, shape: Shape, label: (id: string) => string): string {
  const parts = [escaping.name(node.label, 60), node.role === "task" ? (node.state ?? "task") : node.role];
  if (node.detail && node.detail !== node.state) parts.push(escaping.name(node.detail, 60));
  if (Object.keys(node.counts).length > 0) parts.push(tally(node.counts));
  const needs = shape.before.get(node.id)?.length ?? 0;
  const gives = shape.after.get(node.id) ?? [];
  if (needs) parts.push(`needs ${(shape.before.get(node.id) ?? []).slice(0, 3).map(label).join(", ")}${needs > 3 ? ` and ${needs - 3} more` : ""}`);
  if (gives.length) parts.push(`needed by ${gives.slice(0, 3).map(label).join(", ")}${gives.length > 3 ? ` and ${gives.length - 3} more` : ""}`);
  if (node.reason) parts.push(escaping.sentence(node.reason, 200));
  return parts.join(", ");
}
