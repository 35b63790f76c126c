/**
 * Text that people or programs wrote, made safe to show: terminal escapes dropped, control characters visible,
 * characters that reorder or hide text spelled out. HTML is escaped by the renderer. As `taskcell.views.escaping`.
 */

/* eslint-disable no-control-regex, no-misleading-character-class -- these characters are what is looked for */
const TERMINAL =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Za-z]|\x1b[=>NOcDEHM78]|\x9b[0-?]*[ -/]*[@-~]/g;
const PLAIN = /^[\x20-\x7e]*$/;
const ODD =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udc7f]/g;
const PILED =
  /([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+/g;
/* eslint-enable no-control-regex, no-misleading-character-class */

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  if (code === 0x2028 || code === 0x2029) return "\n";
  if (code < 0xa0 || (code >= 0xd800 && code < 0xe000) || code >= 0xfffc) return "�";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** Make control characters visible. Newlines and tabs stay; a carriage return leaves a line's last writing. */
export function visible(text: string): string {
  return PLAIN.test(text) ? text : shownControls(text.replace(TERMINAL, ""));
}

/** As `visible`, for text from which terminal escapes were taken already. */
export function shownControls(text: string): string {
  let clean = text.replace(/\r\n/g, "\n");
  if (clean.includes("\r"))
    clean = clean
      .split("\n")
      .map((line) => line.replace(/\r+$/, "").split("\r").pop() ?? "")
      .join("\n");
  return clean.replace(ODD, shown).replace(PILED, "$1");
}

/** A name on one line: safe, a newline shown as a sign, clipped. */
export function name(text: string, limit = 80): string {
  return clip(visible(text.slice(0, limit * 4 + 64)).replace(/\n/g, "⏎").replace(/\t/g, " "), limit);
}

/** Prose on one line: safe, white space closed up, clipped. */
export function sentence(text: string, limit = 400): string {
  return clip(visible(text.slice(0, limit * 4 + 64)).split(/\s+/).join(" ").trim(), limit);
}

/** Text of several lines: safe and clipped. */
export function block(text: string, limit = 20_000): string {
  return clip(visible(text.slice(0, limit)), limit) + (text.length > limit ? "…" : "");
}

export function clip(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
