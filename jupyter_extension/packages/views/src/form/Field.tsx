/** One parameter of a form: its control, type, help, and what is wrong with what was typed. */
import type { JSX } from "preact";
import * as escaping from "../escaping";
import { useAround } from "../live/context";
import { Name } from "../parts/basics";
import type { FormField } from "../types";
import * as words from "../words";
import type { Entry } from "./fields";
import { textOf } from "./fields";

interface FieldProps {
  field: FormField;
  entry: Entry;
  error: string;
  onChange(entry: Entry): void;
}

export function Field({ field, entry, error, onChange }: FieldProps): JSX.Element {
  const { id } = useAround();
  const key = `${id}-field-${field.name}`;
  const type = (text: string) => onChange({ ...entry, text, touched: true });
  const described = `${key}-help${error ? ` ${key}-error` : ""}`;
  const common = { id: key, "aria-describedby": described, "aria-invalid": error ? ("true" as const) : undefined };
  return (
    <div class="tc-field">
      <label for={key} class="tc-fieldname">
        <Name text={field.name} limit={60} /> <span class="tc-muted tc-mono">{escaping.name(field.annotation, 40)}</span>
      </label>
      <div class="tc-control">
        <Control field={field} entry={entry} common={common} onType={type} />
        <label class="tc-sweep" title="Several values: one run with a branch for each combination">
          <input type="checkbox" checked={entry.sweep} onChange={(event) => onChange({ ...entry, sweep: event.currentTarget.checked, touched: true })} /> sweep
        </label>
        {entry.touched ? (
          <button type="button" class="tc-link tc-muted" onClick={() => onChange({ text: textOf(field), touched: false, sweep: false })}>default</button>
        ) : null}
      </div>
      <div id={`${key}-help`} class="tc-muted tc-help">
        {field.doc ? `${escaping.sentence(field.doc, 300).replace(/[.!?]?$/, ".")} ` : ""}
        <span>Default {words.value(field.default, 40)}{field.optional ? ", may be empty" : ""}.{entry.sweep ? " Several values, with commas or one a line." : ""}</span>
      </div>
      {error ? <div id={`${key}-error`} class="tc-bad" role="alert">{error}</div> : null}
    </div>
  );
}

interface ControlProps {
  field: FormField;
  entry: Entry;
  common: { id: string; "aria-describedby": string; "aria-invalid": "true" | undefined };
  onType(text: string): void;
}

function Control({ field, entry, common, onType }: ControlProps): JSX.Element {
  const onInput = (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement }) => onType(event.currentTarget.value);
  const { text } = entry;
  if (entry.sweep && field.control === "boolean") return <input {...common} type="text" value="true, false" readOnly />;
  if (entry.sweep && field.control === "choice") return <Several field={field} text={text} common={common} onType={onType} />;
  if (entry.sweep) return ["integer", "number", "date", "datetime"].includes(field.control) ? <input {...common} type="text" value={text} placeholder="0.01, 0.1, 0.3" onInput={onInput} /> : <textarea {...common} rows={3} value={text} onInput={onInput} />;
  switch (field.control) {
    case "boolean":
      return field.optional ? (
        <select {...common} value={text} onChange={onInput}>
          <option value="">None</option>
          <option value="true">True</option>
          <option value="false">False</option>
        </select>
      ) : (
        <input {...common} type="checkbox" checked={text === "true"} onChange={(event) => onType(String(event.currentTarget.checked))} />
      );
    case "choice":
      return (
        <select {...common} value={text} onChange={onInput}>
          {field.optional ? <option value="">None</option> : null}
          {field.choices.map((one) => <option key={JSON.stringify(one)} value={JSON.stringify(one)}>{escaping.name(typeof one === "string" ? one : words.python(one), 80)}</option>)}
        </select>
      );
    case "integer":
    case "number":
      return <input {...common} type="text" inputMode={field.control === "integer" ? "numeric" : "decimal"} value={text} onInput={onInput} />;
    case "date":
      return <input {...common} type="date" value={text.slice(0, 10)} onInput={onInput} />;
    case "datetime":
      return <input {...common} type="text" value={text} placeholder="2026-01-31T12:00" onInput={onInput} />;
    case "json":
      return <textarea {...common} rows={Math.min(8, Math.max(2, text.split("\n").length))} value={text} spellcheck={false} onInput={onInput} />;
    case "list":
    case "text":
      return <input {...common} type="text" value={text} onInput={onInput} />;
  }
}

function Several({ field, text, common, onType }: Omit<ControlProps, "entry"> & { text: string }): JSX.Element {
  const chosen = new Set(text.startsWith("[") ? (JSON.parse(text) as unknown[]).map((one) => JSON.stringify(one)) : [text]);
  return (
    <select {...common} multiple size={Math.min(6, field.choices.length)} onChange={(event) => onType(`[${[...event.currentTarget.selectedOptions].map((option) => option.value).join(",")}]`)}>
      {field.choices.map((one) => <option key={JSON.stringify(one)} value={JSON.stringify(one)} selected={chosen.has(JSON.stringify(one))}>{escaping.name(typeof one === "string" ? one : words.python(one), 80)}</option>)}
    </select>
  );
}
