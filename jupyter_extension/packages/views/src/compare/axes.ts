/** What can be plotted of a comparison: a number, or a few words, for every run. */
import type { Comparison, Json, Row } from "../types";
import * as words from "../words";

export interface Axis {
  name: string;
  kind: "parameter" | "result";
  /** Position of each run from 0 (low) to 1 (high); undefined: it has none. */
  places: (number | undefined)[];
  values: Json[];
  /** Marks with their positions. */
  ticks: { at: number; text: string }[];
  logarithmic: boolean;
}

const MOST_AXES = 12;
const MOST_WORDS = 12;

/** Axes of what differs: parameters first, then results. */
export function axesOf(view: Comparison): Axis[] {
  const made = (rows: readonly Row[], kind: Axis["kind"]) => rows.filter((row) => row.differs).flatMap((row) => axis(row, kind) ?? []);
  return [...made(view.parameters, "parameter"), ...made(view.metrics, "result")].slice(0, MOST_AXES);
}

function axis(row: Row, kind: Axis["kind"]): Axis | undefined {
  const values = [...row.cells];
  const numbers = values.filter((one): one is number => typeof one === "number");
  if (numbers.length >= 2 && values.every((one) => one === null || typeof one === "number")) return numeric(row.name, kind, values, numbers);
  const distinct = [...new Set(values.filter((one) => one !== null).map((one) => JSON.stringify(one)))].sort();
  if (distinct.length < 2 || distinct.length > MOST_WORDS) return undefined;
  const place = (text: string) => distinct.indexOf(text) / (distinct.length - 1);
  return {
    name: row.name, kind, values, logarithmic: false,
    places: values.map((one) => (one === null ? undefined : place(JSON.stringify(one)))),
    ticks: distinct.map((text) => ({ at: place(text), text: words.value(JSON.parse(text) as Json, 14) })),
  };
}

function numeric(name: string, kind: Axis["kind"], values: Json[], numbers: number[]): Axis {
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const logarithmic = kind === "parameter" && low > 0 && high / low >= 20;
  const scale = logarithmic ? Math.log10 : (one: number) => one;
  const span = scale(high) - scale(low) || 1;
  const place = (one: number) => (scale(one) - scale(low)) / span;
  const middle = logarithmic ? 10 ** ((Math.log10(low) + Math.log10(high)) / 2) : (low + high) / 2;
  return {
    name, kind, values, logarithmic,
    places: values.map((one) => (typeof one === "number" ? place(one) : undefined)),
    ticks: [low, middle, high].map((one) => ({ at: place(one), text: words.number(Number(one.toPrecision(4))) })),
  };
}
