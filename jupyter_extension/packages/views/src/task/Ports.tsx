/** Inputs and outputs of a task run, and what it displayed. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as escaping from "../escaping";
import { Button, Name } from "../parts/basics";
import { Display, PreviewView } from "../parts/previews";
import type { PortView, TaskView } from "../types";
import { ValueDetail } from "../value/ValueDetail";

export function Ports({ view }: { view: TaskView }): JSX.Element {
  const [open, setOpen] = useState("");
  const list = (title: string, ports: readonly PortView[], none: string) => (
    <section>
      <h4 class="tc-heading">{title}</h4>
      {ports.length === 0 ? <div class="tc-muted">{none}</div> : null}
      <dl class="tc-ports">
        {ports.map((port) => (
          <Port key={`${port.origin}-${port.name}`} view={view} port={port} open={open === `${title}-${port.name}`} onOpen={() => setOpen(open === `${title}-${port.name}` ? "" : `${title}-${port.name}`)} />
        ))}
      </dl>
    </section>
  );
  return (
    <div>
      {list("Outputs", view.outputs, "No outputs.")}
      {view.displays.length > 0 ? (
        <section>
          <h4 class="tc-heading">Displayed</h4>
          {view.displays.map((shown, index) => <Display key={index} shown={shown} />)}
        </section>
      ) : null}
      {list("Inputs", view.inputs, "It reads nothing.")}
    </div>
  );
}

const ORIGINS = { parameter: "parameter", task: "from", value: "of the notebook", output: "" };

function Port({ view, port, open, onOpen }: { view: TaskView; port: PortView; open: boolean; onOpen(): void }): JSX.Element {
  const whole = port.task && port.output && port.preview;
  return (
    <>
      <dt>
        <Name text={port.name} limit={60} />
        <div class="tc-muted">
          {ORIGINS[port.origin]} {port.origin === "task" ? escaping.name(port.label || port.task, 40) : ""}
        </div>
        {whole ? <Button kind="quiet" pressed={open} label={`Show all of ${escaping.name(port.name, 60)}`} onClick={onOpen}>{open ? "Less" : "Show all"}</Button> : null}
      </dt>
      <dd>
        {port.preview ? (
          open && whole ? <ValueDetail run={view.run} task={port.task} output={port.output} bare /> : <PreviewView preview={port.preview} />
        ) : (
          <span class="tc-muted">{view.row.state === "failed" ? "not made: the task failed" : "not there yet"}</span>
        )}
      </dd>
    </>
  );
}
