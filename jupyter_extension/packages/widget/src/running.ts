/** Runs, workflows and launch forms as a widget. */
import * as half from "@taskcell/views/running";
import { widgetOf } from "./rendering";

export default widgetOf(half);
