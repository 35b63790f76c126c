/** Light or dark, found out from what is behind the view: JupyterLab, VS Code, Colab and plain pages say it in different ways. */

export type Theme = "light" | "dark";

/** Find the theme by the ground that the element stands on. */
export function themeOf(element: HTMLElement): Theme {
  const said = document.body.dataset["jpThemeLight"];
  if (said !== undefined) return said === "false" ? "dark" : "light";
  for (let node: HTMLElement | null = element; node; node = parentOf(node)) {
    const light = lightness(getComputedStyle(node).backgroundColor);
    if (light !== undefined) return light < 0.5 ? "dark" : "light";
  }
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  return scheme === "dark" || (scheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches) ? "dark" : "light";
}

function parentOf(node: HTMLElement): HTMLElement | null {
  if (node.parentElement) return node.parentElement;
  const root = node.getRootNode();
  return root instanceof ShadowRoot && root.host instanceof HTMLElement ? root.host : null;
}

/** Lightness of a colour from 0 to 1; undefined for one that is mostly seen through. */
export function lightness(colour: string): number | undefined {
  const parts = colour.match(/[\d.]+/g)?.map(Number) ?? [];
  const [red = 0, green = 0, blue = 0, alpha = 1] = parts;
  if (parts.length < 3 || alpha < 0.5) return undefined;
  return colour.startsWith("rgb") ? (0.299 * red + 0.587 * green + 0.114 * blue) / 255 : undefined;
}

/** Tell of changes of the theme until the returned function is called. */
export function watchTheme(element: HTMLElement, told: (theme: Theme, name: string) => void): () => void {
  const read = () => {
    const theme = themeOf(element);
    told(theme, `${theme} ${document.body.dataset["jpThemeName"] ?? ""} ${document.body.className.length}`);
  };
  const later = () => requestAnimationFrame(read);
  const observer = new MutationObserver(later);
  for (const node of [document.documentElement, document.body])
    observer.observe(node, { attributes: true, attributeFilter: ["class", "style", "theme", "data-theme", "data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind"] });
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", later);
  read();
  return () => {
    observer.disconnect();
    query.removeEventListener("change", later);
  };
}
