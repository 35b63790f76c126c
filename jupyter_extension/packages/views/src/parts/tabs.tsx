/** Tabs by the pattern of the ARIA practices: arrows move, only the chosen one is in the tab order. */
import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import { useAround } from "../live/context";

export interface Tab<T extends string> {
  name: T;
  title: string;
  /** A small number or sign after the title. */
  mark?: ComponentChildren;
}

interface TabsProps<T extends string> {
  label: string;
  tabs: readonly Tab<T>[];
  chosen: T;
  onChoose(name: T): void;
  /** Part of the ids, unique within the view. */
  group: string;
  children: ComponentChildren;
  end?: ComponentChildren;
}

export function Tabs<T extends string>(props: TabsProps<T>): JSX.Element {
  const { id } = useAround();
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = props.tabs.findIndex((tab) => tab.name === props.chosen);
    const mirrored = list.current ? getComputedStyle(list.current).direction === "rtl" : false;
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const to =
      event.key === "Home" ? 0 : event.key === "End" ? props.tabs.length - 1 : step ? at + (mirrored ? -step : step) : undefined;
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const tab = props.tabs[(to + props.tabs.length) % props.tabs.length];
    if (!tab) return;
    props.onChoose(tab.name);
    list.current?.querySelector<HTMLElement>(`[data-tab="${tab.name}"]`)?.focus();
  };
  return (
    <div class="tc-tabs">
      <div class="tc-tabrow">
        <div ref={list} class="tc-tablist" role="tablist" aria-label={props.label} onKeyDown={onKeyDown}>
          {props.tabs.map((tab) => (
            <button
              key={tab.name}
              type="button"
              role="tab"
              data-tab={tab.name}
              id={`${id}-${props.group}-${tab.name}`}
              aria-selected={tab.name === props.chosen}
              aria-controls={`${id}-${props.group}-panel`}
              tabIndex={tab.name === props.chosen ? 0 : -1}
              class="tc-tab"
              onClick={() => props.onChoose(tab.name)}
            >
              {tab.title}
              {tab.mark !== undefined && tab.mark !== "" ? <span class="tc-mark">{tab.mark}</span> : null}
            </button>
          ))}
        </div>
        {props.end}
      </div>
      <div role="tabpanel" id={`${id}-${props.group}-panel`} aria-labelledby={`${id}-${props.group}-${props.chosen}`} class="tc-panel">
        {props.children}
      </div>
    </div>
  );
}
