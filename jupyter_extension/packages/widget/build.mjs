// Two modules that need nothing else, for anywidget to send to any front-end; small, because one travels with each widget.
import * as esbuild from "esbuild";

const options = {
  entryPoints: ["src/running.ts", "src/looking.ts"],
  outdir: "../../../package/taskcell/_static",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".css": "text" },
  legalComments: "inline",
  logLevel: "warning",
};
if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, minify: false, sourcemap: "inline" });
  await context.watch();
} else {
  await esbuild.build(options);
}
