// One entry, and the views as a chunk of their own that is loaded when the first view is drawn:
// JupyterLab's start does not wait for them. What JupyterLab shares stays outside.
import * as esbuild from 'esbuild';
import { rmSync } from 'node:fs';

const options = {
  entryPoints: ['src/index.ts'],
  outdir: 'lib',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.css': 'text', '.svg': 'text' },
  external: ['@jupyterlab/*', '@lumino/*', '@codemirror/*'],
  legalComments: 'inline',
  logLevel: 'warning'
};
rmSync('lib', { recursive: true, force: true });
if (process.argv.includes('--watch')) {
  const context = await esbuild.context({ ...options, sourcemap: true });
  await context.watch();
} else {
  await esbuild.build(options);
}
