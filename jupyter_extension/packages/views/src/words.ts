/** Numbers, times and sizes in words for people; the same words as `taskcell.views.words`. */
import { visible } from "./escaping";
import type { Json } from "./types";

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];

export function count(number: number): string {
  return String(number).replace(/^-?\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

export function plural(number: number, noun: string, nouns = `${noun}s`): string {
  return `${count(number)} ${number === 1 ? noun : nouns}`;
}

/** Say a duration in seconds: `3 ms`, `1.2 s`, `2 min 3 s`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const length = Math.max(0, seconds);
  if (length < 0.0005) return length === 0 ? "0 s" : "<1 ms";
  if (Math.round(length * 1000) < 1000) return `${Math.round(length * 1000)} ms`;
  if (Math.round(length * 10) < 600) return `${length.toFixed(1)} s`;
  return longDuration(Math.round(length));
}

function longDuration(total: number): string {
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return total % 60 ? `${minutes} min ${total % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${count(days)} d ${hours % 24} h` : `${count(days)} d`;
}

/** Say how long ago a moment was; after a month, the date. */
export function age(moment: string | null, now: string | number): string {
  if (!moment) return "";
  const then = Date.parse(moment);
  const seconds = ((typeof now === "number" ? now : Date.parse(now)) - then) / 1000;
  if (!Number.isFinite(seconds)) return "";
  const distance = Math.abs(seconds);
  if (distance < 5) return "just now";
  if (distance >= 30 * 86_400) return `on ${moment.slice(0, 10)}`;
  const said =
    distance >= 86_400
      ? plural(Math.floor(distance / 86_400), "day")
      : distance >= 3600
        ? `${Math.floor(distance / 3600)} h`
        : distance >= 60
          ? `${Math.floor(distance / 60)} min`
          : `${Math.floor(distance)} s`;
  return seconds > 0 ? `${said} ago` : `in ${said}`;
}

/** Say a moment in full, in the reader's time zone. */
export function moment(text: string | null): string {
  if (!text) return "";
  const date = new Date(text);
  if (Number.isNaN(date.valueOf())) return "";
  const two = (part: number) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function size(bytes: number | null): string {
  if (bytes === null) return "";
  let value = bytes;
  let unit = "B";
  for (const bigger of UNITS) {
    if (Math.abs(value) < 1023.95) break;
    value /= 1024;
    unit = bigger;
  }
  return unit === "B" || Math.abs(value) >= 100 ? `${count(Math.round(value))} ${unit}` : `${value.toFixed(1)} ${unit}`;
}

/** Say a measured number with six significant digits. */
export function number(value: number): string {
  if (Number.isInteger(value)) return count(value);
  if (!Number.isFinite(value)) return String(value);
  const text = value.toPrecision(6);
  return text.includes("e") ? text.replace(/\.?0+e/, "e") : text.replace(/\.?0+$/, "");
}

/** Say a value in JSON form as Python writes it, on one line, clipped. */
export function value(thing: Json | undefined, limit = 60): string {
  const said = python(thing, limit);
  return said.length <= limit ? said : `${said.slice(0, limit - 1)}…`;
}

/** Write a value in JSON form as Python does. */
export function python(thing: Json | undefined, limit = Infinity): string {
  if (thing === null || thing === undefined) return "None";
  if (typeof thing === "boolean") return thing ? "True" : "False";
  if (typeof thing === "number") return String(thing);
  if (typeof thing === "string") {
    const text = visible(thing.length > limit ? thing.slice(0, limit + 1) : thing).replace(/\n/g, "\\n");
    return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replace(/'/g, "\\'")}'`;
  }
  const items = Array.isArray(thing) ? thing.slice(0, 200) : Object.entries(thing).slice(0, 200);
  if (Array.isArray(thing)) return `[${(items as Json[]).map((one) => python(one, limit)).join(", ")}]`;
  return `{${(items as [string, Json][]).map(([key, one]) => `${python(key, limit)}: ${python(one, limit)}`).join(", ")}}`;
}

/** Say how a number differs from the first: `+3.1 %`. Empty when there is nothing to say. */
export function change(first: Json | undefined, other: Json | undefined): string {
  if (typeof first !== "number" || typeof other !== "number" || first === 0 || first === other) return "";
  const percent = ((other - first) / Math.abs(first)) * 100;
  if (!Number.isFinite(percent)) return "";
  const sign = percent > 0 ? "+" : "−";
  if (Math.abs(percent) >= 1000 && other / first > 0) return `×${number(Number((other / first).toPrecision(3)))}`;
  const digits = Math.abs(percent) >= 0.05 ? Math.abs(percent).toFixed(1) : Math.abs(percent).toPrecision(1);
  return `${sign}${digits} %`;
}

/** Shorten a run's id to the part that is its time. */
export function run(id: string): string {
  return id.length <= 10 ? id : `${id.slice(0, 10)}…`;
}

export function listed(names: readonly string[], limit = 4): string {
  const shown = names.slice(0, limit).join(", ");
  return names.length > limit ? `${shown} and ${count(names.length - limit)} more` : shown;
}
