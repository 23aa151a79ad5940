/** How the dashboard is built: one page, files named by their content, no style or script inside the page. */

import {
  convertCssVariables,
  createTheme,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from "@mantine/core";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { initialLoadLimit } from "./initialLoad.ts";
import { choices } from "./src/theme/choices.ts";

const VARIABLES = "virtual:theme-variables.css";

/**
 * The theme's variables as a file. Mantine would write them into a <style> of the page when it starts, which our
 * Content-Security-Policy forbids, and which a browser would have to parse after the script.
 */
function themeVariables(): Plugin {
  return {
    name: "theme-variables",
    resolveId: (id) => (id === VARIABLES ? `\0${VARIABLES}` : null),
    load(id) {
      if (id !== `\0${VARIABLES}`) return null;
      const theme = mergeMantineTheme(DEFAULT_THEME, createTheme(choices));
      return convertCssVariables(defaultCssVariablesResolver(theme), ":root");
    },
  };
}

const api = process.env.API_URL ?? "http://localhost:8000";

export default defineConfig({
  base: "/",
  publicDir: false,
  plugins: [react(), themeVariables(), initialLoadLimit()],
  build: {
    assetsDir: "dashboard/assets",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500, // Swagger UI, which only the reference loads
    rolldownOptions: {
      output: {
        // What changes with each release is apart from what hardly ever does.
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: "tanstack", test: /node_modules\/@tanstack\// },
          ],
        },
      },
    },
  },
  server: { port: 3000, proxy: { "/api": api, "/openapi.json": api } },
  test: { environment: "node" },
});
