/** What is known of the node under the pointer, or of the one that the keyboard stands on. */
import type { JSX } from "preact";
import * as escaping from "../escaping";
import { Badge, Legend } from "../parts/basics";
import type { Node } from "../types";
import type { Camera, Rect } from "./camera";

interface TipProps {
  node: Node;
  box: Rect | undefined;
  camera: Camera;
  width: number;
  height: number;
  more: string;
}

export function Tip({ node, box, camera, width, height, more }: TipProps): JSX.Element | null {
  if (!box) return null;
  const left = Math.max(4, Math.min(width - 250, box.x * camera.k + camera.x));
  const bottom = (box.y + box.height) * camera.k + camera.y + 6;
  const above = bottom > height * 0.6;
  const top = box.y * camera.k + camera.y - 6;
  const place = above ? { bottom: `${Math.max(4, height - top)}px` } : { top: `${Math.max(4, bottom)}px` };
  return (
    <div class="tc-tip" aria-hidden="true" style={{ left: `${left}px`, maxWidth: `${Math.max(160, Math.min(340, width - left - 8))}px`, ...place }}>
      <div class="tc-strong">{escaping.name(node.label, 120)}</div>
      {node.state ? <Badge state={node.state} /> : <span class="tc-muted">{node.role}</span>}
      {node.detail && node.detail !== node.state ? <span class="tc-muted"> · {escaping.sentence(node.detail, 120)}</span> : null}
      {Object.keys(node.counts).length > 0 ? <div><Legend counts={node.counts} /></div> : null}
      {node.reason ? <div>{escaping.sentence(node.reason, 400)}</div> : null}
      {more ? <div class="tc-muted">{more}</div> : null}
      {node.outputs.length > 0 ? <div class="tc-muted">makes {escaping.sentence(node.outputs.slice(0, 8).join(", "), 160)}</div> : null}
    </div>
  );
}
