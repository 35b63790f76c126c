// Builds lib/index.js: one ES module with everything in it, the style sheet too. `--tests` builds the unit tests,
// `--watch` builds again on every change.
import { readFile, readdir } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

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

async function library() {
  const options = { ...common, entryPoints: ["src/index.ts"], outfile: "lib/index.js", minify: true, sourcemap: true };
  if (process.argv.includes("--watch")) {
    const context = await esbuild.context({ ...options, logLevel: "info" });
    await context.watch();
    return;
  }
  await esbuild.build(options);
  const made = await readFile("lib/index.js");
  console.log(`lib/index.js: ${made.length} bytes, ${gzipSync(made).length} gzipped`);
}

if (process.argv.includes("--tests")) await tests();
else await library();
