/** The views in any Jupyter front-end, live through the kernel: what an anywidget module renders. */
import type { commStore, Message, mount, Payload, ViewName } from "@taskcell/views";
import { widgetHost } from "./hosting";

/** What anywidget gives of its model (anywidget.dev, "AFM"). */
interface Model {
  get(name: string): unknown;
  send(content: unknown): void;
  on(name: string, listen: (...given: never[]) => void): void;
  off(name: string, listen?: (...given: never[]) => void): void;
}

interface Given {
  model: Model;
  el: HTMLElement;
  signal?: AbortSignal;
}

/** A half of the views: each is a module of its own, because a module travels with each widget. */
export interface Half {
  mount: typeof mount;
  commStore: typeof commStore;
}

/** Make an anywidget module of a half of the views. */
export function widgetOf(half: Half): { render(given: Given): () => void } {
  return { render: (given) => render(half, given) };
}

function render({ mount, commStore }: Half, { model, el }: Given): () => void {
  let listener: ((message: Message) => void) | undefined;
  const store = commStore(
    (message) => model.send(message),
    (listen) => {
      listener = listen;
      model.on("msg:custom", listen as (...given: never[]) => void);
      return () => model.off("msg:custom", listen as (...given: never[]) => void);
    },
  );
  const gone = () => store.close("The widget's kernel is gone.");
  model.on("destroy", gone);
  const unmount = mount(
    el,
    model.get("view") as ViewName,
    model.get("params") as object,
    store,
    widgetHost(el, String(model.get("base") ?? "")),
    (model.get("first") as Payload | null) ?? undefined,
  );
  return () => {
    unmount();
    model.off("destroy", gone);
    if (listener) model.off("msg:custom", listener as (...given: never[]) => void);
    store.close("The view was closed.");
  };
}
