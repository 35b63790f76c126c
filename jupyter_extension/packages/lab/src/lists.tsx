/** What is in the side panel: two lists, what filters them, and what is chosen in them. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { Runs } from './run_list';
import type { ITaskcell } from './tokens';
import { Workflows } from './workflow_list';

/** Draw the lists into an element; the function that is returned takes them away. */
export function draw(node: HTMLElement, taskcell: ITaskcell): () => void {
  render(<Lists taskcell={taskcell} />, node);
  return () => render(null, node);
}

/** A value that is remembered across reloads. */
export function useRemembered<T>(taskcell: ITaskcell, key: string, first: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => (taskcell.host.recall?.(`panel:${key}`) as T | undefined) ?? first);
  const set = (next: T): void => {
    setValue(next);
    taskcell.host.remember?.(`panel:${key}`, next);
  };
  return [value, set];
}

/** Counts up, at most every 300 ms, when runs change. */
export function useChanges(taskcell: ITaskcell): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setCount(old => old + 1);
      }, 300);
    };
    let lost = false;
    const stop = taskcell.store.subscribe('runs', changed, state => {
      if (state === 'live' && lost) {
        changed();
      }
      lost = state === 'lost';
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [taskcell]);
  return count;
}

/** Ids and names that are kept on top. */
export interface Favourites {
  has(name: string): boolean;
  toggle(name: string): void;
}

function useFavourites(taskcell: ITaskcell): Favourites {
  const [names, setNames] = useRemembered<string[]>(taskcell, 'favourites', []);
  return {
    has: name => names.includes(name),
    toggle: name => setNames(names.includes(name) ? names.filter(other => other !== name) : [name, ...names].slice(0, 200))
  };
}

function Lists({ taskcell }: { taskcell: ITaskcell }) {
  const favourites = useFavourites(taskcell);
  const changes = useChanges(taskcell);
  return (
    <div class="tc-lab-lists">
      <Section taskcell={taskcell} name="Workflows">
        <Workflows taskcell={taskcell} favourites={favourites} changes={changes} />
      </Section>
      <Section taskcell={taskcell} name="Runs">
        <Runs taskcell={taskcell} favourites={favourites} changes={changes} />
      </Section>
    </div>
  );
}

function Section(props: { taskcell: ITaskcell; name: string; children: preact.ComponentChildren }) {
  const [open, setOpen] = useRemembered(props.taskcell, `open:${props.name}`, true);
  return (
    <section class={open ? 'tc-lab-section tc-lab-open' : 'tc-lab-section'}>
      <h2>
        <button class="tc-lab-plain" aria-expanded={open} onClick={() => setOpen(!open)}>
          <span class="tc-lab-arrow" aria-hidden="true">{open ? '▾' : '▸'}</span> {props.name}
        </button>
      </h2>
      {open && props.children}
    </section>
  );
}

export function Star({ favourites, name, what }: { favourites: Favourites; name: string; what: string }) {
  const on = favourites.has(name);
  return (
    <button
      class={on ? 'tc-lab-plain tc-lab-star tc-lab-on' : 'tc-lab-plain tc-lab-star'}
      aria-pressed={on}
      aria-label={`Favourite: ${what}`}
      title={on ? 'No longer a favourite' : 'Keep on top'}
      onClick={event => {
        event.stopPropagation();
        favourites.toggle(name);
      }}
    >
      {on ? '★' : '☆'}
    </button>
  );
}
