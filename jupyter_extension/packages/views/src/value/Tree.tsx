/** A value in JSON form as a tree that opens on demand; long lists in portions. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as escaping from "../escaping";
import type { Json } from "../types";
import * as words from "../words";

const PORTION = 100;

export function Tree({ value, name = "", open = true }: { value: Json; name?: string; open?: boolean }): JSX.Element {
  const [opened, setOpened] = useState(open);
  const [shown, setShown] = useState(PORTION);
  const title = name ? <span class="tc-muted">{escaping.name(name, 80)}: </span> : null;
  if (value === null || typeof value !== "object") return <div class="tc-mono tc-leaf">{title}{escaping.block(words.python(value), 20_000)}</div>;
  const entries: [string, Json][] = Array.isArray(value) ? value.map((one, index) => [String(index), one]) : Object.entries(value);
  const said = Array.isArray(value) ? words.plural(entries.length, "item") : words.plural(entries.length, "entry", "entries");
  if (entries.length === 0) return <div class="tc-mono tc-leaf">{title}{Array.isArray(value) ? "[]" : "{}"}</div>;
  return (
    <details class="tc-tree" open={opened} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>{title}{said}</summary>
      {opened ? entries.slice(0, shown).map(([key, one]) => <Tree key={key} name={key} value={one} open={false} />) : null}
      {opened && entries.length > shown ? (
        <button type="button" class="tc-link" onClick={() => setShown(shown + PORTION * 5)}>{words.count(entries.length - shown)} more</button>
      ) : null}
    </details>
  );
}
