/** Questions that are asked several times within a moment, answered once: a link asks early, and JupyterLab reads a file twice. */
import type { Store } from '@taskcell/views';

const SHARED: readonly string[] = ['about', 'runs.experiment', 'versions.notebook', 'versions.get'];
const MOMENT_MS = 3000;

/** Return the store with the answers to some questions kept for a moment. */
export function sharing(store: Store): Store {
  const asked = new Map<string, Promise<unknown>>();
  const request: Store['request'] = (name, params, signal) => {
    if (signal || !SHARED.includes(name)) {
      return store.request(name, params, signal);
    }
    const key = `${name} ${JSON.stringify(params)}`;
    const known = asked.get(key) as ReturnType<typeof store.request<typeof name>> | undefined;
    if (known) {
      return known;
    }
    const answer = store.request(name, params);
    asked.set(key, answer);
    const forget = (): void => void asked.delete(key);
    answer.then(() => setTimeout(forget, MOMENT_MS), forget);
    return answer;
  };
  return { ...store, request };
}
