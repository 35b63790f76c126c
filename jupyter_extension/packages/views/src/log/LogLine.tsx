/** One line of a log. */
import type { JSX } from "preact";
import { memo } from "../parts/memo";
import { spans } from "./ansi";

interface LineProps {
  number: number;
  text: string | undefined;
  clipped: boolean;
  query: string;
  current: boolean;
}

const LONGEST = 4000;

export const LogLine = memo(function LogLine({ number, text, clipped, query, current }: LineProps): JSX.Element {
  const shown = text === undefined ? undefined : text.length > LONGEST ? text.slice(0, LONGEST) : text;
  const cut = clipped || (text !== undefined && text.length > LONGEST);
  return (
    <div class={current ? "tc-line tc-hit" : "tc-line"}>
      <span class="tc-number" aria-hidden="true" data-number={number + 1} />
      <span class="tc-text">
        {shown === undefined ? <span class="tc-muted">…</span> : spans(shown).map((span, index) => (
          <span key={index} class={span.classes || undefined} style={span.colour || span.ground ? { color: span.colour || undefined, backgroundColor: span.ground || undefined } : undefined}>
            {query ? marked(span.text, query) : span.text}
          </span>
        ))}
        {cut ? <span class="tc-muted" title="The line is longer than what is shown; the executed notebook has all of it."> …cut</span> : null}
      </span>
    </div>
  );
});

function marked(text: string, query: string): (string | JSX.Element)[] {
  const parts: (string | JSX.Element)[] = [];
  const low = text.toLowerCase();
  const wanted = query.toLowerCase();
  let at = 0;
  for (let found = low.indexOf(wanted); found >= 0 && parts.length < 200; found = low.indexOf(wanted, at)) {
    parts.push(text.slice(at, found), <mark key={found}>{text.slice(found, found + wanted.length)}</mark>);
    at = found + wanted.length;
  }
  parts.push(text.slice(at));
  return parts;
}
