import assert from "node:assert/strict";
import { test } from "node:test";
import { commStore } from "../src/stores/comm";
import type { Message } from "../src/stores/comm";
import { restStore } from "../src/stores/rest";
import { routeOf } from "../src/stores/routes";
import { EventParser } from "../src/stores/sse";

const RUN = "01KAH3B0Z0ABCDEFGHJKMNPQRS";

test("an id can't leave its place in a path", () => {
  const route = routeOf("/api", "tasks.log", { run: RUN, task: "../../x?y#z", from_line: -200, query: "a&b", attempt: undefined });
  assert.equal(route.url, `/api/runs/${RUN}/tasks/..%2F..%2Fx%3Fy%23z/log?from_line=-200&query=a%26b`);
  const posted = routeOf("/api", "tags.move", { workflow: "w", tag: "prod", version: 3 });
  assert.deepEqual([posted.method, posted.url, posted.body], ["POST", "/api/workflows/w/tags/prod", '{"version":3}']);
});

test("server-sent events are read in whatever pieces they come", () => {
  const text = 'id: 7\r\ndata: {"a":\r\ndata: 1}\r\n\r\n: beat\n\ndata: x\n\n';
  for (const size of [1, 2, 5, text.length]) {
    const parser = new EventParser();
    const found = [];
    for (let at = 0; at < text.length; at += size) found.push(...parser.take(text.slice(at, at + size)));
    assert.deepEqual(found, [{ id: "7", data: '{"a":\n1}' }, { id: "7", data: "x" }], `pieces of ${size}`);
  }
});

function comm() {
  const sent: Message[] = [];
  let tell: (message: Message) => void = () => undefined;
  const store = commStore((message) => void sent.push(message), (listen) => void (tell = listen), { timeout_ms: 40 });
  return { store, sent, tell: (message: Message) => tell(message) };
}

test("a comm's answers find their questions, in any order", async () => {
  const { store, sent, tell } = comm();
  const first = store.request("runs.get", { run: "a" });
  const second = store.request("runs.get", { run: "b" });
  tell({ id: sent[1]?.["id"], result: { id: "b" } });
  tell({ id: sent[0]?.["id"], error: { code: "not-found", message: "There is no run a.", remedy: "List runs with %runs." } });
  assert.equal((await second).id, "b");
  await assert.rejects(first, { message: "There is no run a.", code: "not-found", remedy: "List runs with %runs." });
});

test("a comm that never answers is given up in words", async () => {
  const { store } = comm();
  await assert.rejects(store.request("about", {}), { code: "timeout", temporary: true });
});

test("one subscription serves many listeners, and the last to go ends it", () => {
  const { store, sent, tell } = comm();
  const heard: unknown[] = [];
  const leave = [1, 2].map(() => store.subscribe("runs", (event) => heard.push(event), () => undefined));
  tell({ topic: "runs", event: { event: "runs-change" } });
  assert.equal(heard.length, 2);
  leave.forEach((one) => one());
  assert.deepEqual(sent, [{ subscribe: "runs" }, { subscribe: "runs" }, { unsubscribe: "runs" }]);
});

test("a server's refusal, a proxy's page and no server at all are each said in words", async () => {
  const answers: (() => Promise<Response>)[] = [
    async () => new Response('{"code":"conflict","message":"The run has ended.","remedy":"Nothing to do."}', { status: 409 }),
    async () => new Response("<html>", { status: 200 }),
    async () => new Response("bad gateway", { status: 502 }),
    async () => Promise.reject(new TypeError("failed to fetch")),
  ];
  const said = [];
  for (const answer of answers)
    said.push(await restStore("/api/", answer).request("runs.cancel", { run: RUN }).catch((thrown: Error & { code: string }) => `${thrown.code}: ${thrown.message}`));
  assert.deepEqual(said, [
    "conflict: The run has ended.",
    "internal: The server's answer is not JSON: a proxy or a sign-in page may be in between.",
    "http-502: The server behind the proxy does not answer.",
    "lost: The server can't be reached.",
  ]);
});

test("who joins others is told a topic from its beginning, and nothing of what came before", async () => {
  const asked: (string | null)[] = [];
  const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  const send = (stream: number, id: string, sequence: number) =>
    streams[stream]?.enqueue(new TextEncoder().encode(`id: ${id}\ndata: {"topic":"runs","event":"runs-change","sequence":${sequence}}\n\n`));
  const fetcher = async (_url: string, init?: RequestInit): Promise<Response> => {
    asked.push(new Headers(init?.headers).get("Last-Event-ID"));
    const body = new ReadableStream<Uint8Array>({
      start(control) {
        streams.push(control);
        init?.signal?.addEventListener("abort", () => control.error(new Error("aborted")));
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  };
  const store = restStore("/api", fetcher, { pause_ms: 5, silence_ms: 5000 });
  const heard: [string, number][] = [];
  const listen = (name: string) =>
    new Promise<() => void>((resolve) => {
      const leave = store.subscribe("runs", (event) => (heard.push([name, event.sequence]), resolve(leave)), () => undefined);
    });
  const first = listen("first");
  await new Promise((resolve) => setTimeout(resolve, 10));
  send(0, "a-1", 1);
  const leave = [await first];
  const second = listen("second");
  await new Promise((resolve) => setTimeout(resolve, 10));
  send(1, "a-1", 2);
  leave.push(await second);
  for (const one of leave) one();
  assert.deepEqual(asked, [null, null]);
  assert.deepEqual(heard, [["first", 1], ["first", 2], ["second", 2]]);
});

test("a lost event connection is tried again with the last id, over one connection for all topics", async () => {
  const asked: { url: string; last: string | null }[] = [];
  let round = 0;
  const fetcher = async (url: string, init?: RequestInit): Promise<Response> => {
    asked.push({ url, last: new Headers(init?.headers).get("Last-Event-ID") });
    round += 1;
    if (round === 2) throw new TypeError("no server");
    const body = new ReadableStream<Uint8Array>({
      start(control) {
        control.enqueue(new TextEncoder().encode(`id: ${round}\ndata: {"topic":"runs","event":"runs-change","sequence":${round}}\n\n`));
        if (round === 1) control.close();
        init?.signal?.addEventListener("abort", () => control.error(new Error("aborted")));
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  };
  const store = restStore("/api", fetcher, { pause_ms: 5, silence_ms: 5000 });
  const states: string[] = [];
  const heard: number[] = [];
  const leave: (() => void)[] = [];
  await new Promise<void>((resolve) => {
    leave.push(
      store.subscribe(
        "runs",
        (event) => {
          heard.push(event.sequence);
          if (event.sequence === 3) resolve();
        },
        (state) => states.push(state),
      ),
      store.subscribe(`run:${RUN}`, () => undefined, () => undefined),
    );
  });
  for (const one of leave) one();
  assert.deepEqual(heard, [1, 3]);
  assert.deepEqual(states, ["live", "lost", "lost", "live"]);
  assert.deepEqual(asked.map((one) => one.last), [null, "1", "1"]);
  assert.ok(asked.every((one) => one.url === `/api/events?topic=runs&topic=run%3A${RUN}`));
});
