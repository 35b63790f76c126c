/** The style sheet, put once into each document or shadow root in which a view lives, and taken out with the last one. */
import text from "../style/index.css";

const MARK = "data-taskcell-style";

/** Have the style sheet in the root of the element; the returned function gives it back. */
export function styled(element: HTMLElement): () => void {
  const root = element.getRootNode();
  const home = root instanceof ShadowRoot ? root : document.head;
  const there = [...home.querySelectorAll<HTMLStyleElement>(`style[${MARK}]`)].find((style) => style.textContent === text);
  const style = there ?? home.appendChild(made());
  counted(style, 1);
  return () => {
    if (counted(style, -1) <= 0) style.remove();
  };
}

function made(): HTMLStyleElement {
  const style = document.createElement("style");
  style.textContent = text;
  return style;
}

/** How many views use a style sheet. It is counted on the element: each widget, and the extension, has this module for itself. */
function counted(style: HTMLStyleElement, change: number): number {
  const users = Number(style.getAttribute(MARK) ?? 0) + change;
  style.setAttribute(MARK, String(users));
  return users;
}
