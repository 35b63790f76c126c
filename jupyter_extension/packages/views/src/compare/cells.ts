/** Cells of a comparison in words. */
import type { Comparison, Json, Row } from "../types";
import * as words from "../words";

/** Name a column: A … Z, AA … */
export function letter(index: number): string {
  let said = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) said = String.fromCharCode(65 + ((rest - 1) % 26)) + said;
  return said;
}

export function saidCell(title: string, cell: Json, base: Json | undefined): { text: string; delta: string } {
  if (cell === null) return { text: "–", delta: "" };
  if (title === "Durations" && typeof cell === "number") return { text: words.duration(cell), delta: words.change(base, cell) };
  if (title === "Cached") return { text: cell === true ? "cached" : "executed", delta: "" };
  if (typeof cell === "number" && title === "Results") return { text: words.number(cell), delta: words.change(base, cell) };
  return { text: typeof cell === "string" && title === "Environment" ? cell : words.value(cell, 120), delta: "" };
}

const differing = (rows: readonly Row[]) => rows.filter((row) => row.differs).length;

/** What differs, in one sentence. */
export function summary(view: Comparison): string {
  const said = [
    [differing(view.parameters), "parameter", "parameters"],
    [differing(view.metrics), "result", "results"],
    [new Set(view.code.map((diff) => diff.task)).size, "task's code", "tasks' code"],
    [differing(view.environment), "environment entry", "environment entries"],
    [view.outputs.filter((row) => row.differs).length, "output", "outputs"],
  ] as const;
  const parts = said.filter(([number]) => number > 0).map(([number, noun, nouns]) => words.plural(number, noun, nouns));
  return parts.length > 0 ? `Differs in ${parts.join(", ")}.` : "No difference in parameters, results, code or outputs.";
}
