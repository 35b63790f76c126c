/** How a launch runs: where, how many at once, with what resources. None of it changes a result. */
import type { JSX } from "preact";
import * as escaping from "../escaping";
import { useAround } from "../live/context";
import type { LaunchForm, LaunchParams } from "../types";

export interface Settings {
  backend: string;
  workers: string;
  cpu: string;
  memory: string;
  image: string;
  use_cache: boolean;
  message: string;
}

export const NO_SETTINGS: Settings = { backend: "", workers: "", cpu: "", memory: "", image: "", use_cache: true, message: "" };

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40 };

/** `2Gi`, `500 MB`: a size in bytes; undefined for what is none. */
export function bytesOf(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i.exec(text.trim());
  const unit = UNITS[(found?.[2] ?? "").toLowerCase()];
  return found && unit !== undefined ? Math.round(Number(found[1]) * unit) : undefined;
}

export function settingsOf(settings: Settings): { params: LaunchParams; error: string } {
  const params: LaunchParams = { backend: settings.backend, use_cache: settings.use_cache };
  if (settings.message.trim()) params.message = settings.message.trim();
  if (settings.workers.trim()) {
    const workers = Number(settings.workers);
    if (!Number.isInteger(workers) || workers < 1) return { params, error: "Tasks at once: a whole number from 1 on is needed." };
    params.max_workers = workers;
  }
  const cpu = settings.cpu.trim() ? Number(settings.cpu) : null;
  if (cpu !== null && !(cpu > 0)) return { params, error: "CPU cores: a number above 0 is needed, such as 0.5." };
  const memory = settings.memory.trim() ? bytesOf(settings.memory) : null;
  if (memory === undefined) return { params, error: "Memory: a size is needed, such as 2Gi." };
  if (cpu !== null || memory !== null || settings.image.trim()) params.resources = { cpu_cores: cpu, memory_bytes: memory, image: settings.image.trim() || null };
  return { params, error: "" };
}

interface FieldsProps {
  form: LaunchForm;
  settings: Settings;
  error: string;
  onChange(settings: Settings): void;
}

export function SettingsFields({ form, settings, error, onChange }: FieldsProps): JSX.Element {
  const { id } = useAround();
  const chosen = form.backends.find((one) => one.name === settings.backend);
  const text = (name: "workers" | "cpu" | "memory" | "image" | "message", title: string, placeholder: string) => (
    <div class="tc-field">
      <label class="tc-fieldname" for={`${id}-set-${name}`}>{title}</label>
      <div class="tc-control"><input id={`${id}-set-${name}`} type="text" value={settings[name]} placeholder={placeholder} onInput={(event) => onChange({ ...settings, [name]: event.currentTarget.value })} /></div>
    </div>
  );
  return (
    <div>
      {form.backends.length > 0 ? (
        <div class="tc-field">
          <label class="tc-fieldname" for={`${id}-backend`}>backend</label>
          <div class="tc-control">
            <select id={`${id}-backend`} value={settings.backend} onChange={(event) => onChange({ ...settings, backend: event.currentTarget.value })}>
              {form.backends.map((one) => <option key={one.name} value={one.name} disabled={one.problem !== ""}>{escaping.name(one.name, 40)}{one.is_default ? " (default)" : ""}{one.problem ? " – not available" : ""}</option>)}
            </select>
          </div>
          {form.backends.filter((one) => one.problem).map((one) => <div key={one.name} class="tc-muted tc-help">{escaping.name(one.name, 40)}: {escaping.sentence(one.problem, 300)}</div>)}
        </div>
      ) : null}
      <details>
        <summary>More settings</summary>
        {text("workers", "tasks at once", form.max_workers === null ? "one for each core" : String(form.max_workers))}
        {chosen && chosen.name !== "local" ? (
          <>
            {text("cpu", "CPU cores a task", "the setting")}
            {text("memory", "memory a task", "2Gi")}
            {text("image", "image", "the setting")}
          </>
        ) : null}
        {text("message", "message", "of a version that is made")}
        <label class="tc-box"><input type="checkbox" checked={!settings.use_cache} onChange={(event) => onChange({ ...settings, use_cache: !event.currentTarget.checked })} /> take nothing from the cache</label>
      </details>
      {error ? <div class="tc-bad" role="alert">{error}</div> : null}
    </div>
  );
}
