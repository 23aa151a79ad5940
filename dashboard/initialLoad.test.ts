import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { type Bundle, gzipSize, initialFiles } from "./initialLoad";

function chunk(fileName: string, imports: string[], more: { css?: string; isEntry?: boolean; of?: string } = {}) {
  return {
    type: "chunk" as const,
    fileName,
    code: `// ${fileName}`,
    isEntry: more.isEntry ?? false,
    facadeModuleId: more.of ?? null,
    imports,
    viteMetadata: { importedCss: new Set(more.css ? [more.css] : []) },
  };
}

const files = [
  { type: "asset" as const, fileName: "index.html", source: "<!doctype html>" },
  { type: "asset" as const, fileName: "home.css", source: ".a{}" },
  chunk("entry.js", ["react.js"], { isEntry: true }),
  chunk("react.js", []),
  chunk("home.js", ["react.js", "table.js"], { of: "/src/pages/home/Home.tsx", css: "home.css" }),
  chunk("table.js", ["home.js"]),
  chunk("charts.js", ["react.js"], { of: "/src/pages/home/Charts.tsx" }),
];
const bundle: Bundle = Object.fromEntries(files.map((file) => [file.fileName, file]));

test("the page, the entry, Home and what they import at once are loaded first, each once; charts are not", () => {
  expect(initialFiles(bundle).toSorted()).toEqual([
    "entry.js",
    "home.css",
    "home.js",
    "index.html",
    "react.js",
    "table.js",
  ]);
  const { "charts.js": _charts, ...first } = bundle;
  expect(gzipSize(bundle)).toBe(gzipSize(first));
  expect(gzipSize(bundle)).toBeGreaterThan(6 * gzipSync("").length);
});

test("a build in which Home is not to be found is not said to be light", () => {
  const { "home.js": _home, ...rest } = bundle;
  expect(() => gzipSize(rest)).toThrow("Home.tsx");
});
