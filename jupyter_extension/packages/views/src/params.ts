/** Params of a view as a host gives them: from a widget, a tab, or a link, so of any shape. */
import { isRecord } from "./payloads";
import { ViewError } from "./store";

export interface Given {
  text(name: string): string;
  number(name: string): number;
  list(name: string): string[];
}

export function given(params: object): Given {
  const all: Readonly<Record<string, unknown>> = isRecord(params) ? params : {};
  const text = (name: string): string => (typeof all[name] === "string" ? all[name] : "");
  return {
    text,
    number: (name) => (typeof all[name] === "number" ? all[name] : Number(text(name)) || 0),
    list(name) {
      const value = all[name];
      return Array.isArray(value) ? value.map(String) : text(name).split(",").filter(Boolean);
    },
  };
}

export function missing(what: string): ViewError {
  return new ViewError(`Nothing says which ${what} to show.`, { remedy: "Open it from a list or by its link." });
}
