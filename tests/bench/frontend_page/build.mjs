// Puts each contender into one module, as a page would load it.
import * as esbuild from "esbuild";

await esbuild.build({
  entryPoints: ["xyflow.jsx", "cytoscape.js"], outdir: "lib", bundle: true, minify: true, format: "esm", target: "es2022", jsx: "automatic", loader: { ".css": "text" }, define: { "process.env.NODE_ENV": '"production"' },
});
