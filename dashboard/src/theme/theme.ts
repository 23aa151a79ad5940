/** The theme the kit runs with: our choices, and what its parts do unless told otherwise. */

import { createTheme } from "@mantine/core";
import { choices } from "./choices";

// The kit locks the page's scrolling with a <style> that our Content-Security-Policy forbids; global.css does it.
const dialog = {
  lockScroll: false,
  overlayProps: { backgroundOpacity: 0.45 },
  closeButtonProps: { "aria-label": "Close" },
  // A dialog's heading is no banner of the page.
  attributes: { root: { "data-locks-scroll": true }, header: { role: "none" } },
};

// By name and not by part: a part that only one page shows is loaded with that page.
export const theme = createTheme({
  ...choices,
  components: {
    Modal: { defaultProps: { ...dialog, centered: true, radius: "lg" } },
    ModalRoot: { defaultProps: { lockScroll: false, attributes: { root: { "data-locks-scroll": true } } } },
    Drawer: { defaultProps: dialog },
    // The kit's placeholder for the focus is something that a menu may not contain.
    Menu: { defaultProps: { shadow: "md", position: "bottom-end", withInitialFocusPlaceholder: false } },
    Select: { defaultProps: { comboboxProps: { shadow: "md" }, allowDeselect: false } },
    Tooltip: { defaultProps: { openDelay: 250, events: { hover: true, focus: true, touch: true } } },
  },
});
