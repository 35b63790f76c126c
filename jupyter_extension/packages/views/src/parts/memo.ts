/** A component that is drawn anew only when one of its props is another one. */
import type { ComponentType, FunctionComponent } from "preact";
import { Component, h } from "preact";

export function memo<P extends object>(draw: FunctionComponent<P>): ComponentType<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const now = this.props as Readonly<Record<string, unknown>>;
      const other = next as Readonly<Record<string, unknown>>;
      return Object.keys(other).some((key) => other[key] !== now[key]) || Object.keys(now).length !== Object.keys(other).length;
    }

    override render() {
      return h(draw, this.props as never);
    }
  };
}
