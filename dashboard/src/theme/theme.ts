/** The theme the kit runs with: our choices, and what its parts do unless told otherwise. */

import { createTheme, Drawer, Menu, Modal, Select, Tooltip } from "@mantine/core";
import { choices } from "./choices";

export const theme = createTheme({
  ...choices,
  components: {
    // The kit locks the page's scrolling with a <style> that our Content-Security-Policy forbids; global.css does it.
    Modal: Modal.extend({
      defaultProps: {
        lockScroll: false,
        centered: true,
        radius: "lg",
        overlayProps: { backgroundOpacity: 0.45 },
        closeButtonProps: { "aria-label": "Close" },
        attributes: { root: { "data-locks-scroll": true } },
      },
    }),
    Drawer: Drawer.extend({
      defaultProps: {
        lockScroll: false,
        overlayProps: { backgroundOpacity: 0.45 },
        closeButtonProps: { "aria-label": "Close" },
        attributes: { root: { "data-locks-scroll": true } },
      },
    }),
    Menu: Menu.extend({ defaultProps: { shadow: "md", position: "bottom-end" } }),
    Select: Select.extend({ defaultProps: { comboboxProps: { shadow: "md" }, allowDeselect: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 250, events: { hover: true, focus: true, touch: true } } }),
  },
});
