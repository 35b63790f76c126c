// Makes modules small, and says how small they have become.
import { gzipSync } from "node:zlib";
import { minify } from "terser";

/** Return code made small, and print its size in bytes, as it is and gzipped. */
export async function minified(name, text) {
  const compress = { passes: 4, pure_getters: true, unsafe_arrows: true, keep_fargs: false, hoist_funs: true, inline: 1 };
  const { code } = await minify(text, { module: true, ecma: 2022, compress, format: { ecma: 2022 } });
  const sizes = { plain: new TextEncoder().encode(code).length, gzipped: gzipSync(code, { level: 9 }).length };
  console.log(`${name}: ${sizes.plain} bytes, ${sizes.gzipped} gzipped`);
  return { code, sizes };
}
