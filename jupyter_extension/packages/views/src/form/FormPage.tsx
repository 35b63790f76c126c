/** A launch as a form: fields from the parameters, a preview that follows, one click that starts it. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAction, useAnswer } from "../live/asking";
import { Failure, Name, Notice, Waiting } from "../parts/basics";
import type { FormField, Json, LaunchForm, LaunchParams } from "../types";
import * as words from "../words";
import { useAround } from "../live/context";
import { magic } from "./code";
import { Expected } from "./Expected";
import { Field } from "./Field";
import type { Entry } from "./fields";
import { firstEntry, read, readSweep } from "./fields";
import type { Settings } from "./Settings";
import { NO_SETTINGS, SettingsFields, settingsOf } from "./Settings";

interface PageProps {
  target: string;
  first: LaunchForm | undefined;
  onStarted(run: string): void;
}

const SETTLE_MS = 300;

export function FormPage({ target, first, onStarted }: PageProps): JSX.Element {
  const [wanted, setWanted] = useState(first?.target ?? target);
  const answer = useAnswer("runs.form", { target: wanted }, { first });
  const form = answer.data;
  if (!form) return answer.error ? <Failure error={answer.error} again={answer.again} /> : <Waiting what="Reading the parameters" />;
  return (
    <>
      {answer.error ? <Failure error={answer.error} again={answer.again} /> : null}
      <Filled key={form.fields.map((field) => `${field.name} ${field.annotation}`).join()} form={form} target={wanted} busy={answer.busy} onTarget={setWanted} onStarted={onStarted} />
    </>
  );
}

interface FilledProps {
  form: LaunchForm;
  target: string;
  busy: boolean;
  onTarget(target: string): void;
  onStarted(run: string): void;
}

function Filled({ form, target, busy, onTarget, onStarted }: FilledProps): JSX.Element {
  const { store, host, announce } = useAround();
  const [entries, setEntries] = useState<Readonly<Record<string, Entry>>>(() => Object.fromEntries(form.fields.map((field) => [field.name, firstEntry(field)])));
  const [settings, setSettings] = useState<Settings>({ ...NO_SETTINGS, backend: form.backend });
  const entry = (field: FormField) => entries[field.name] ?? firstEntry(field);
  const made = useMemo(() => gather(form.fields, entries), [form.fields, entries]);
  const extra = settingsOf(settings);
  const branches = Object.values(made.sweep).reduce((product, values) => product * values.length, 1);
  const tooMany = branches > form.max_branches ? `${words.count(branches)} branches are more than the ${words.count(form.max_branches)} that a sweep may have.` : "";
  const wrong = Object.keys(made.errors).length > 0 || extra.error !== "" || tooMany !== "";
  const params: LaunchParams = { target: form.target || target, parameters: made.parameters, sweep: made.sweep, ...extra.params };
  const preview = useAnswer("runs.preview", wrong ? undefined : params, { settle_ms: SETTLE_MS });
  const launch = useAction(async () => {
    const started = await store.request("runs.launch", params);
    announce(`Started run ${started.run}`);
    onStarted(started.run);
  });
  const refused = form.problems.length > 0 || (preview.data?.problems.length ?? 0) > 0;
  const short: LaunchParams = { ...params, backend: params.backend === form.backend ? "" : (params.backend ?? "") };
  return (
    <form
      class="tc-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong && !refused) launch.run();
      }}
    >
      <header class="tc-head">
        <div class="tc-title"><h2>Launch <Name text={form.title} limit={60} /></h2></div>
        <div class="tc-buttons">
          <button type="submit" class="tc-button tc-main" aria-disabled={wrong || refused || launch.busy || undefined} aria-busy={launch.busy || undefined}>
            {launch.busy ? "Starting…" : branches > 1 ? `Launch ${words.plural(branches, "branch", "branches")}` : "Launch"}
          </button>
        </div>
      </header>
      {launch.error ? <Failure error={launch.error} again={() => launch.run()} /> : null}
      {form.problems.map((problem, index) => <Notice key={index} kind="error">{escaping.sentence(problem, 800)}</Notice>)}
      {tooMany ? <Notice kind="error">{tooMany}</Notice> : null}
      <div class="tc-formbody">
        <div>
          <Target form={form} target={target} busy={busy} onTarget={onTarget} />
          {form.fields.length === 0 ? <div class="tc-muted tc-pad">It has no parameters.</div> : null}
          {form.fields.map((field) => (
            <Field key={field.name} field={field} entry={entry(field)} error={made.errors[field.name] ?? ""} onChange={(next) => setEntries((last) => ({ ...last, [field.name]: next }))} />
          ))}
          <SettingsFields form={form} settings={settings} error={extra.error} onChange={setSettings} />
          {form.expected_s === null ? null : <p class="tc-muted">Uncached, it took about {words.duration(form.expected_s)} (from {words.plural(form.samples, "run")}).</p>}
        </div>
        <Expected preview={preview.data} stale={wrong} error={wrong ? undefined : preview.error} busy={!wrong && preview.busy} again={preview.again} magic={magic(short)} />
      </div>
      {host.openRun ? null : <span class="tc-unseen">The run's view takes the place of this form.</span>}
    </form>
  );
}

function Target({ form, target, busy, onTarget }: Omit<FilledProps, "onStarted">): JSX.Element | null {
  const { id } = useAround();
  if (form.versions.length === 0) return null;
  const known = form.versions.some((one) => one.ref === (target || form.target)) || Object.keys(form.tags).some((tag) => `${form.workflow}:${tag}` === target);
  return (
    <div class="tc-field">
      <label class="tc-fieldname" for={`${id}-target`}>version or tag</label>
      <div class="tc-control">
        <select id={`${id}-target`} value={target || form.target} aria-busy={busy} onChange={(event) => onTarget(event.currentTarget.value)}>
          {known ? null : <option value={target || form.target}>{form.target ? escaping.name(form.title, 60) : "the notebook as it stands"}</option>}
          {Object.entries(form.tags).length > 0 ? (
            <optgroup label="Tags">
              {Object.entries(form.tags).map(([tag, number]) => <option key={tag} value={`${form.workflow}:${tag}`}>{escaping.name(tag, 40)} (@{number})</option>)}
            </optgroup>
          ) : null}
          <optgroup label="Versions">
            {form.versions.map((one) => <option key={one.ref} value={one.ref}>@{one.number} {escaping.sentence(one.message, 60)}{one.author ? `, ${escaping.name(one.author, 24)}` : ""}</option>)}
          </optgroup>
        </select>
      </div>
    </div>
  );
}

interface Gathered {
  parameters: { [name: string]: Json };
  sweep: { [name: string]: Json[] };
  errors: { [name: string]: string };
}

/** Values of the fields that were changed; what stands at its default is left to the version. */
function gather(fields: readonly FormField[], entries: Readonly<Record<string, Entry>>): Gathered {
  const made: Gathered = { parameters: {}, sweep: {}, errors: {} };
  for (const field of fields) {
    const entry = entries[field.name];
    if (!entry?.touched) continue;
    if (entry.sweep) {
      const { values, error } = readSweep(field, entry.text);
      if (error) made.errors[field.name] = error;
      else made.sweep[field.name] = values;
      continue;
    }
    const found = read(field, entry.text);
    if (found.error !== undefined) made.errors[field.name] = found.error;
    else if (JSON.stringify(found.value) !== JSON.stringify(field.default)) made.parameters[field.name] = found.value;
  }
  return made;
}
