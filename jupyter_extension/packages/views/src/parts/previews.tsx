/** What can be shown of a stored value, and of what a task displayed. */
import type { JSX } from "preact";
import * as escaping from "../escaping";
import { spans } from "../log/ansi";
import type { DisplayView, Preview } from "../types";
import * as words from "../words";
import { Facts } from "./basics";
import { Sandbox } from "./sandbox";

const PNG = /^iVBORw0KGgo/;
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

export function About({ preview }: { preview: Preview }): JSX.Element {
  const type = preview.type.split(".").pop() ?? "";
  return (
    <span class="tc-muted" title={escaping.name(preview.type, 200)}>
      <Facts facts={[escaping.name(type, 40), words.size(preview.size_bytes), preview.digest ? <span class="tc-id">{escaping.name(preview.digest.slice(0, 8))}</span> : ""]} />
    </span>
  );
}

export function PreviewView({ preview, about = true }: { preview: Preview | null; about?: boolean }): JSX.Element {
  if (!preview) return <span class="tc-muted">–</span>;
  const text = preview.text;
  const short = !text.includes("\n") && text.length <= 80;
  return (
    <div class="tc-preview">
      {about ? <About preview={preview} /> : null}
      {PNG.test(preview.image_png) ? <Picture data={preview.image_png} mime="image/png" name={preview.type || "picture"} /> : null}
      {preview.rows.length > 0 ? (
        <SmallTable columns={preview.columns} rows={preview.rows} />
      ) : text ? (
        short ? <div class="tc-mono">{escaping.block(text)}</div> : <pre class="tc-pre">{escaping.block(text)}</pre>
      ) : null}
    </div>
  );
}

/** A picture given whole. An SVG too: as an image it runs nothing and asks for nothing. */
export function Picture({ data, mime, name }: { data: string; mime: string; name: string }): JSX.Element | null {
  if (!/^image\/(png|jpeg|gif|webp|svg\+xml)$/.test(mime)) return null;
  const encoded = mime === "image/svg+xml" && !BASE64.test(data) ? encodeText(data) : data.replace(/\s+/g, "");
  if (!BASE64.test(encoded)) return null;
  return <img class="tc-image" src={`data:${mime};base64,${encoded}`} alt={`picture: ${escaping.name(name, 60)}`} />;
}

function encodeText(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

function SmallTable({ columns, rows }: { columns: readonly string[]; rows: readonly (readonly string[])[] }): JSX.Element {
  const shown = columns.slice(0, 30);
  return (
    <div class="tc-scroll" tabIndex={0} role="region" aria-label="First rows">
      <table class="tc-table tc-small">
        <thead>
          <tr>{shown.map((name, index) => <th key={index} scope="col">{escaping.name(name, 40)}</th>)}</tr>
        </thead>
        <tbody>
          {rows.slice(0, 50).map((row, at) => (
            <tr key={at}>{shown.map((_, index) => <td key={index}>{escaping.name(row[index] ?? "", 60)}</td>)}</tr>
          ))}
        </tbody>
      </table>
      {columns.length > shown.length ? <div class="tc-muted">{words.plural(columns.length - shown.length, "more column")}</div> : null}
    </div>
  );
}

/** Text with terminal colours, such as a traceback. */
export function Terminal({ text, label }: { text: string; label: string }): JSX.Element {
  return (
    <pre class="tc-pre tc-terminal" tabIndex={0} aria-label={label} dir="ltr">
      {text.slice(0, 200_000).split("\n").slice(0, 2000).map((line, at) => (
        <span key={at} class="tc-row">
          {spans(line).map((one, index) => (
            <span key={index} class={one.classes || undefined} style={one.colour || one.ground ? { color: one.colour || undefined, backgroundColor: one.ground || undefined } : undefined}>{one.text}</span>
          ))}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}

/** One thing that a task displayed. */
export function Display({ shown }: { shown: DisplayView }): JSX.Element {
  const { mime, content } = shown;
  const rest = shown.clipped ? <div class="tc-muted">There is more of it in the executed notebook.</div> : null;
  if (mime === "text/html") return <><Sandbox html={content} title="HTML that the task displayed" />{rest}</>;
  if (mime.startsWith("image/")) {
    const picture = <Picture data={content} mime={mime} name="displayed by the task" />;
    return <>{shown.clipped ? null : picture}{rest}</>;
  }
  const kind = mime === "error" || mime === "stream/stderr" ? "tc-said tc-err" : "tc-said";
  return <div class={kind}><Terminal text={content} label={mime === "error" ? "Traceback" : "Text"} />{rest}</div>;
}
