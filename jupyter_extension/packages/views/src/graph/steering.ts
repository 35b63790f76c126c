/** The camera of one picture: follows the size of its place until somebody takes hold of it. */
import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
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
  const [camera, setCamera] = useState<Camera>(() => fit(picture, width || 800, height || 300, least));
  const touched = useRef(false);
  const now = useRef({ picture, width, height, least });
  now.current = { picture, width, height, least };

  useLayoutEffect(() => {
    if (width === 0 || height === 0) return;
    setCamera((last) => {
      const next = touched.current ? kept(last, picture, width, height) : fit(picture, width, height, least);
      return next.k === last.k && next.x === last.x && next.y === last.y ? last : next;
    });
  }, [picture.width, picture.height, width, height, least]);

  const furthest = () => Math.min(0.5, fit(now.current.picture, now.current.width, now.current.height).k * 0.7);
  const move = useCallback((change: (last: Camera) => Camera) => {
    touched.current = true;
    setCamera((last) => kept(change(last), now.current.picture, now.current.width, now.current.height));
  }, []);
  return {
    camera,
    pan: useCallback((dx, dy) => move((last) => ({ k: last.k, x: last.x + dx, y: last.y + dy })), []),
    zoomAt: useCallback((factor, x, y) => move((last) => zoom(last, factor, x, y, furthest())), []),
    zoomBy: useCallback((factor) => move((last) => zoom(last, factor, now.current.width / 2, now.current.height / 2, furthest())), []),
    fitAll: useCallback(() => {
      touched.current = false;
      setCamera(fit(now.current.picture, now.current.width, now.current.height, now.current.least));
    }, []),
    show: useCallback((box) => move((last) => reveal(last, box, now.current.width, now.current.height)), []),
  };
}
