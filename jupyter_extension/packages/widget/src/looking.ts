/** Lists of runs, comparisons, versions and values as a widget. */
import * as half from "@taskcell/views/looking";
import { widgetOf } from "./rendering";

export default widgetOf(half);
