/** The elements of a mapped task as a windowed grid: a thousand signs at a glance, each with its words. */
import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAround } from "../live/context";
import { Badge, Bar, Failure, Legend } from "../parts/basics";
import { Windowed } from "../parts/windowed";
import type { Scroller } from "../parts/windowed";
import { ordered } from "../states";
import type { ViewError } from "../store";
import { asViewError } from "../store";
import type { ElementPage, ElementRow, TaskRow } from "../types";
import * as words from "../words";

const PAGE = 200;
const ROW_PX = 26;

interface ElementsProps {
  run: string;
  row: TaskRow;
  first: ElementPage | null;
  onOpen?(id: string): void;
}

export function Elements({ run, row, first, onOpen }: ElementsProps): JSX.Element {
  const { store } = useAround();
  const [state, setState] = useState("");
  const [pages, setPages] = useState<ReadonlyMap<number, ElementPage>>(() => new Map(first ? [[0, first]] : []));
  const [error, setError] = useState<ViewError>();
  const [current, setCurrent] = useState(0);
  const range = useRef<[number, number]>([0, 0]);
  const asked = useRef(new Map<number, AbortController>());
  const scroller = useRef<Scroller | null>(null);
  const known = [...pages.values()].at(-1) ?? first;
  const counts = known?.counts ?? {};
  const total = state ? (known?.total ?? 0) : Math.max(known?.planned ?? 0, known?.total ?? 0, row.elements ?? 0);

  const ask = useCallback(
    (page: number) => {
      asked.current.get(page)?.abort();
      const stop = new AbortController();
      asked.current.set(page, stop);
      store.request("tasks.elements", { run, task: row.id, offset: page * PAGE, limit: PAGE, state }, stop.signal).then(
        (found) => {
          asked.current.delete(page);
          setError(undefined);
          setPages((last) => new Map(last).set(page, found));
        },
        (thrown: unknown) => {
          if (stop.signal.aborted) return;
          asked.current.delete(page);
          setError(asViewError(thrown));
        },
      );
    },
    [store, run, row.id, state],
  );
  const onRange = (from: number, to: number) => {
    range.current = [from, to];
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page += 1) if (!pages.has(page) && !asked.current.has(page)) ask(page);
  };
  // What is on screen is asked for again when the map went on, at most once a second.
  const progress = `${row.elements_done}/${row.state}`;
  useEffect(() => {
    const timer = setTimeout(() => {
      const [from, to] = range.current;
      for (let page = Math.floor(from / PAGE); page * PAGE < Math.max(1, to); page += 1) ask(page);
    }, 700);
    return () => clearTimeout(timer);
  }, [progress, ask]);
  useEffect(() => () => asked.current.forEach((stop) => stop.abort()), []);

  const at = (index: number): ElementRow | undefined => pages.get(Math.floor(index / PAGE))?.elements[index % PAGE];
  const choose = (name: string) => {
    asked.current.forEach((stop) => stop.abort());
    asked.current.clear();
    setPages(new Map());
    setState(name);
    setCurrent(0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) {
      if (event.key === "Enter" && onOpen) onOpen(at(current)?.id ?? "");
      return;
    }
    event.preventDefault();
    const next = Math.max(0, Math.min(total - 1, current + step));
    setCurrent(next);
    scroller.current?.show(next);
  };
  const { id } = useAround();
  return (
    <div class="tc-elements">
      <Bar counts={counts} />
      <div class="tc-tools">
        <Legend counts={counts} />
        <span class="tc-spring" />
        <label>
          <span class="tc-unseen">Show only elements that are</span>
          <select value={state} onChange={(event) => choose(event.currentTarget.value)}>
            <option value="">all {words.count(row.elements ?? known?.planned ?? total)}</option>
            {ordered(counts).map(([one, number]) => <option key={one} value={one}>{one} ({words.count(number)})</option>)}
          </select>
        </label>
      </div>
      {error ? <Failure error={error} again={() => onRange(...range.current)} /> : null}
      <Windowed
        count={total}
        rowHeight={ROW_PX}
        class="tc-list"
        scroller={scroller}
        onRange={onRange}
        attributes={{ tabIndex: 0, role: "listbox", "aria-label": `Elements of ${escaping.name(row.label, 60)}`, onKeyDown, "aria-activedescendant": `${id}-element-${current}` }}
      >
        {(from, to) =>
          Array.from({ length: to - from }, (_, offset) => {
            const index = from + offset;
            const element = at(index);
            return (
              <div
                key={index}
                id={`${id}-element-${index}`}
                role="option"
                aria-selected={index === current}
                aria-setsize={total}
                aria-posinset={index + 1}
                class={index === current ? "tc-item tc-current" : "tc-item"}
                style={{ height: `${ROW_PX}px` }}
                onClick={() => {
                  setCurrent(index);
                  if (element) onOpen?.(element.id);
                }}
              >
                <span class="tc-elementindex">{element?.index ?? index}</span>
                {element ? <Badge state={element.state} /> : <span class="tc-muted">…</span>}
                <span class="tc-num">{element?.duration_s === null || !element ? "" : words.duration(element.duration_s)}</span>
                <span class="tc-rest tc-muted">{element ? [element.attempt > 1 ? `attempt ${element.attempt}` : "", escaping.sentence(element.error, 200)].filter(Boolean).join(" · ") : ""}</span>
              </div>
            );
          })
        }
      </Windowed>
    </div>
  );
}
