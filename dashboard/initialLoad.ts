/** The build fails when what a browser loads before Home can be seen weighs more than it may. */

import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

export const GZIP_MAX = 250_000;
const HOME = "/pages/home/Home.tsx";

interface Chunk {
  type: "chunk";
  fileName: string;
  code: string;
  isEntry: boolean;
  facadeModuleId: string | null;
  imports: string[];
  viteMetadata?: { importedCss: Set<string> };
}

interface Asset {
  type: "asset";
  fileName: string;
  source: string | Uint8Array;
}

export type Bundle = Record<string, Chunk | Asset>;

/** The page, its entry and Home, with all that they import at once; the charts come after. */
export function initialFiles(bundle: Bundle): string[] {
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  const starts = chunks.filter((chunk) => chunk.isEntry || chunk.facadeModuleId?.endsWith(HOME));
  if (starts.length !== 2) throw new Error(`An entry and ${HOME} begin the load, not ${starts.length} files`);
  const found = new Set(["index.html"]);
  const add = (name: string): void => {
    const file = bundle[name];
    if (found.has(name) || file?.type !== "chunk") return;
    found.add(name);
    for (const css of file.viteMetadata?.importedCss ?? []) found.add(css);
    for (const other of file.imports) add(other);
  };
  for (const start of starts) add(start.fileName);
  return [...found];
}

export function gzipSize(bundle: Bundle): number {
  const sizes = initialFiles(bundle).map((name) => {
    const file = bundle[name];
    if (!file) throw new Error(`The bundle has no ${name}`);
    return gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 }).length;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function initialLoadLimit(): Plugin {
  return {
    name: "initial-load-limit",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const size = gzipSize(bundle as unknown as Bundle);
        console.log(`initial load    ${size} bytes gzip of ${GZIP_MAX}`);
        // Before anything is written: nothing too heavy is left to be served.
        if (size > GZIP_MAX) this.error(`The initial load is ${size} bytes gzip, its budget is ${GZIP_MAX}`);
      },
    },
  };
}
