// The run view as it is, with everything around the graph.
import { mount } from "/views/index.js";

export function start(place, run) {
  let tell = () => undefined;
  const store = {
    request: () => new Promise(() => undefined),
    subscribe(topic, onEvent) { if (topic.startsWith("run:")) tell = onEvent; return () => undefined; },
  };
  mount(place, "run", { run: run.id }, store, {}, run);
  const picture = () => place.querySelector(".tc-picture");
  const drawn = () => [...place.querySelectorAll(".tc-svg .tc-node, .tc-canvas")].length > 0;
  const wheel = (by) => picture().dispatchEvent(new WheelEvent("wheel", { deltaY: -Math.log(by) / 0.004, ctrlKey: true, cancelable: true, clientX: 400, clientY: 300 }));
  const pointer = (type, x) => picture().dispatchEvent(new PointerEvent(type, { pointerId: 1, button: 0, clientX: x, clientY: 300, bubbles: true }));
  let at = 0;
  let sequence = 1;
  HTMLElement.prototype.setPointerCapture = () => undefined; // no real pointer is down
  return {
    ready: drawn,
    pan(dx) { if (at === 0) pointer("pointerdown", (at = 300)); pointer("pointermove", (at += dx)); },
    zoom: wheel,
    change(ids) {
      sequence += 1;
      tell({ event: "run-change", topic: "", sequence, state: "running", shown_at: run.shown_at, sentence: "", duration_s: 70 + sequence, ended_at: null, counts: run.counts, notices: [], actions: [], cancelling: false, tasks: [], nodes: ids.map((id) => ({ id, state: sequence % 2 ? "succeeded" : "failed", detail: `${sequence} s`, counts: {} })) });
    },
  };
}
