/** Views of Taskcell: drawn from plain payloads, fed by any store. Nothing here knows of Jupyter. */
import { drawLooking } from "./looking";
import type { Mount } from "./mount";
import { mountOf } from "./mount";
import { drawRunning } from "./running";

const looking = drawLooking(true);

/** Draw any view. For a widget, whose module travels with each of its instances, there are `/running` and `/looking`. */
export const mount: Mount = mountOf((view, ...rest) => drawRunning(view, ...rest) ?? looking(view, ...rest));

export * from "./store";
export { SCHEMA } from "./types";
export { commStore } from "./stores/comm";
export type { CommOptions, CommStore, Message } from "./stores/comm";
export { restStore } from "./stores/rest";
export type { Fetcher, RestOptions } from "./stores/rest";
export type * from "./types";
