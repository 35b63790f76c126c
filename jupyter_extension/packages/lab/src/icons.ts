/** Three icons in JupyterLab's own colours. */
import { LabIcon } from '@jupyterlab/ui-components';

const svg = (paths: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><g class="jp-icon3" fill="#616161">${paths}</g></svg>`;

export const runIcon = new LabIcon({
  name: 'taskcell:run',
  svgstr: svg(
    '<path d="M1.5 2h5v4h-5zM9.5 2h5v4h-5zM5.5 10h5v4h-5z"/><path d="M3.5 6h1v2h7V6h1v3h-4v1h-1V9h-4z"/>'
  )
});

export const versionIcon = new LabIcon({
  name: 'taskcell:version',
  svgstr: svg(
    '<path d="M4 1.5a2 2 0 0 1 .5 3.9v5.2a2 2 0 1 1-1 0V5.4A2 2 0 0 1 4 1.5zm8 3a2 2 0 0 1 .5 3.9c-.2 2-1.6 2.9-5 3.1v-1c2.8-.2 3.8-.7 4-2.1A2 2 0 0 1 12 4.5z"/>'
  )
});

export const workflowIcon = new LabIcon({
  name: 'taskcell:workflow',
  svgstr: svg(
    '<path d="M2 1.5h4v4H2zM10 6h4v4h-4zM2 10.5h4v4H2z"/><path d="M6 3h2.5v4.5H10v1H8.5V13H6v-1h1.5V4H6z"/>'
  )
});
