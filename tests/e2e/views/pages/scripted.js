// A store whose answers a test writes: by name, a value, a function, or an error. It can be silent, and it can lose its connection.
import * as payloads from "./payloads.js";

export function scriptedStore(answers = {}, options = {}) {
  const asked = [];
  const topics = new Map();
  let held, release;
  const store = {
    asked,
    answers: { ...payloads.answers, ...answers },
    delay_ms: options.delay_ms ?? 5,
    async request(name, params, signal) {
      asked.push([name, params]);
      const answer = store.answers[name];
      await new Promise((resolve) => setTimeout(resolve, store.delay_ms));
      await held;
      if (signal?.aborted) throw new DOMException("aborted", "AbortError");
      if (answer === "never") return new Promise(() => undefined);
      if (answer === undefined) throw new window.views.ViewError(`Nothing is scripted for ${name}.`, { code: "missing" });
      if (answer instanceof Error) throw answer;
      return structuredClone(typeof answer === "function" ? await answer(params) : answer);
    },
    subscribe(topic, onEvent, onState) {
      const listener = { onEvent, onState };
      topics.set(topic, [...(topics.get(topic) ?? []), listener]);
      if (!options.mute) setTimeout(() => onState("live"), 1);
      const whole = options.wholes?.[topic];
      if (whole) setTimeout(() => onEvent(structuredClone(whole)), store.delay_ms);
      return () => topics.set(topic, (topics.get(topic) ?? []).filter((one) => one !== listener));
    },
    tell(topic, event) { for (const one of topics.get(topic) ?? []) one.onEvent(event); },
    state(state) { for (const all of topics.values()) for (const one of all) one.onState(state); },
    /** Give no answer until `release` is called. */
    hold() { held = new Promise((resolve) => { release = resolve; }); },
    release() { release(); },
    listening() { return [...topics].filter(([, all]) => all.length > 0).map(([topic]) => topic); },
  };
  if (options.held) store.hold();
  return store;
}
