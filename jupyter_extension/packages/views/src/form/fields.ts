/** What people type into a form, read as values; an error is a sentence under its field. */
import type { FormField, Json } from "../types";

export interface Entry {
  /** The text as typed, or `true` and `false` of a box. */
  text: string;
  /** Whether it was changed from the default. */
  touched: boolean;
  /** Several values, one a branch. */
  sweep: boolean;
}

export type Read = { value: Json; error?: undefined } | { value?: undefined; error: string };

export function textOf(field: FormField, value: Json = field.default): string {
  if (value === null) return "";
  if (field.control === "choice") return JSON.stringify(value);
  if (field.control === "list" && Array.isArray(value)) return value.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(", ");
  return typeof value === "string" && field.control !== "json" ? value : JSON.stringify(value);
}

export function firstEntry(field: FormField): Entry {
  return { text: textOf(field), touched: false, sweep: false };
}

/** Read a field's text as a value of its type. */
export function read(field: FormField, text: string): Read {
  const empty = text.trim() === "";
  if (empty && field.optional) return { value: null };
  switch (field.control) {
    case "integer":
      return integer(text);
    case "number":
      return real(text);
    case "boolean":
      return { value: text === "true" };
    case "choice":
      return choice(field, text);
    case "list":
      return list(field, text);
    case "json":
      return json(text);
    case "date":
      return /^\d{4}-\d{2}-\d{2}$/.test(text.trim()) ? { value: text.trim() } : { error: "A date such as 2026-01-31 is needed." };
    case "datetime":
      return Number.isNaN(Date.parse(text)) ? { error: "A date and time such as 2026-01-31T12:00 is needed." } : { value: text.trim() };
    case "text":
      return { value: text };
  }
}

/** Read several values: `0.01, 0.1` of numbers, one a line of anything else. */
export function readSweep(field: FormField, text: string): { values: Json[]; error?: string } {
  const simple = ["integer", "number", "date", "datetime"].includes(field.control);
  const parts = field.control === "boolean" ? ["true", "false"] : field.control === "choice" && text.startsWith("[") ? choiceParts(text) : text.split(simple ? /[,\n]/ : "\n");
  const values: Json[] = [];
  for (const part of parts.map((one) => one.trim()).filter((one) => one !== "")) {
    const found = read({ ...field, optional: false }, part);
    if (found.error !== undefined) return { values: [], error: `${part}: ${found.error}` };
    values.push(found.value);
  }
  if (values.length < 2) return { values, error: simple ? "Give at least two values with commas between." : "Give at least two values, one a line." };
  if (new Set(values.map((one) => JSON.stringify(one))).size < values.length) return { values, error: "A value stands there twice." };
  return { values };
}

function choiceParts(text: string): string[] {
  const found = json(text);
  return Array.isArray(found.value) ? found.value.map((one) => JSON.stringify(one)) : [];
}

function integer(text: string): Read {
  const clean = text.trim().replace(/_/g, "");
  if (!/^[+-]?\d+$/.test(clean)) return { error: "A whole number is needed." };
  const value = Number(clean);
  return Number.isSafeInteger(value) ? { value } : { error: "This number is too large for a form; launch it from code." };
}

function real(text: string): Read {
  const clean = text.trim().replace(/_/g, "");
  if (clean === "" || !Number.isFinite(Number(clean))) return { error: "A number is needed, such as 0.1 or 1e-3." };
  return { value: Number(clean) };
}

function choice(field: FormField, text: string): Read {
  const found = field.choices.find((one) => JSON.stringify(one) === text || one === text);
  return found === undefined ? { error: "Choose one of the values." } : { value: found };
}

function list(field: FormField, text: string): Read {
  if (text.trim().startsWith("[")) {
    const found = json(text);
    return found.error !== undefined || Array.isArray(found.value) ? found : { error: "A list is needed, with commas between." };
  }
  const values: Json[] = [];
  for (const part of text.split(",").map((one) => one.trim()).filter((one) => one !== "")) {
    const control = field.item === "integer" || field.item === "number" || field.item === "boolean" ? field.item : "text";
    const found = read({ ...field, control, optional: false }, part);
    if (found.error !== undefined) return { error: `${part}: ${found.error}` };
    values.push(found.value);
  }
  return { value: values };
}

function json(text: string): Read {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return { error: 'JSON is needed, such as {"a": 1} or [1, 2] or "text".' };
  }
}
