/** Lists of runs, comparisons, versions and values as a widget. */
import { commStore, mount } from "@taskcell/views/looking";
import { widgetOf } from "./rendering";

export default widgetOf({ commStore, mount });
