/**
 * Builds the checkout: its two pages, and the script that shops embed it with.
 *
 * The same sources give the same bytes. What it makes, and for whom, is listed in the README. It fails when a page
 * carries code or styles of its own, which its Content-Security-Policy would block, and when something outgrew its
 * budget.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const HERE = dirname(fileURLToPath(import.meta.url));
const DIST = join(HERE, "dist");
// The API's handlers answer with these pages, so they are part of what is deployed with it.
const SHELLS = join(HERE, "../functions/chalicelib/pages");
const PAGES = ["checkout", "bank"];
const SDK_GZIP_MAX = 6 * 1024; // a shop's page waits for it
const PAGE_GZIP_MAX = 45 * 1024; // a customer's phone waits for it
const TARGET = "es2022"; // browsers that have <dialog> and :has() have all of it

const COMMON = { root: HERE, configFile: false, logLevel: "warn", mode: "production" };

async function buildPages() {
  const { output } = await build({
    ...COMMON,
    base: "/",
    build: {
      outDir: DIST,
      emptyOutDir: true,
      target: TARGET,
      assetsInlineLimit: 0, // data: addresses would need a hole in the policy
      modulePreload: { polyfill: false },
      rolldownOptions: { input: PAGES.map((page) => join(HERE, `${page}.html`)) },
    },
  });
  await rm(SHELLS, { recursive: true, force: true });
  await mkdir(SHELLS, { recursive: true });
  const sizes = {};
  for (const page of PAGES) {
    const built = join(DIST, `${page}.html`);
    const shell = await withIntegrity(await readFile(built, "utf8"), page);
    await writeFile(join(SHELLS, `${page}.html`), shell);
    await rm(built);
    sizes[page] = zipped(shell) + (await sizeOf(filesOf(output, page)));
  }
  return sizes;
}

/** The page's shell, whose scripts and styles are named with what they must hash to. */
async function withIntegrity(html, page) {
  const inline = html.match(/<script(?![^>]*\ssrc=)[^>]*>|<style[\s>]|<[^>]+\sstyle=|<[^>]+\son[a-z]+=/i);
  if (inline) fail(`${page}.html carries code or styles of its own: ${inline[0]}`);
  const tags = [...html.matchAll(/<(?:script|link)\b[^>]*>/g)].map(([tag]) => tag);
  let shell = html;
  for (const tag of tags) {
    const address = tag.match(/\s(?:src|href)="([^"]*)"/)?.[1];
    if (!address || !/^<script|rel="(?:stylesheet|modulepreload)"/.test(tag)) continue;
    if (!address.startsWith("/assets/")) fail(`${page}.html loads ${address}, which was not built here`);
    const integrity = integrityOf(await readFile(join(DIST, address)));
    const bare = tag.replace(/\scrossorigin(?:="[^"]*")?/, "").replace(/\s*\/?>$/, "");
    shell = shell.replace(tag, `${bare} integrity="${integrity}" crossorigin="anonymous">`);
  }
  return shell;
}

/** Every file that a page may load: what its shell names, what that imports, also later, and their styles. */
function filesOf(output, page) {
  const chunks = new Map(output.filter((one) => one.type === "chunk").map((chunk) => [chunk.fileName, chunk]));
  const entry = [...chunks.values()].find((one) => one.isEntry && one.facadeModuleId === join(HERE, `${page}.html`));
  const found = new Set();
  const waiting = [entry?.fileName ?? fail(`${page}.html has no script`)];
  for (const name of waiting) {
    if (found.has(name)) continue;
    found.add(name);
    const chunk = chunks.get(name);
    waiting.push(...(chunk?.imports ?? []), ...(chunk?.dynamicImports ?? []));
    waiting.push(...(chunk?.viteMetadata?.importedCss ?? []), ...(chunk?.viteMetadata?.importedAssets ?? []));
  }
  return [...found];
}

async function sizeOf(files) {
  const sizes = await Promise.all(files.map(async (file) => zipped(await readFile(join(DIST, file)))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function buildScript(entry, output) {
  const { output: built } = await build({
    ...COMMON,
    publicDir: false,
    build: {
      write: false,
      target: TARGET,
      minify: true,
      rolldownOptions: {
        input: join(HERE, "src/sdk", entry),
        preserveEntrySignatures: "strict",
        output: { ...output, codeSplitting: false },
      },
    },
  });
  const [chunk, ...others] = built;
  if (others.length) fail(`${entry} must become one file, not also ${others.map((one) => one.fileName).join(", ")}`);
  return chunk.code;
}

async function buildSdk() {
  const { version } = JSON.parse(await readFile(join(HERE, "package.json"), "utf8"));
  const notice = `/*! Payment Gateway checkout ${version} */\n`;
  // `module` and `define` are looked for out here: a bundler that sees them in a module takes it for CommonJS.
  const register = (await buildScript("umd.ts", { format: "iife", name: "register" })).trim();
  const found = ["object:module", "function:define"].map((one) => one.split(":"));
  const given = found.map(([type, name]) => `typeof ${name}==="${type}"?${name}:void 0`);
  const code = `${notice}(function(){${register}register(${given})})();\n`;
  const module = `${notice}${await buildScript("module.ts", { format: "es" })}`;
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 12);
  const copy = `checkout-${version}-${hash}.js`;
  await writeFile(join(DIST, "checkout.js"), code);
  await writeFile(join(DIST, copy), code);
  await writeFile(join(DIST, "checkout.mjs"), module);
  await writeFile(join(DIST, "checkout.d.ts"), await readFile(join(HERE, "src/sdk/checkout.d.ts")));
  const described = { version, file: copy, integrity: integrityOf(code) };
  await writeFile(join(DIST, "sdk.json"), `${JSON.stringify(described, null, 2)}\n`);
  return { "checkout.js": zipped(code), "checkout.mjs": zipped(module) };
}

function integrityOf(bytes) {
  return `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
}

function zipped(bytes) {
  return gzipSync(bytes, { level: 9 }).length;
}

function fail(why) {
  throw new Error(`The build failed: ${why}`);
}

function weigh(name, size, most) {
  console.log(`${name.padEnd(16)}${String(size).padStart(7)} bytes gzip${most ? ` of ${most}` : ""}`);
  return most === undefined || size <= most ? [] : [`${name} is ${size} bytes gzip, its budget is ${most}`];
}

try {
  const pages = await buildPages();
  const sdk = await buildSdk();
  const tooBig = [
    ...weigh("checkout.js", sdk["checkout.js"], SDK_GZIP_MAX),
    ...weigh("checkout.mjs", sdk["checkout.mjs"], SDK_GZIP_MAX),
    ...weigh("checkout page", pages.checkout, PAGE_GZIP_MAX),
    ...weigh("bank page", pages.bank, PAGE_GZIP_MAX),
  ];
  if (tooBig.length) fail(tooBig.join("; "));
} catch (error) {
  // Nothing half-made is left to be served.
  await rm(DIST, { recursive: true, force: true });
  await rm(SHELLS, { recursive: true, force: true });
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
