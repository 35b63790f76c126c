/** Views of Taskcell: drawn from plain payloads, fed by any store. Nothing here knows of Jupyter. */
export * from "./store";
export { mount } from "./mount";
export { commStore } from "./stores/comm";
export type { CommOptions, CommStore, Message } from "./stores/comm";
export { restStore } from "./stores/rest";
export type { Fetcher, RestOptions } from "./stores/rest";
export type * from "./types";
