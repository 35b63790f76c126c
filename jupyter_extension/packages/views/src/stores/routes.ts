/** Where an operation is found: its path with ids put in, the rest as query or body. */
import { ROUTES } from "../types";

interface Route {
  url: string;
  method: string;
  body: string | undefined;
}

/** Return the request for an operation. Ids are escaped, so that none can leave its place in the path. */
export function routeOf(base: string, name: string, params: Readonly<Record<string, unknown>>): Route {
  const operation = (ROUTES as Readonly<Record<string, { method: string; path: string }>>)[name];
  if (!operation) throw new Error(`There is no operation ${name}.`);
  const left = new Map(Object.entries(params).filter(([, value]) => value !== undefined && value !== null));
  const path = operation.path.replace(/\{(\w+)\}/g, (_, key: string) => {
    const value = left.get(key);
    left.delete(key);
    const parts = Array.isArray(value) ? value : [value ?? ""];
    return parts.map((part) => encodeURIComponent(String(part))).join(",");
  });
  if (operation.method !== "GET")
    return { url: base + path, method: operation.method, body: JSON.stringify(Object.fromEntries(left)) };
  const query = new URLSearchParams();
  for (const [key, value] of left)
    for (const one of Array.isArray(value) ? value : [value])
      query.append(key, typeof one === "object" ? JSON.stringify(one) : String(one));
  const asked = query.toString();
  return { url: base + path + (asked ? `?${asked}` : ""), method: "GET", body: undefined };
}
