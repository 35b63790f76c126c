/** Names of the views, without loading them. */
import type { ViewName } from '@taskcell/views';

export type { ViewName };

export const VIEW_NAMES: readonly ViewName[] = ['run', 'workflow', 'form', 'compare', 'versions', 'value', 'runs'];
