/** What views may ask of a page of which nothing is known: copy a text, ask back, save a file. */
import type { Host } from "@taskcell/views";

/** Make the host of a widget. `base` is the address of a JupyterLab with the extension; empty: there is none. */
export function widgetHost(element: HTMLElement, base: string): Host {
  const host: Host = {
    copy: (text) => copy(element, text),
    confirm: async (text) => window.confirm(text),
    openNotebook: (content, name) => save(element, content, name),
  };
  if (base) host.link = (kind, id) => `${base}?taskcell=${kind}:${encodeURI(id)}`;
  return host;
}

/** Copy by the clipboard where the page may; else by a selection, which needs no permission and no secure page. */
async function copy(element: HTMLElement, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    element.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** Give a notebook to the browser to be saved: a widget can't write files of the server. */
function save(element: HTMLElement, content: unknown, name: string): void {
  const text = typeof content === "string" ? content : JSON.stringify(content, null, 1);
  const url = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  element.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
