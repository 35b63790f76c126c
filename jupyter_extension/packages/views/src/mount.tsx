/** Draws a view into an element, and takes it away again. */
import { render } from "preact";
import type { Host, Payload, Store, ViewName } from "./store";

export function mount(
  element: HTMLElement,
  view: ViewName,
  params: object,
  store: Store,
  host: Host,
  first?: Payload,
): () => void {
  const root = document.createElement("div");
  root.className = "taskcell-view";
  element.append(root);
  void store;
  void host;
  render(<div role="status">{`${view} ${JSON.stringify(params)} ${first?.kind ?? ""}`}</div>, root);
  return () => {
    render(null, root);
    root.remove();
  };
}
