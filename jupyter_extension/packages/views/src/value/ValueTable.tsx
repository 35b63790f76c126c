/** A table of any length: rows are fetched as they come on screen, columns in portions. */
import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAround } from "../live/context";
import { Button, Failure } from "../parts/basics";
import type { Scroller } from "../parts/windowed";
import { Windowed } from "../parts/windowed";
import type { ViewError } from "../store";
import { asViewError } from "../store";
import type { ValueView } from "../types";
import * as words from "../words";

const PAGE = 200;
const ROW_PX = 22;
const COLUMNS = 100;
const KEPT_PAGES = 60;

type Rows = readonly (readonly string[])[];

export function ValueTable({ first }: { first: ValueView }): JSX.Element {
  const { store } = useAround();
  const [head, setHead] = useState(first);
  const [column, setColumn] = useState(0);
  const [pages, setPages] = useState<ReadonlyMap<number, Rows>>(new Map());
  const [error, setError] = useState<ViewError>();
  const [jump, setJump] = useState("");
  const asked = useRef(new Map<number, AbortController>());
  const range = useRef<[number, number]>([0, 0]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const scroller = useRef<Scroller | null>(null);
  const total = head.total_rows ?? head.rows.length;

  const ask = useCallback(
    (page: number) => {
      const stop = new AbortController();
      asked.current.set(page, stop);
      const { run, task, output } = first;
      store.request("values.get", { run, task, output, offset: page * PAGE, limit: PAGE, column, columns: COLUMNS }, stop.signal).then(
        (view) => {
          asked.current.delete(page);
          setError(undefined);
          setHead(view);
          setPages((last) => {
            const next = new Map(last).set(page, view.rows);
            for (const old of next.keys()) {
              if (next.size <= KEPT_PAGES) break;
              next.delete(old);
            }
            return next;
          });
        },
        (thrown: unknown) => {
          if (stop.signal.aborted) return;
          asked.current.delete(page);
          setError(asViewError(thrown));
        },
      );
    },
    [store, first.run, first.task, first.output, column],
  );
  const fill = useCallback(() => {
    const [from, to] = range.current;
    for (const [page, stop] of asked.current)
      if (page * PAGE > to || (page + 1) * PAGE < from) {
        stop.abort();
        asked.current.delete(page);
      }
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page += 1) if (!pages.has(page) && !asked.current.has(page)) ask(page);
  }, [ask, pages]);
  const onRange = (from: number, to: number) => {
    range.current = [from, to];
    clearTimeout(timer.current);
    timer.current = setTimeout(fill, 50);
  };
  useEffect(() => {
    asked.current.forEach((stop) => stop.abort());
    asked.current.clear();
    setPages(new Map());
  }, [column, first]);
  useEffect(() => {
    if (pages.size === 0) fill();
  }, [fill]);
  useEffect(() => () => {
    clearTimeout(timer.current);
    asked.current.forEach((stop) => stop.abort());
  }, []);

  const row = (index: number): readonly string[] | undefined =>
    pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? (column === 0 ? first.rows[index - first.offset] : undefined);
  const digits = `${Math.max(3, String(total).length)}ch`;
  const cells = head.columns;
  const goTo = () => {
    const wanted = Number(jump.replace(/[,_\s]/g, ""));
    if (Number.isInteger(wanted) && total > 0) scroller.current?.show(Math.max(0, Math.min(total - 1, wanted)), true);
  };
  const template = `calc(${digits} + 20px) ${cells.map((one) => `${Math.min(30, Math.max(one.name.length + 2, one.numeric ? 11 : 16))}ch`).join(" ")}`;
  return (
    <div class="tc-valuetable">
      <div class="tc-tools tc-muted">
        <span>{words.plural(total, "row")} · {words.plural(cells.length + head.more_columns + column, "column")}</span>
        <span class="tc-spring" />
        {column > 0 ? <Button kind="quiet" onClick={() => setColumn(Math.max(0, column - COLUMNS))}>Earlier columns</Button> : null}
        {head.more_columns > 0 ? <Button kind="quiet" onClick={() => setColumn(column + cells.length)}>{words.plural(head.more_columns, "more column")}</Button> : null}
        {total > PAGE ? (
          <label class="tc-jump">
            Row <input inputMode="numeric" size={8} value={jump} onInput={(event) => setJump(event.currentTarget.value)} onKeyDown={(event) => event.key === "Enter" && goTo()} />
          </label>
        ) : null}
      </div>
      {error ? <Failure error={error} again={fill} /> : null}
      <Windowed
        count={total}
        rowHeight={ROW_PX}
        class="tc-sheet"
        scroller={scroller}
        onRange={onRange}
        attributes={{ tabIndex: 0, role: "table", "aria-rowcount": total + 1, "aria-colcount": cells.length + head.more_columns, "aria-label": `Table ${escaping.name(first.output, 60)}`, style: { "--tc-columns": template, height: `${Math.min(420, (total + 1) * ROW_PX + 18)}px` } }}
        header={
          <div class="tc-sheetrow tc-sheethead" role="row" aria-rowindex={1}>
            <span role="columnheader" class="tc-muted">row</span>
            {cells.map((one, index) => (
              <span key={index} role="columnheader" class={one.numeric ? "tc-right" : undefined} title={`${escaping.name(one.name, 200)}: ${escaping.name(one.type, 60)}`}>{escaping.name(one.name, 60)}</span>
            ))}
          </div>
        }
      >
        {(from, to) =>
          Array.from({ length: to - from }, (_, offset) => {
            const index = from + offset;
            const values = row(index);
            return (
              <div key={index} class="tc-sheetrow" role="row" aria-rowindex={index + 2} style={{ height: `${ROW_PX}px` }}>
                <span role="rowheader" class="tc-muted tc-right">{words.count(index)}</span>
                {cells.map((one, at) => (
                  <span key={at} role="cell" class={one.numeric ? "tc-right" : undefined}>{values ? escaping.name(values[at] ?? "", 200) : "…"}</span>
                ))}
              </div>
            );
          })
        }
      </Windowed>
    </div>
  );
}
