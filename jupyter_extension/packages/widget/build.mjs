// One module that needs nothing else, for anywidget to send to any front-end; small, because it travels with each widget.
import * as esbuild from "esbuild";

const options = {
  entryPoints: ["src/index.ts"],
  outfile: "../../../package/taskcell/_static/widget.js",
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
