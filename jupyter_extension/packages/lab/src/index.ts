/** The plugins. Each only wires; what they do is in the modules beside. */
import { badges } from './badges';
import { colouring } from './colouring';
import { experiments } from './experiments';
import { launchers } from './launchers';
import { main } from './main';
import { notebooks } from './notebooks';
import { renderers } from './renderers';
import { routes } from './routes';
import { shortcuts } from './shortcuts';
import { sidebar } from './sidebar';
import { statusbar } from './statusbar';

export default [main, experiments, routes, renderers, sidebar, notebooks, badges, colouring, statusbar, launchers, shortcuts];
