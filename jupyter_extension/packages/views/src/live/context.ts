/** What every part of a view may need: the store, the host, and a voice for screen readers. */
import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
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

/** A small value that stays when the view is drawn anew, and over reloads where the host can. `first` goes before what was kept. */
export function useChoice<T>(key: string, fallback: T, check: (kept: unknown) => kept is T, first?: T): [T, (next: T) => void] {
  const { host } = useAround();
  const [value, setValue] = useState(() => {
    const kept = first ?? host.recall?.(key);
    return check(kept) ? kept : fallback;
  });
  return [
    value,
    (next) => {
      setValue(() => next);
      host.remember?.(key, next);
    },
  ];
}
