/** How a state looks: a sign, a word, a colour by CSS variable. Sign and word carry the meaning alone. */
import type { State, TaskRow } from "./types";
import { count } from "./words";

interface Look {
  /** A path in a field of 12 by 12 around the origin. */
  path: string;
  filled: boolean;
  /** Whether something is still to be done. */
  open: boolean;
}

const diamond = "M0-5 5 0 0 5-5 0Z";
const LOOKS: Readonly<Record<State, Look>> = {
  succeeded: { path: "M-5 .5-1.5 4 5-3.5", filled: false, open: false },
  cached: { path: diamond, filled: true, open: false },
  failed: { path: "M-4-4 4 4M4-4-4 4", filled: false, open: false },
  refused: { path: "M5 0A5 5 0 1 1-5 0 5 5 0 1 1 5 0ZM-3.4 3.4 3.4-3.4", filled: false, open: false },
  interrupted: { path: "M-2.5-4.5V4.5M2.5-4.5V4.5", filled: false, open: false },
  cancelled: { path: "M-4-4H4V4H-4Z", filled: true, open: false },
  skipped: { path: "M-5 2A4.5 4.5 0 0 1 3.6.6M4.4-3.4 3.9 1-.3.2", filled: false, open: false },
  running: { path: "M-3.5-5 5 0-3.5 5Z", filled: true, open: true },
  stale: { path: diamond, filled: false, open: true },
  "will run": { path: "M-3-4.5 4.5 0-3 4.5Z", filled: false, open: true },
  "may run": { path: "M-2-3 3 0-2 3Z", filled: false, open: true },
  pending: { path: "M4.6 0A4.6 4.6 0 1 1-4.6 0 4.6 4.6 0 1 1 4.6 0Z", filled: false, open: true },
};

/** Order in which a bar and a legend show states: what is done first. */
export const ORDER = Object.keys(LOOKS) as readonly State[];

export function isState(text: string): text is State {
  return Object.hasOwn(LOOKS, text);
}

export function look(state: string): Look {
  return isState(state) ? LOOKS[state] : LOOKS.pending;
}

/** The name of a state's colour among the view's variables: `--tc-will-run`. */
export function variable(state: string): string {
  return `--tc-${isState(state) ? state.replace(" ", "-") : "pending"}`;
}

/** A success that came from the cache is shown as cached. */
export function shownState(task: Pick<TaskRow, "state" | "cached">): State {
  return task.cached && task.state === "succeeded" ? "cached" : task.state;
}

/** Whether something is still to be done in this state. */
export function isOpen(state: string): boolean {
  return look(state).open;
}

/** Number of each state, in the order of a bar. */
export function ordered(counts: Readonly<Record<string, number>>): [State, number][] {
  return ORDER.flatMap((state) => {
    const number = counts[state];
    return typeof number === "number" && number > 0 ? [[state, number] as [State, number]] : [];
  });
}

export function total(counts: Readonly<Record<string, number>>): number {
  return ordered(counts).reduce((sum, [, number]) => sum + number, 0);
}

export function ended(counts: Readonly<Record<string, number>>): number {
  return ordered(counts).reduce((sum, [state, number]) => sum + (isOpen(state) ? 0 : number), 0);
}

/** Counts in words: `3 succeeded, 1 failed`. */
export function tally(counts: Readonly<Record<string, number>>): string {
  return ordered(counts)
    .map(([state, number]) => `${count(number)} ${state}`)
    .join(", ");
}
