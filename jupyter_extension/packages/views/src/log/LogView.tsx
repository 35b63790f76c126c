/** A log as it is written: follows the end until the reader scrolls away, and never takes the scroll back by itself. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useAround } from "../live/context";
import { Button, CopyButton, Failure, Waiting } from "../parts/basics";
import type { Scroller } from "../parts/windowed";
import { Windowed } from "../parts/windowed";
import * as words from "../words";
import { plain } from "./ansi";
import { LogLine } from "./LogLine";
import type { LogPlace } from "./reading";
import { useLog } from "./reading";
import { useSearch } from "./searching";

const LINE_PX = 18;
const SPEAK_MS = 4000;

export function LogView({ place, title }: { place: LogPlace; title: string }): JSX.Element {
  const { announce } = useAround();
  const reading = useLog(place);
  const searching = useSearch(place);
  const [follow, setFollow] = useState(place.open);
  const [typed, setTyped] = useState("");
  const [line, setLine] = useState(-1);
  const scroller = useRef<Scroller | null>(null);
  const range = useRef<[number, number]>([0, 0]);
  const search = useRef<HTMLInputElement>(null);
  const spoken = useRef({ at: 0, total: 0 });
  const left = useRef(0);
  const { pages, version } = reading;
  const { found } = searching;

  useLayoutEffect(() => {
    if (follow) scroller.current?.toEnd();
    if (follow || left.current === 0) left.current = pages.total;
  }, [version, follow]);

  useEffect(() => {
    const now = performance.now();
    const { at, total } = spoken.current;
    if (!place.open || !follow || pages.total === total || now - at < SPEAK_MS) return;
    spoken.current = { at: now, total: pages.total };
    const last = pages.line(pages.total - 1) ?? "";
    if (total > 0) announce(`${words.plural(pages.total - total, "new line")}. ${plain(last).slice(0, 160)}`);
  }, [version]);

  useEffect(() => {
    if (found.lines.length > 0 && found.at < 0) goTo(searching.step(1, range.current[0]));
  }, [found.lines.length > 0, found.query]);

  const goTo = (to: number | undefined) => {
    if (to === undefined) return;
    setFollow(false);
    setLine(to);
    scroller.current?.show(to, true);
  };
  const find = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      if (typed !== found.query) searching.search(typed);
      else goTo(searching.step(event.shiftKey ? -1 : 1, range.current[0]));
    } else if (event.key === "Escape" && typed) {
      event.stopPropagation();
      setTyped("");
      setLine(-1);
      searching.search("");
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "/" && !event.ctrlKey) search.current?.focus();
    else if (event.key === "End" && pages.total > 0) {
      setFollow(place.open);
      scroller.current?.toEnd();
    } else if (event.key === "Home") {
      setFollow(false);
      scroller.current?.show(0);
    } else if (event.key === "n" && found.lines.length > 0) goTo(searching.step(1, range.current[0]));
    else if (event.key === "N" && found.lines.length > 0) goTo(searching.step(-1, range.current[0]));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const fresh = pages.total - left.current;
  const width = `${Math.max(3, String(pages.total).length)}ch`;
  return (
    <div class="tc-log">
      <div class="tc-tools">
        <label class="tc-search">
          <span class="tc-unseen">Search the log of {title}</span>
          <input ref={search} type="search" value={typed} placeholder="Search the log" onInput={(event) => setTyped(event.currentTarget.value)} onKeyDown={find} />
        </label>
        <span class="tc-muted tc-count" role="status">{searchWords(found)}</span>
        {found.lines.length > 0 ? (
          <>
            <Button kind="quiet" label="Previous match" title="Previous match (N)" onClick={() => goTo(searching.step(-1, range.current[0]))}>↑</Button>
            <Button kind="quiet" label="Next match" title="Next match (n)" onClick={() => goTo(searching.step(1, range.current[0]))}>↓</Button>
          </>
        ) : null}
        <span class="tc-spring" />
        <span class="tc-muted tc-count">{pages.total > 0 ? words.plural(pages.total, "line") : ""}</span>
        {place.open ? (
          <Button kind="quiet" pressed={follow} title="Stay at the end as lines come" onClick={() => setFollow(!follow)}>Follow</Button>
        ) : (
          <Button kind="quiet" title="Go to the last line" onClick={() => scroller.current?.toEnd()}>End</Button>
        )}
        <CopyButton text={shownText(pages, range.current)} label="Copy the lines on screen">Copy</CopyButton>
      </div>
      {reading.error ? <Failure error={reading.error} again={reading.again} /> : null}
      {found.error ? <Failure error={found.error} again={() => searching.search(found.query)} /> : null}
      <div class="tc-logplace">
        <Windowed
          count={pages.total}
          rowHeight={LINE_PX}
          class="tc-lines"
          scroller={scroller}
          onRange={(from, to) => {
            range.current = [from, to];
            reading.look(from, to);
          }}
          onScroll={(atEnd) => {
            if (!atEnd && follow) setFollow(false);
            if (atEnd) left.current = pages.total;
            if (atEnd && place.open && !follow) setFollow(true);
          }}
          attributes={{ tabIndex: 0, role: "log", "aria-live": "off", "aria-label": `Log of ${title}. Press slash to search.`, onKeyDown, dir: "ltr", style: { "--tc-digits": width } }}
        >
          {(from, to) =>
            Array.from({ length: to - from }, (_, index) => (
              <LogLine key={from + index} number={from + index} text={pages.line(from + index)} clipped={pages.clipped.has(from + index)} query={found.query} current={from + index === line} />
            ))
          }
        </Windowed>
        {pages.total === 0 && !reading.error ? (
          <div class="tc-empty">{reading.waiting ? <Waiting what="Reading the log" /> : place.open && !pages.done ? "Nothing written yet." : "This task wrote nothing."}</div>
        ) : null}
        {place.open && !follow && fresh > 0 ? (
          <button type="button" class="tc-fresh" onClick={() => setFollow(true)}>{words.plural(fresh, "new line")} ↓</button>
        ) : null}
      </div>
      {place.open && reading.feed === "lost" ? <div class="tc-lost" role="status">Connection lost, trying again. What is shown still holds.</div> : null}
    </div>
  );
}

function searchWords(found: { query: string; lines: readonly number[]; whole: boolean; busy: boolean; at: number }): string {
  if (!found.query) return "";
  const more = found.whole ? "" : "+";
  if (found.lines.length === 0) return found.busy ? "searching…" : "no match";
  return `${found.at >= 0 ? `${words.count(found.at + 1)} of ` : ""}${words.count(found.lines.length)}${more}${found.busy ? ", searching…" : ""}`;
}

function shownText(pages: { line(number: number): string | undefined }, [from, to]: readonly [number, number]): string {
  return Array.from({ length: to - from }, (_, index) => plain(pages.line(from + index) ?? "")).join("\n");
}
