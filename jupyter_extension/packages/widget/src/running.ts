/** Runs, workflows and launch forms as a widget. */
import { commStore, mount } from "@taskcell/views/running";
import { widgetOf } from "./rendering";

export default widgetOf({ commStore, mount });
