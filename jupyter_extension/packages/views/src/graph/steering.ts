/** The camera of one picture: follows the size of its place until somebody takes hold of it. */
import { useCallback, useMemo, useRef, useState } from "preact/hooks";
import type { Camera, Rect } from "./camera";
import { fit, kept, reveal, zoom } from "./camera";

interface Picture {
  width: number;
  height: number;
}

export interface Steering {
  camera: Camera;
  pan(dx: number, dy: number): void;
  zoomAt(factor: number, x: number, y: number): void;
  zoomBy(factor: number): void;
  fitAll(): void;
  show(box: Rect): void;
}

export function useCamera(picture: Picture, width: number, height: number, least = 0): Steering {
  const [held, setHeld] = useState<Camera>();
  // Worked out while drawing and not after it: a picture drawn for another place first would be drawn twice.
  const camera = useMemo(
    () => (held ? kept(held, picture, width, height) : fit(picture, width || 800, height || 300, least)),
    [held, picture.width, picture.height, width, height, least],
  );
  const now = useRef({ picture, width, height, camera });
  now.current = { picture, width, height, camera };

  const furthest = () => Math.min(0.5, fit(now.current.picture, now.current.width, now.current.height).k * 0.7);
  const move = useCallback((change: (last: Camera) => Camera) => {
    const keep = (one: Camera) => kept(one, now.current.picture, now.current.width, now.current.height);
    setHeld((last) => keep(change(last ? keep(last) : now.current.camera)));
  }, []);
  return {
    camera,
    pan: useCallback((dx, dy) => move((last) => ({ k: last.k, x: last.x + dx, y: last.y + dy })), []),
    zoomAt: useCallback((factor, x, y) => move((last) => zoom(last, factor, x, y, furthest())), []),
    zoomBy: useCallback((factor) => move((last) => zoom(last, factor, now.current.width / 2, now.current.height / 2, furthest())), []),
    fitAll: useCallback(() => setHeld(undefined), []),
    show: useCallback((box) => move((last) => reveal(last, box, now.current.width, now.current.height)), []),
  };
}
