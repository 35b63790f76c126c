/**
 * A long list of rows of one height, of which only those on screen exist. Browsers draw elements up to some ten
 * million pixels high: beyond, the scroll bar is a scale, and the wheel still moves by pixels.
 */
import type { ComponentChildren, HTMLAttributes, JSX, RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useExtent } from "../live/measuring";

const TALLEST_PX = 8_000_000;
const OVERSCAN = 6;

export interface Scroller {
  /** Bring a row into sight; `centre` puts it in the middle. */
  show(index: number, centre?: boolean): void;
  toEnd(): void;
  atEnd(): boolean;
}

interface WindowedProps {
  count: number;
  rowHeight: number;
  /** Draw rows from `from` up to and without `to`. */
  children(from: number, to: number): ComponentChildren;
  class?: string;
  /** Told which rows are on screen. */
  onRange?(from: number, to: number): void;
  /** Told when the reader scrolls, not when `scroller` does. */
  onScroll?(atEnd: boolean): void;
  scroller?: RefObject<Scroller | null>;
  header?: ComponentChildren;
  attributes?: HTMLAttributes<HTMLDivElement>;
}

export function Windowed(props: WindowedProps): JSX.Element {
  const { count, rowHeight } = props;
  const box = useRef<HTMLDivElement>(null);
  const { height } = useExtent(box);
  const [top, setTop] = useState(0);
  const total = count * rowHeight;
  const tall = Math.min(total, TALLEST_PX);
  const scale = total > tall && tall > height ? (total - height) / (tall - height) : 1;
  const expected = useRef(-1);
  const live = useRef({ top, total, scale, height, rowHeight });
  live.current = { top, total, scale, height, rowHeight };

  const move = useCallback((wanted: number) => {
    const now = live.current;
    const next = Math.max(0, Math.min(wanted, now.total - now.height));
    live.current.top = next;
    if (box.current) {
      box.current.scrollTop = next / now.scale;
      expected.current = box.current.scrollTop;
    }
    setTop(next);
  }, []);

  const onScroll = () => {
    const node = box.current;
    if (!node) return;
    const now = live.current;
    if (Math.abs(node.scrollTop - expected.current) < 1) return;
    expected.current = -1;
    const next = node.scrollTop * now.scale;
    live.current.top = next;
    setTop(next);
    props.onScroll?.(next + now.height >= now.total - now.rowHeight);
  };

  useEffect(() => {
    const node = box.current;
    if (!node || scale === 1) return undefined;
    const onWheel = (event: WheelEvent) => {
      if (event.ctrlKey || event.deltaY === 0) return;
      event.preventDefault();
      move(live.current.top + event.deltaY * (event.deltaMode === 1 ? rowHeight : 1));
      props.onScroll?.(live.current.top + live.current.height >= live.current.total - rowHeight);
    };
    node.addEventListener("wheel", onWheel, { passive: false });
    return () => node.removeEventListener("wheel", onWheel);
  }, [scale === 1, rowHeight]);

  if (props.scroller)
    props.scroller.current = {
      show(index, centre) {
        const now = live.current;
        const at = index * now.rowHeight;
        if (centre) move(at - now.height / 2 + now.rowHeight / 2);
        else if (at < now.top) move(at);
        else if (at + now.rowHeight > now.top + now.height) move(at + now.rowHeight - now.height);
      },
      toEnd: () => move(live.current.total),
      atEnd: () => live.current.top + live.current.height >= live.current.total - live.current.rowHeight,
    };

  const from = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const to = Math.min(count, Math.ceil((top + Math.max(height, 1)) / rowHeight) + OVERSCAN);
  useLayoutEffect(() => props.onRange?.(from, to), [from, to, count]);
  // Rows stand where the scroll bar is: their true place minus what the scale hides.
  const shift = scale === 1 ? from * rowHeight : top / scale - (top - from * rowHeight);
  return (
    <div {...props.attributes} ref={box} class={`tc-windowed ${props.class ?? ""}`} onScroll={onScroll}>
      {props.header}
      <div class="tc-tall" role="presentation" style={{ height: `${tall}px` }}>
        <div class="tc-rows" role="presentation" style={{ transform: `translateY(${shift}px)` }}>
          {props.children(from, to)}
        </div>
      </div>
    </div>
  );
}
