/** What the compiler writes for an element: calls of `h` are shorter than those of the JSX runtime. Injected by the build. */
export { Fragment, h } from "preact";
