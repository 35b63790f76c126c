/** Differences of two texts, marked by sign and colour. */
import type { JSX } from "preact";
import { visible } from "../escaping";
import type { DiffLine } from "../types";

export function changedLines(lines: readonly DiffLine[]): { added: number; removed: number } {
  return { added: lines.filter((line) => line.side === "+").length, removed: lines.filter((line) => line.side === "-").length };
}

const CLASSES = { "+": "tc-plus", "-": "tc-minus", "@": "tc-where", " ": "" };
const WORDS = { "+": "added: ", "-": "removed: ", "@": "", " ": "" };

export function Diff({ lines, label }: { lines: readonly DiffLine[]; label: string }): JSX.Element {
  return (
    <pre class="tc-pre tc-diff" tabIndex={0} aria-label={label} dir="ltr">
      {lines.map((line, index) => (
        <span key={index} class={CLASSES[line.side] || undefined}>
          <span aria-hidden="true">{line.side === "@" ? " " : line.side} </span>
          {WORDS[line.side] ? <span class="tc-unseen">{WORDS[line.side]}</span> : null}
          {visible(line.text.slice(0, 2000))}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
