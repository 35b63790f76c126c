/**
 * Outputs of others. HTML is cleaned and then shown in a frame without scripts, without an origin and without any
 * request: three walls, so that one may have a hole.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { useAround } from "../live/context";

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'; base-uri 'none'";
const BANNED =
  "script,iframe,frame,frameset,object,embed,applet,link,meta,base,form,input,button,textarea,select,portal,dialog,template,noscript,audio,video,source,track,foreignObject,use,animate,set,animateTransform,animateMotion";
/** Attributes that hold an address. Of these only pictures given whole are kept, and places within the text. */
const ADDRESSES = new Set(["href", "src", "srcset", "xlink:href", "action", "formaction", "poster", "background", "cite", "data", "ping", "longdesc", "usemap", "profile", "manifest", "imagesrcset"]);
const MAX_CHARS = 2_000_000;

/** Take out what could act or ask for something. */
export function cleaned(html: string): { html: string; rows: number; characters: number } {
  const page = new DOMParser().parseFromString(html.slice(0, MAX_CHARS), "text/html");
  for (const node of page.querySelectorAll(BANNED)) node.remove();
  for (const node of page.querySelectorAll("*"))
    for (const attribute of [...node.attributes]) {
      const name = attribute.name.toLowerCase();
      const value = attribute.value.trim();
      const address = ADDRESSES.has(name) || name.endsWith(":href");
      const kept = value.startsWith("#") || (name === "src" && /^data:image\/(png|jpeg|gif|webp);base64,/i.test(value));
      if (name.startsWith("on") || name === "srcdoc" || name === "autofocus" || name === "target" || (address && !kept)) node.removeAttribute(attribute.name);
    }
  for (const node of page.querySelectorAll("[style]")) node.setAttribute("style", unlinked(node.getAttribute("style") ?? ""));
  for (const style of page.querySelectorAll("style")) {
    style.textContent = unlinked(style.textContent);
    page.body.prepend(style);
  }
  return { html: page.body.innerHTML, rows: page.querySelectorAll("tr,p,li,h1,h2,h3,h4,br,pre").length, characters: page.body.textContent.length };
}

/** A style without addresses. The frame's policy stops what gets past this, such as an escaped `url`. */
function unlinked(style: string): string {
  return style.replace(/@import[^;]*;?/gi, "").replace(/(url|image-set|src)\s*\((?!\s*["']?data:)[^)]*\)/gi, "none");
}

export function Sandbox({ html, title }: { html: string; title: string }): JSX.Element {
  const { theme, root } = useAround();
  const made = useMemo(() => cleaned(html), [html]);
  const page = useMemo(() => wrapped(made.html, root), [made, theme, root]);
  const height = Math.max(48, Math.min(360, 28 + Math.max(made.rows * 25, (made.characters / 90) * 20)));
  return (
    <iframe class="tc-frame" sandbox="" referrerpolicy="no-referrer" loading="lazy" title={title} srcdoc={page} style={{ height: `${Math.round(height)}px` }} />
  );
}

function wrapped(body: string, root: HTMLElement): string {
  const style = getComputedStyle(root);
  const read = (name: string, fallback: string) => (style.getPropertyValue(name).trim() || fallback).replace(/[<>"'{};]/g, "");
  const dark = root.dataset["tcTheme"] === "dark";
  return (
    `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
    `<style>:root{color-scheme:${dark ? "dark" : "light"}}body{margin:4px;font:12px/1.4 system-ui,sans-serif;color:${read("--tc-fg", "#222")};background:${read("--tc-bg", "#fff")}}` +
    "table{border-collapse:collapse;font-size:12px}th,td{padding:2px 8px;text-align:right;border-bottom:1px solid #8884}th{font-weight:600}pre{white-space:pre-wrap}img{max-width:100%}</style>" +
    body
  );
}
