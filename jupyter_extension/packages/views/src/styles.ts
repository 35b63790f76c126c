/** The style sheet, put once into each document or shadow root in which a view lives, and taken out with the last one. */
import text from "../style/index.css";

const MARK = "data-taskcell-style";
const users = new WeakMap<Node, number>();

/** Have the style sheet in the root of the element; the returned function gives it back. */
export function styled(element: HTMLElement): () => void {
  const root = element.getRootNode();
  const home = root instanceof ShadowRoot ? root : document.head;
  users.set(home, (users.get(home) ?? 0) + 1);
  if (!home.querySelector(`style[${MARK}]`)) {
    const style = document.createElement("style");
    style.setAttribute(MARK, "");
    style.textContent = text;
    home.append(style);
  }
  return () => {
    const left = (users.get(home) ?? 1) - 1;
    users.set(home, left);
    if (left <= 0) home.querySelector(`style[${MARK}]`)?.remove();
  };
}
