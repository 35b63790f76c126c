// Builds lib/*.js: ES modules with everything in them, the style sheet too. `--tests` builds the unit tests, `--watch`
// builds again on every change, without making it small.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import * as esbuild from "esbuild";
import { minified } from "./minifying.mjs";

/** A style sheet is imported as its text, made small. */
export const styles = {
  name: "styles",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const made = await esbuild.build({ entryPoints: [path], bundle: true, minify: true, write: false });
      return { contents: made.outputFiles[0].text, loader: "text" };
    });
  },
};

const common = {
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "transform",
  jsxFactory: "h",
  jsxFragment: "Fragment",
  inject: [new URL("src/jsx.ts", import.meta.url).pathname],
  plugins: [styles],
  logLevel: "warning",
};

async function tests() {
  const names = (await readdir("tests")).filter((name) => /\.test\.tsx?$/.test(name));
  await esbuild.build({
    ...common,
    entryPoints: names.map((name) => `tests/${name}`),
    outdir: "lib/tests",
    platform: "node",
    outExtension: { ".js": ".mjs" },
  });
}

/** Entry points: everything, and the two halves that are a widget each. */
const ENTRIES = { index: "src/index.ts", running: "src/running.tsx", looking: "src/looking.tsx" };

async function library() {
  const options = { ...common, entryPoints: ENTRIES, outdir: "lib" };
  if (process.argv.includes("--watch")) {
    const context = await esbuild.context({ ...options, logLevel: "info" });
    await context.watch();
    return;
  }
  const { outputFiles } = await esbuild.build({ ...options, write: false });
  await mkdir("lib", { recursive: true });
  for (const { path, text } of outputFiles) {
    // The halves are made small where they are whole: in the widget.
    await writeFile(path, basename(path) === "index.js" ? (await minified("lib/index.js", text)).code : text);
  }
}

if (process.argv.includes("--tests")) await tests();
else await library();
