/** Draws a view into an element, and takes it away again without a trace. */
import type { ComponentChildren, JSX } from "preact";
import { Component, render } from "preact";
import { useMemo, useState, useEffect, useCallback } from "preact/hooks";
import { remembering } from "./live/choices";
import type { Surroundings } from "./live/context";
import { Around } from "./live/context";
import { Failure } from "./parts/basics";
import { checkSchema } from "./payloads";
import type { Host, Payload, Store, ViewName } from "./store";
import { ViewError, asViewError } from "./store";
import { styled } from "./styles";
import { watchTheme } from "./theme";

let mounted = 0;

/** Draws a view of those it knows; undefined for another. `onTurn` puts another view in its place. */
export type Draw = (view: ViewName, params: object, first: Payload | undefined, onTurn: (turn: Turn) => void) => JSX.Element | undefined;

export type Mount = (element: HTMLElement, view: ViewName, params: object, store: Store, host: Host, first?: Payload) => () => void;

/**
 * Return a `mount` that knows the views of `draw`.
 *
 * `first` is what is known already, such as the payload saved in a notebook: it is drawn at once, and then brought up
 * to date by the store. Returns a function that removes everything again.
 */
export const mountOf = (draw: Draw): Mount => (element, view, params, store, host, first) => {
  const root = document.createElement("div");
  root.className = `taskcell-view tc-view-${view}`;
  // In a notebook's command mode a key would else cut a cell or restart the kernel while one walks along a graph. What has the
  // focus has to say so itself: its shortcuts are those of the element `:focus`, which is met before anything around it.
  root.dataset["lmSuppressShortcuts"] = "true";
  root.addEventListener("focusin", (event) => ((event.target as HTMLElement).dataset["lmSuppressShortcuts"] = "true"));
  element.append(root);
  const unstyle = styled(element);
  const id = `tc${(mounted += 1)}`;
  render(<Frame root={root} id={id} view={view} params={params} store={store} host={remembering(host)} first={first} draw={draw} />, root);
  let there = true;
  return () => {
    if (!there) return;
    there = false;
    render(null, root);
    root.remove();
    unstyle();
  };
};

interface FrameProps {
  root: HTMLElement;
  id: string;
  view: ViewName;
  params: object;
  store: Store;
  host: Host;
  first: Payload | undefined;
  draw: Draw;
}

/** A view that was asked for in place of the first one: the run that a form started. */
export interface Turn {
  view: ViewName;
  params: object;
}

function Frame({ root, id, view, params, store, host, first, draw }: FrameProps): JSX.Element {
  // Read before the first picture: a theme that is found out after it would have everything drawn twice.
  const [theme, setTheme] = useState(() => {
    let found = "";
    watchTheme(root, (kind, name) => {
      root.dataset["tcTheme"] = kind;
      found = name;
    })();
    return found;
  });
  const [said, setSaid] = useState("");
  const [turn, setTurn] = useState<Turn>();
  useEffect(
    () =>
      watchTheme(root, (kind, name) => {
        root.dataset["tcTheme"] = kind;
        setTheme(name);
      }),
    [root],
  );
  const onTurn = useCallback(
    (next: Turn) => {
      setTurn(next);
      host.turned?.(next.view, next.params);
    },
    [host],
  );
  const announce = useCallback((text: string) => setSaid((last) => (last === text ? `${text}\u00a0` : text)), []);
  const around = useMemo<Surroundings>(() => ({ store, host, id, root, theme, announce }), [store, host, id, root, theme, announce]);
  return (
    <Around.Provider value={around}>
      <Guard key={turn ? JSON.stringify(turn) : "first"}>
        <Drawn view={turn?.view ?? view} params={turn?.params ?? params} first={turn ? undefined : first} draw={draw} onTurn={onTurn} />
      </Guard>
      <div class="tc-unseen" role="status" aria-live="polite">{said}</div>
    </Around.Provider>
  );
}

function Drawn(props: { view: ViewName; params: object; first: Payload | undefined; draw: Draw; onTurn(turn: Turn): void }): JSX.Element {
  checkSchema(props.first);
  const made = props.draw(props.view, props.params, props.first, props.onTurn);
  if (made) return made;
  throw new ViewError(`There is no view called ${String(props.view)} here.`, { remedy: "Update Taskcell in the environment that runs Jupyter." });
}

/** Whatever goes wrong in a view is said in words; the page around it goes on. */
class Guard extends Component<{ children: ComponentChildren }, { error: ViewError | undefined }> {
  override state = { error: undefined as ViewError | undefined };

  override componentDidCatch(thrown: unknown): void {
    const known = thrown instanceof ViewError ? thrown : undefined;
    const error = known ?? new ViewError(`This can't be drawn: ${asViewError(thrown).message}`, {
      remedy: "Its data may be damaged or of another version. Run the cell again, or open the run by its link.",
    });
    this.setState({ error });
  }

  override render(): ComponentChildren {
    const { error } = this.state;
    return error ? <Failure error={error} again={() => this.setState({ error: undefined })} /> : this.props.children;
  }
}
