/** Whether what is on screen is followed: said in words, and only when it matters. */
import type { JSX } from "preact";
import type { FeedState } from "../store";
import { Button } from "./basics";

interface FeedProps {
  feed: FeedState | "none" | "waiting";
  /** Whether more is to come. */
  open: boolean;
  again(): void;
}

export function FeedSign({ feed, open, again }: FeedProps): JSX.Element {
  if (feed === "lost") return <span class="tc-feed tc-warn" role="status">Connection lost, trying again <Button kind="quiet" onClick={again}>Now</Button></span>;
  if (feed === "none") return <span class="tc-feed tc-muted" role="status" title="No kernel or server answers: this is how it stood when the notebook was saved.">not live <Button kind="quiet" onClick={again}>Try</Button></span>;
  if (feed === "live" && open) return <span class="tc-feed tc-live" title="Changes are shown as they happen"><i aria-hidden="true" /> live</span>;
  return <span class="tc-feed" role="status" />;
}
