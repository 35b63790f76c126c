/** Terminal colours of a log line as spans. Only colour and weight are taken; everything else a terminal could be told is dropped. */
import { shownControls } from "../escaping";

export interface Span {
  text: string;
  /** Classes such as `tc-a-red tc-a-bold`. */
  classes: string;
  /** A colour of the 256 or of all; only numbers ever get in here. */
  colour: string;
  ground: string;
}

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
// eslint-disable-next-line no-control-regex -- escapes are what is looked for
const PIECES = /\x1b\[([0-9;:]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Za-z]|\x1b[=>NOcDEHM78]|\x9b[0-?]*[ -/]*[@-~]/g;

interface Pen {
  front: string;
  back: string;
  colour: string;
  ground: string;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
}

const FRESH: Pen = { front: "", back: "", colour: "", ground: "", bold: false, dim: false, italic: false, underline: false };

/** Split a line into spans. A line stands alone: colours do not go on into the next. */
export function spans(line: string): Span[] {
  if (!line.includes("\x1b") && !line.includes("\x9b")) return [span(line, FRESH)];
  const text = line.includes("\r") ? afterReturn(line) : line;
  const made: Span[] = [];
  let pen = FRESH;
  let at = 0;
  for (const found of text.matchAll(PIECES)) {
    if (found.index > at) made.push(span(text.slice(at, found.index), pen));
    at = found.index + found[0].length;
    if (found[1] !== undefined) pen = told(pen, found[1]);
  }
  if (at < text.length) made.push(span(text.slice(at), pen));
  return made;
}

/** The text of a line as it is searched and copied. */
export function plain(line: string): string {
  return spans(line)
    .map((one) => one.text)
    .join("");
}

function afterReturn(line: string): string {
  return line.replace(/\r+$/, "").split("\r").pop() ?? "";
}

function span(text: string, pen: Pen): Span {
  const classes = [
    pen.front && `tc-a-${pen.front}`,
    pen.back && `tc-b-${pen.back}`,
    pen.bold && "tc-a-bold",
    pen.dim && "tc-a-dim",
    pen.italic && "tc-a-italic",
    pen.underline && "tc-a-underline",
  ];
  return { text: shownControls(text), classes: classes.filter(Boolean).join(" "), colour: pen.colour, ground: pen.ground };
}

function told(pen: Pen, codes: string): Pen {
  const numbers = codes === "" ? [0] : codes.split(/[;:]/).map((code) => Number(code || 0));
  let next = { ...pen };
  for (let at = 0; at < numbers.length; at += 1) {
    const code = numbers[at] ?? 0;
    if (code === 0) next = { ...FRESH };
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 3) next.italic = true;
    else if (code === 4) next.underline = true;
    else if (code === 22) next.bold = next.dim = false;
    else if (code === 23) next.italic = false;
    else if (code === 24) next.underline = false;
    else if (code >= 30 && code <= 37) [next.front, next.colour] = [NAMES[code - 30] ?? "", ""];
    else if (code >= 90 && code <= 97) [next.front, next.colour] = [NAMES[code - 90] ?? "", ""];
    else if (code === 39) next.front = next.colour = "";
    else if (code >= 40 && code <= 47) [next.back, next.ground] = [NAMES[code - 40] ?? "", ""];
    else if (code >= 100 && code <= 107) [next.back, next.ground] = [NAMES[code - 100] ?? "", ""];
    else if (code === 49) next.back = next.ground = "";
    else if (code === 38 || code === 48) {
      const { colour, used } = longColour(numbers, at + 1);
      at += used;
      if (code === 38) [next.front, next.colour] = ["", colour];
      else [next.back, next.ground] = ["", colour];
    }
  }
  return next;
}

function longColour(numbers: readonly number[], at: number): { colour: string; used: number } {
  const part = (index: number) => Math.max(0, Math.min(255, Math.trunc(numbers[at + index] ?? 0) || 0));
  if (numbers[at] === 2) return { colour: `rgb(${part(1)},${part(2)},${part(3)})`, used: 4 };
  if (numbers[at] !== 5) return { colour: "", used: 1 };
  const index = part(1);
  if (index >= 232) return { colour: `rgb(${Array(3).fill(8 + (index - 232) * 10).join(",")})`, used: 2 };
  if (index < 16) return { colour: `var(--tc-ansi-${NAMES[index % 8] ?? "white"})`, used: 2 };
  const step = (value: number) => (value === 0 ? 0 : 55 + 40 * value);
  const cube = index - 16;
  return { colour: `rgb(${step(Math.floor(cube / 36))},${step(Math.floor(cube / 6) % 6)},${step(cube % 6)})`, used: 2 };
}
