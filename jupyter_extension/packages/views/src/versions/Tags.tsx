/** Tags of a workflow: where each stands, where it stood, and moving it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAction } from "../live/asking";
import { useAround } from "../live/context";
import { Button, Failure, Name, When } from "../parts/basics";
import type { TagMoveRow, VersionList, VersionRow } from "../types";
import * as words from "../words";

export function Tags({ view, rows, onMoved }: { view: VersionList; rows: readonly VersionRow[]; onMoved(): void }): JSX.Element | null {
  const { store, host, announce } = useAround();
  const [form, setForm] = useState(false);
  const tags = new Map<string, TagMoveRow>();
  for (const move of view.moves) if (!tags.has(move.tag)) tags.set(move.tag, move);
  const back = useAction(async (tag: string) => {
    const move = tags.get(tag);
    if (host.confirm && !(await host.confirm(`Move tag ${tag} of ${view.workflow} back from @${move?.number ?? "?"} to @${move?.before ?? "?"}?`))) return;
    const made = await store.request("tags.rollback", { workflow: view.workflow, tag });
    announce(`${tag} is at version ${made.number} again`);
    onMoved();
  });
  if (rows.length === 0) return null;
  return (
    <section class="tc-tags" aria-label="Tags">
      {[...tags.values()].map((move) => (
        <div key={move.tag} class="tc-tagrow">
          <span class="tc-chip">{escaping.name(move.tag, 40)}</span> at <strong>@{move.number}</strong>
          <span class="tc-muted">{move.rollback ? "rolled back" : "moved"} by {escaping.name(move.author, 24)} <When at={move.created_at} now={view.shown_at} />{move.message ? `: ${escaping.sentence(move.message, 120)}` : ""}</span>
          {move.before > 0 ? <Button kind="quiet" busy={back.busy} title={`Back to @${move.before}`} onClick={() => back.run(move.tag)}>Roll back</Button> : null}
        </div>
      ))}
      {back.error ? <Failure error={back.error} /> : null}
      {form ? <Move view={view} rows={rows} tags={[...tags.keys()]} onDone={(moved) => { setForm(false); if (moved) onMoved(); }} /> : <Button kind="quiet" onClick={() => setForm(true)}>Move or make a tag…</Button>}
      {view.moves.length > tags.size ? (
        <details>
          <summary>{words.plural(view.moves.length, "move")}</summary>
          <ul class="tc-moves">
            {view.moves.slice(0, 100).map((move, index) => (
              <li key={index}><Name text={move.tag} limit={40} /> {move.before ? `@${move.before} → ` : ""}@{move.number}{move.rollback ? " (rolled back)" : ""} <span class="tc-muted">{escaping.name(move.author, 24)}, <When at={move.created_at} now={view.shown_at} />{move.message ? `: ${escaping.sentence(move.message, 160)}` : ""}</span></li>
            ))}
          </ul>
        </details>
      ) : null}
    </section>
  );
}

interface MoveProps {
  view: VersionList;
  rows: readonly VersionRow[];
  tags: readonly string[];
  onDone(moved: boolean): void;
}

function Move({ view, rows, tags, onDone }: MoveProps): JSX.Element {
  const { store, id, announce } = useAround();
  const [tag, setTag] = useState(tags[0] ?? "");
  const [number, setNumber] = useState(rows[0]?.number ?? 1);
  const [message, setMessage] = useState("");
  const move = useAction(async () => {
    const made = await store.request("tags.move", { workflow: view.workflow, tag: tag.trim(), version: number, ...(message.trim() ? { message: message.trim() } : {}) });
    announce(`${made.tag} is at version ${made.number}`);
    onDone(true);
  });
  return (
    <form class="tc-tools" onSubmit={(event) => { event.preventDefault(); if (tag.trim()) move.run(); }} onKeyDown={(event) => event.key === "Escape" && onDone(false)}>
      <label>tag <input type="text" size={12} value={tag} list={`${id}-tags`} required onInput={(event) => setTag(event.currentTarget.value)} /></label>
      <datalist id={`${id}-tags`}>{tags.map((one) => <option key={one} value={one} />)}</datalist>
      <label>to <select value={number} onChange={(event) => setNumber(Number(event.currentTarget.value))}>{rows.map((row) => <option key={row.number} value={row.number}>@{row.number} {escaping.sentence(row.message, 40)}</option>)}</select></label>
      <label>because <input type="text" size={24} value={message} placeholder="message" onInput={(event) => setMessage(event.currentTarget.value)} /></label>
      <button type="submit" class="tc-button tc-main" aria-busy={move.busy || undefined}>{move.busy ? "Moving…" : "Move"}</button>
      <Button kind="quiet" onClick={() => onDone(false)}>Not now</Button>
      {move.error ? <Failure error={move.error} /> : null}
    </form>
  );
}
