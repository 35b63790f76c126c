import assert from "node:assert/strict";
import { test } from "node:test";
import * as escaping from "../src/escaping";
import { plain, spans } from "../src/log/ansi";
import * as words from "../src/words";

test("durations are said as Python says them", () => {
  const said = [0, 0.0001, 0.003, 1.2, 59.96, 123, 7260, 90_000].map(words.duration);
  assert.deepEqual(said, ["0 s", "<1 ms", "3 ms", "1.2 s", "1 min", "2 min 3 s", "2 h 1 min", "1 d 1 h"]);
  assert.equal(words.duration(null), "–");
});

test("ages, sizes and changes are said as Python says them", () => {
  assert.equal(words.age("2025-06-01T00:00:00Z", "2025-06-03T00:00:00Z"), "2 days ago");
  assert.equal(words.age("2025-01-01T00:00:00Z", "2025-06-03T00:00:00Z"), "on 2025-01-01");
  assert.deepEqual([812, 1_260_000].map(words.size), ["812 B", "1.2 MiB"]);
  assert.equal(words.change(10, 10.31), "+3.1 %");
  assert.equal(words.change(0, 5), "");
  assert.equal(words.python({ a: [1, null, true, "it's"] }), `{'a': [1, None, True, "it's"]}`);
});

test("control, reordering and hidden characters are made visible", () => {
  assert.equal(escaping.name("a\u0000b\u202ec\u200bd\u001b[31mred\u001b[0m"), "a␀b⟨U+202E⟩c⟨U+200B⟩dred");
  assert.equal(escaping.name("one\ntwo"), "one⏎two");
  assert.equal(escaping.visible("10%\r50%\r100%"), "100%");
  assert.equal(escaping.visible("ok 👍 naïve"), "ok 👍 naïve");
  assert.equal(escaping.visible("\ud800x"), "�x");
});

test("terminal colours become spans, all other escapes are dropped", () => {
  const line = "\u001b[1;31mred\u001b[0m plain \u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007 \u001b[2J\u001b[38;5;196mx\u001b[48;2;1;2;999my";
  assert.equal(plain(line), "red plain link xy");
  const [red, , , , , colour] = [...spans(line), undefined, undefined].filter((one) => one?.text.trim());
  assert.equal(red?.classes, "tc-a-red tc-a-bold");
  assert.equal(colour ?? "", "");
  assert.ok(spans(line).some((one) => one.colour === "rgb(255,0,0)" && one.ground === "rgb(1,2,255)"));
});

test("an escape without an end hides nothing", () => {
  assert.ok(plain("\u001b]0;title never ends and hides").includes("hides"));
});
