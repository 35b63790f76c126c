/** Sizes of elements as they are on screen. */
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

export interface Extent {
  width: number;
  height: number;
}

/** The inner size of an element, kept up to date. Unit: CSS pixels. `prepare` may shape it before it is measured first. */
export function useExtent(element: RefObject<HTMLElement | null>, prepare?: (node: HTMLElement) => void): Extent {
  const [extent, setExtent] = useState<Extent>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const node = element.current;
    if (!node) return undefined;
    const read = () =>
      setExtent((now) => {
        const width = node.clientWidth;
        const height = node.clientHeight;
        return now.width === width && now.height === height ? now : { width, height };
      });
    prepare?.(node);
    read();
    const observer = new ResizeObserver(read);
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  return extent;
}

/** Whether the reader wants no motion. */
export function useCalm(): boolean {
  const [calm, setCalm] = useState(() => matchMedia("(prefers-reduced-motion: reduce)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-reduced-motion: reduce)");
    const told = () => setCalm(query.matches);
    query.addEventListener("change", told);
    return () => query.removeEventListener("change", told);
  }, []);
  return calm;
}
