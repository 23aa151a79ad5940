/** Where the dashboard starts: styles, theme, queries, routes. */

import "./theme/kit.css";
import "virtual:theme-variables.css";
import "./theme/global.css";

import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/queries";
import { router } from "./routes/router";
import { theme } from "./theme/theme";
import { Notices } from "./ui/Notices";
import { tellReload } from "./ui/notices";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

// A release took the files of the one before away while this page was open.
window.addEventListener("vite:preloadError", tellReload);

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={localStorageColorSchemeManager({ key: "color-scheme" })}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Notices />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
