/** Views of what there is: runs, comparisons, versions, values. With `mount` they are one widget. */
import { ComparePage } from "./compare/ComparePage";
import type { Draw, Turn } from "./mount";
import { mountOf } from "./mount";
import { given, missing } from "./params";
import { accept } from "./payloads";
import { RunsPage } from "./runs/RunsPage";
import { ValuePage } from "./value/ValuePage";
import { VersionsPage } from "./versions/VersionsPage";

/** `forms` says whether the launch form can take a view's place. */
export const drawLooking =
  (forms: boolean): Draw =>
  (view, params, first, onTurn) => {
    const { text, number, list } = given(params);
    const form = forms ? { onForm: (target: string) => onTurn({ view: "form", params: { target } } satisfies Turn) } : {};
    switch (view) {
      case "compare": {
        const runs = list("runs");
        const saved = accept("comparison", first);
        if (runs.length < 2 && !saved) throw missing("runs");
        return <ComparePage runs={runs} baseline={text("baseline")} first={saved} />;
      }
      case "versions": {
        const saved = accept("versions", first);
        const [workflow = "", at = ""] = (text("workflow") || saved?.workflow || "").split("@");
        if (!workflow) throw missing("workflow");
        return <VersionsPage workflow={workflow} number={number("version") || Number(at) || 0} first={saved} {...form} />;
      }
      case "value": {
        const saved = accept("value", first);
        return <ValuePage run={text("run") || saved?.run || ""} task={text("task") || saved?.task || ""} output={text("output") || saved?.output || ""} q={text("q")} first={saved} />;
      }
      case "runs":
        return <RunsPage filter={{ q: text("q"), workflow: text("workflow"), state: text("state"), author: text("author") }} first={accept("runs", first)} />;
      default:
        return undefined;
    }
  };

/** As `mount` of all views, with these four only. */
export const mount = mountOf(drawLooking(false));
export { commStore } from "./stores/comm";
