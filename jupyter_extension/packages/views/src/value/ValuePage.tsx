/** Stored values of any task of any run, found by name. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAction, useAnswer } from "../live/asking";
import { useAround } from "../live/context";
import { Button, Failure, Waiting } from "../parts/basics";
import type { Scroller } from "../parts/windowed";
import { Windowed } from "../parts/windowed";
import type { ValueRow, ValueView } from "../types";
import * as words from "../words";
import { ValueDetail } from "./ValueDetail";

interface PageProps {
  run: string;
  task: string;
  output: string;
  q: string;
  first: ValueView | undefined;
}

const ROW_PX = 28;

export function ValuePage({ run, task, output, q, first }: PageProps): JSX.Element {
  const { id, store } = useAround();
  const fixed = run !== "" && task !== "" && output !== "";
  const [query, setQuery] = useState(q);
  const [searching, setSearching] = useState(!fixed);
  const [chosen, setChosen] = useState(fixed ? { run, task, output } : undefined);
  const [older, setOlder] = useState<readonly ValueRow[]>([]);
  const [next, setNext] = useState("");
  const [current, setCurrent] = useState(0);
  const scroller = useRef<Scroller | null>(null);
  const answer = useAnswer("values.list", searching ? { q: query, limit: 100, ...(fixed ? {} : { run, task }) } : undefined, { settle_ms: 200 });
  useEffect(() => {
    setOlder([]);
    setNext(answer.data?.next ?? "");
  }, [answer.data]);
  const more = useAction(async () => {
    const page = await store.request("values.list", { q: query, before: next, limit: 100, ...(fixed ? {} : { run, task }) });
    setOlder((last) => [...last, ...page.values]);
    setNext(page.next);
  });
  const rows = [...(answer.data?.values ?? []), ...older];
  const choose = (index: number) => {
    const row = rows[index];
    setCurrent(index);
    if (row) setChosen({ run: row.run, task: row.task, output: row.output });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Enter") choose(current);
    else if (step !== undefined && rows.length > 0) {
      const to = Math.max(0, Math.min(rows.length - 1, current + step));
      setCurrent(to);
      scroller.current?.show(to);
    } else return;
    event.preventDefault();
  };
  return (
    <div class="tc-valuepage">
      {searching ? (
        <>
          <div class="tc-tools">
            <label class="tc-search">
              <span class="tc-unseen">Search values by name of output, task or type</span>
              <input type="search" value={query} placeholder="Search values" onInput={(event) => { setQuery(event.currentTarget.value); setCurrent(0); }} />
            </label>
            <span class="tc-muted tc-count" role="status">{answer.data ? `${words.count(rows.length)}${next ? "+" : ""} found` : ""}</span>
          </div>
          {answer.error ? <Failure error={answer.error} again={answer.again} /> : null}
          {more.error ? <Failure error={more.error} again={() => more.run()} /> : null}
          <Windowed
            count={rows.length}
            rowHeight={ROW_PX}
            class="tc-list"
            scroller={scroller}
            onRange={(_, to) => to >= rows.length && next && more.run()}
            attributes={{ tabIndex: 0, role: "listbox", "aria-label": "Values", "aria-busy": answer.busy, onKeyDown, "aria-activedescendant": rows[current] ? `${id}-value-${current}` : undefined, style: { height: `${Math.min(280, Math.max(1, rows.length) * ROW_PX + 2)}px` } }}
          >
            {(from, to) =>
              rows.slice(from, to).map((row, offset) => {
                const picked = chosen?.run === row.run && chosen.task === row.task && chosen.output === row.output;
                return (
                  <div key={`${row.run}/${row.task}/${row.output}`} id={`${id}-value-${from + offset}`} role="option" aria-selected={picked} class={from + offset === current ? "tc-item tc-current" : "tc-item"} style={{ height: `${ROW_PX}px` }} title={`${row.type}\nrun ${row.run}\n${words.moment(row.created_at)}`} onClick={() => choose(from + offset)}>
                    <span class="tc-taskcell"><bdi class="tc-strong">{escaping.name(row.output, 40)}</bdi> <span class="tc-muted">of {escaping.name(row.label || row.task, 40)}</span></span>
                    <span class="tc-by">{escaping.name(row.workflow, 30)}</span>
                    <span class="tc-by tc-muted">{escaping.name(row.type.split(".").pop() ?? "", 24)}</span>
                    <span class="tc-by tc-muted">{words.age(row.created_at, answer.data?.shown_at ?? Date.now())}</span>
                    <span class="tc-rest tc-mono tc-muted">{escaping.name(row.text, 80)}</span>
                  </div>
                );
              })
            }
          </Windowed>
          {rows.length === 0 && !answer.error ? answer.busy ? <Waiting what="Looking for values" /> : <div class="tc-muted tc-pad">No value is called like this.</div> : null}
        </>
      ) : (
        <Button kind="quiet" onClick={() => setSearching(true)}>Search other values</Button>
      )}
      {chosen ? <ValueDetail key={`${chosen.run}/${chosen.task}/${chosen.output}`} {...chosen} first={fixed && chosen.output === output && chosen.run === run ? first : undefined} /> : null}
    </div>
  );
}
