/** Pointer and wheel: drag pans, Ctrl+wheel or two fingers zoom, so that a plain wheel goes on scrolling the page. */
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface Gestures {
  onPan(dx: number, dy: number): void;
  onZoom(factor: number, x: number, y: number): void;
  onTap(x: number, y: number): void;
  onHover(x: number, y: number): void;
  onLeave(): void;
}

const SLOP_PX = 4;

export function useGestures(element: RefObject<HTMLElement | null>, gestures: Gestures): void {
  const latest = useRef(gestures);
  latest.current = gestures;
  useEffect(() => {
    const node = element.current;
    if (!node) return undefined;
    const pointers = new Map<number, PointerEvent>();
    let pressed = { x: 0, y: 0 };
    let moved = false;
    let spread = 0;
    const place = (event: { clientX: number; clientY: number }) => {
      const bounds = node.getBoundingClientRect();
      return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
    };
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { x, y } = place(event);
      const pixels = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
      latest.current.onZoom(Math.exp(-Math.max(-120, Math.min(120, pixels)) * 0.004), x, y);
    };
    const onDown = (event: PointerEvent) => {
      if (event.button !== 0) return;
      pointers.set(event.pointerId, event);
      pressed = place(event); // what lies there now is meant, even if the page moves under the pointer
      moved = pointers.size > 1;
      spread = 0;
    };
    const onMove = (event: PointerEvent) => {
      const last = pointers.get(event.pointerId);
      if (!last) {
        const at = place(event);
        if (event.pointerType === "mouse") latest.current.onHover(at.x, at.y);
        return;
      }
      const [dx, dy] = [event.clientX - last.clientX, event.clientY - last.clientY];
      if (!moved && Math.hypot(dx, dy) < SLOP_PX) return;
      if (!moved) node.setPointerCapture(event.pointerId);
      moved = true;
      pointers.set(event.pointerId, event);
      const [one, other] = [...pointers.values()].map(place);
      if (one && other) {
        const distance = Math.hypot(one.x - other.x, one.y - other.y);
        if (spread > 0) latest.current.onZoom(distance / spread, (one.x + other.x) / 2, (one.y + other.y) / 2);
        spread = distance;
      } else latest.current.onPan(dx, dy);
    };
    const onUp = (event: PointerEvent) => {
      if (!pointers.delete(event.pointerId)) return;
      if (!moved && event.type === "pointerup") latest.current.onTap(pressed.x, pressed.y);
      spread = 0;
    };
    const onLeave = () => latest.current.onLeave();
    node.addEventListener("wheel", onWheel, { passive: false });
    node.addEventListener("pointerdown", onDown);
    node.addEventListener("pointermove", onMove);
    node.addEventListener("pointerup", onUp);
    node.addEventListener("pointercancel", onUp);
    node.addEventListener("pointerleave", onLeave);
    return () => {
      node.removeEventListener("wheel", onWheel);
      node.removeEventListener("pointerdown", onDown);
      node.removeEventListener("pointermove", onMove);
      node.removeEventListener("pointerup", onUp);
      node.removeEventListener("pointercancel", onUp);
      node.removeEventListener("pointerleave", onLeave);
    };
  }, []);
}
