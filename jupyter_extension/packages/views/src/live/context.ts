/** What every part of a view may need: the store, the host, and a voice for screen readers. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Host, Store } from "../store";

export interface Surroundings {
  store: Store;
  host: Host;
  /** Prefix of ids in the document: several views live on a page. */
  id: string;
  /** The view's outermost element: where its colours are read. */
  root: HTMLElement;
  /** Changes when the theme does: canvas parts draw anew. */
  theme: string;
  /** Say something to a screen reader. */
  announce(text: string): void;
}

export const Around = createContext<Surroundings | undefined>(undefined);

export function useAround(): Surroundings {
  const around = useContext(Around);
  if (!around) throw new Error("A part of a view stands outside of mount().");
  return around;
}

/** Keep a small value over reloads, where the host can. */
export function remembered<T>(host: Host, key: string, fallback: T, check: (kept: unknown) => kept is T): T {
  const kept = host.recall?.(key);
  return check(kept) ? kept : fallback;
}
