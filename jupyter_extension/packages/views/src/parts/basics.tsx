/** Small pieces that every view is made of. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as escaping from "../escaping";
import { useAround } from "../live/context";
import { look, ordered, tally, total, variable } from "../states";
import type { ViewError } from "../store";
import * as words from "../words";

export function Sign({ state }: { state: string }): JSX.Element {
  const { path, filled } = look(state);
  const colour = `var(${variable(state)})`;
  return (
    <svg class="tc-sign" viewBox="-7 -7 14 14" width="12" height="12" aria-hidden="true">
      <path d={path} fill={filled ? colour : "none"} stroke={colour} stroke-width={filled ? 1 : 1.8} stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

/** Sign and word of a state. */
export function Badge({ state, strong }: { state: string; strong?: boolean }): JSX.Element {
  return (
    <span class={strong ? "tc-badge tc-strong" : "tc-badge"} style={{ color: `var(${variable(state)})` }}>
      <Sign state={state} />
      {escaping.name(state, 24)}
    </span>
  );
}

export function Name({ text, limit = 80, title }: { text: string; limit?: number; title?: string }): JSX.Element {
  const shown = escaping.name(text, limit);
  return (
    <bdi class="tc-name" title={title ?? (text.length > limit ? escaping.name(text, 400) : undefined)}>
      {shown}
    </bdi>
  );
}

/** A run's id: the whole of it on hover, its time part in the text. */
export function RunId({ id, short }: { id: string; short?: boolean }): JSX.Element {
  const { host } = useAround();
  const text = escaping.name(short ? words.run(id) : id, 40);
  if (!host.openRun) return <bdi class="tc-id" title={escaping.name(id)}>{text}</bdi>;
  return (
    <button type="button" class="tc-link tc-id" title={`Open run ${escaping.name(id)}`} onClick={() => host.openRun?.(id)}>
      {text}
    </button>
  );
}

export function When({ at, now }: { at: string | null; now: string | number }): JSX.Element | null {
  if (!at) return null;
  return <time dateTime={at} title={words.moment(at)} class="tc-when">{words.age(at, now)}</time>;
}

interface ButtonProps {
  children: ComponentChildren;
  onClick(): void;
  busy?: boolean;
  busyText?: string;
  disabled?: boolean;
  kind?: "plain" | "main" | "danger" | "quiet";
  title?: string;
  label?: string;
  pressed?: boolean;
}

/** A button that keeps its place and the focus while it is busy. */
export function Button(props: ButtonProps): JSX.Element {
  const off = props.disabled === true || props.busy === true;
  return (
    <button
      type="button"
      class={`tc-button tc-${props.kind ?? "plain"}`}
      aria-disabled={off || undefined}
      aria-busy={props.busy || undefined}
      aria-label={props.label}
      aria-pressed={props.pressed}
      title={props.title}
      onClick={() => {
        if (!off) props.onClick();
      }}
    >
      {props.busy ? <Spinner /> : null}
      {props.busy && props.busyText ? props.busyText : props.children}
    </button>
  );
}

export function Spinner(): JSX.Element {
  return <span class="tc-spinner" aria-hidden="true" />;
}

/** Copies a text, and says so. */
export function CopyButton({ text, children, label }: { text: string; children: ComponentChildren; label?: string }): JSX.Element | null {
  const { host, announce } = useAround();
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(""), 2000);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = host.copy;
  if (!copy) return null;
  const onClick = () => {
    const tell = (what: string) => {
      setSaid(what);
      announce(what);
    };
    Promise.resolve()
      .then(() => copy.call(host, text))
      .then(() => tell("Copied"), () => tell("Could not copy"));
  };
  return <Button kind="quiet" onClick={onClick} {...(label ? { label } : {})}>{said || children}</Button>;
}

export function Notice({ children, kind = "notice" }: { children: ComponentChildren; kind?: "notice" | "error" | "good" }): JSX.Element {
  return <div class={`tc-${kind}`} role={kind === "error" ? "alert" : undefined}>{children}</div>;
}

/** An error in words, with its remedy, and a way to try again. */
export function Failure({ error, again }: { error: ViewError; again?: () => void }): JSX.Element {
  return (
    <Notice kind="error">
      <div>{escaping.block(error.message, 1200)}</div>
      {error.remedy ? <div class="tc-remedy">{escaping.block(error.remedy, 800)}</div> : null}
      {again ? <Button kind="quiet" onClick={again}>Try again</Button> : null}
    </Notice>
  );
}

export function Waiting({ what }: { what: string }): JSX.Element {
  return <div class="tc-waiting tc-muted" role="status"><Spinner /> {what}</div>;
}

/** A bar of counts; the words are its label. */
export function Bar({ counts, small }: { counts: Readonly<Record<string, number>>; small?: boolean }): JSX.Element {
  const all = total(counts);
  return (
    <div class={small ? "tc-bar tc-thin" : "tc-bar"} role="img" aria-label={tally(counts) || "nothing yet"} title={tally(counts)}>
      {ordered(counts).map(([state, number]) => (
        <div key={state} style={{ width: `${(100 * number) / all}%`, background: `var(${variable(state)})` }} class={`tc-share-${state.replace(" ", "-")}`} />
      ))}
    </div>
  );
}

/** Signs, numbers and words of states that occur. */
export function Legend({ counts }: { counts: Readonly<Record<string, number>> }): JSX.Element {
  return (
    <span class="tc-legend">
      {ordered(counts).map(([state, number]) => (
        <span key={state} class="tc-badge" style={{ color: `var(${variable(state)})` }}>
          <Sign state={state} />
          {words.count(number)} {state}
        </span>
      ))}
    </span>
  );
}

/** Facts with dots between; empty ones are left out. */
export function Facts({ facts }: { facts: readonly ComponentChildren[] }): JSX.Element {
  const there = facts.filter((fact) => fact !== "" && fact !== null && fact !== undefined && fact !== false);
  return (
    <span class="tc-facts">
      {there.map((fact, index) => (
        <span key={index} class="tc-fact">{fact}</span>
      ))}
    </span>
  );
}

export function Chips({ values }: { values: Readonly<Record<string, import("../types").Json>> }): JSX.Element | null {
  const all = Object.entries(values);
  if (all.length === 0) return null;
  return (
    <ul class="tc-chips" aria-label="Parameters">
      {all.slice(0, 60).map(([name, one]) => (
        <li key={name} class="tc-chip" title={escaping.clip(words.python(one, 400), 600)}>
          <Name text={name} limit={40} /> = {words.value(one, 48)}
        </li>
      ))}
      {all.length > 60 ? <li class="tc-muted">and {all.length - 60} more</li> : null}
    </ul>
  );
}
