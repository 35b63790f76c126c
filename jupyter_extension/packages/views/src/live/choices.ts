/**
 * What was chosen in the views of a page. Front-ends draw an output anew when it is updated, and a saved picture gives way
 * to a widget: the same view by another module, in another host, must come up as it was left.
 */
import type { Host } from "../store";

const page = globalThis as { taskcellChoices?: Map<string, unknown> };

/** Return a host that remembers for as long as the page is there, and longer where the given one does. */
export function remembering(host: Host): Host {
  const kept = (page.taskcellChoices ??= new Map());
  return {
    ...host,
    remember(key, value) {
      kept.set(key, value);
      host.remember?.(key, value);
    },
    recall: (key) => kept.get(key) ?? host.recall?.(key),
  };
}
