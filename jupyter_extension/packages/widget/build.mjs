// Two modules that need nothing else, for anywidget to send to any front-end; small, because one travels with each widget.
import { mkdir, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import * as esbuild from "esbuild";
import { minified } from "../views/minifying.mjs";

/** Bytes that a widget's module may have, as it is and gzipped: it travels with each instance. */
const LARGEST = { plain: 150_000, gzipped: 50_000 };

const options = {
  entryPoints: ["src/running.ts", "src/looking.ts"],
  outdir: "../../../package/taskcell/_static",
  bundle: true,
  minifySyntax: true,
  format: "esm",
  target: "es2022",
  legalComments: "inline",
  logLevel: "warning",
};
if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, sourcemap: "inline" });
  await context.watch();
} else {
  const { outputFiles } = await esbuild.build({ ...options, write: false });
  await mkdir(options.outdir, { recursive: true });
  for (const { path, text } of outputFiles) {
    const name = basename(path);
    const { code, sizes } = await minified(name, text);
    await writeFile(path, code);
    if (sizes.plain > LARGEST.plain || sizes.gzipped > LARGEST.gzipped) {
      console.error(`${name} is larger than a widget's module may be: ${LARGEST.plain} bytes, ${LARGEST.gzipped} gzipped.`);
      process.exitCode = 1;
    }
  }
}
