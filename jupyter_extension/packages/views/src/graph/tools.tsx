/** What stands above a graph: search, zoom, fit. */
import type { JSX } from "preact";
import type { Node } from "../types";
import { Button } from "../parts/basics";
import * as words from "../words";
import type { Steering } from "./steering";

interface ToolsProps {
  steering: Steering;
  query: string;
  onQuery(text: string): void;
  found: ReadonlySet<string> | undefined;
  nodes: readonly Node[];
  current: string;
  onFind(id: string): void;
}

/** Fewer nodes than this are found by eye. */
const SEARCHED = 12;

export function GraphTools({ steering, query, onQuery, found, nodes, current, onFind }: ToolsProps): JSX.Element {
  const step = (by: number) => {
    const ids = nodes.filter((node) => found?.has(node.id)).map((node) => node.id);
    const at = ids.indexOf(current);
    const next = ids[(at + by + ids.length) % ids.length];
    if (next !== undefined) onFind(next);
  };
  return (
    <div class="tc-tools">
      {nodes.length >= SEARCHED ? (
        <label class="tc-search">
          <span class="tc-unseen">Find a task or a state in the graph</span>
          <input
            type="search"
            value={query}
            placeholder="Find a task or a state"
            onInput={(event) => onQuery(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              step(event.shiftKey ? -1 : 1);
            }}
          />
          <span class="tc-muted tc-count" role="status">{found ? `${words.count(found.size)} found` : ""}</span>
        </label>
      ) : null}
      <span class="tc-spring" />
      <span class="tc-muted tc-hint">Ctrl + wheel zooms</span>
      <Button kind="quiet" label="Zoom out" title="Zoom out (−)" onClick={() => steering.zoomBy(0.8)}>−</Button>
      <Button kind="quiet" label="Zoom in" title="Zoom in (+)" onClick={() => steering.zoomBy(1.25)}>+</Button>
      <Button kind="quiet" label="Show all" title="Show all (0)" onClick={() => steering.fitAll()}>Fit</Button>
    </div>
  );
}
