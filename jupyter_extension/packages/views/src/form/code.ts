/** The launch that a form describes, as a magic line. */
import type { Json, LaunchParams } from "../types";

/** Write `%launch …`; what equals the default is left out by the caller. */
export function magic(params: LaunchParams): string {
  const parts = ["%launch"];
  if (params.target) parts.push(quoted(params.target));
  for (const [name, value] of Object.entries(params.parameters ?? {})) parts.push("-p", quoted(`${name}=${argument(value)}`));
  for (const [name, values] of Object.entries(params.sweep ?? {})) parts.push("--sweep", quoted(`${name}=${values.map(argument).join(",")}`));
  if (params.backend) parts.push("--backend", quoted(params.backend));
  if (params.max_workers) parts.push("--workers", String(params.max_workers));
  if (params.use_cache === false) parts.push("--no-cache");
  if (params.message) parts.push("-m", quoted(params.message));
  return parts.join(" ");
}

function argument(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function quoted(text: string): string {
  return /^[\w@:.,=+/-]+$/.test(text) ? text : `"${text.replace(/(["\\$`])/g, "\\$1")}"`;
}
