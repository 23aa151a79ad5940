/** A dialog: open for as long as it is mounted, and not to be closed while it is busy. */

import { Modal, type ModalProps } from "@mantine/core";
import type { ReactNode } from "react";
import { useOpenDialog } from "./openDialogs";

interface DialogProps {
  title: string;
  onClose: () => void;
  size?: NonNullable<ModalProps["size"]>;
  /** Something is being sent: whoever closed now would not learn how it ended. */
  busy?: boolean;
  /** What is shown is shown once: it is closed by a button of its own, not by Escape or a click beside it. */
  stays?: boolean;
  /** Where it stands above another dialog. */
  above?: boolean;
  children: ReactNode;
}

const ABOVE = 320; // the kit's dialogs stand at 200, its lists of choices at 300

export function Dialog({ title, onClose, size = "md", busy = false, stays = false, above, children }: DialogProps) {
  const close = (): void => {
    if (!busy && !stays) onClose();
  };
  useOpenDialog(close);
  return (
    <Modal
      opened
      onClose={close}
      title={title}
      size={size}
      closeOnEscape={false}
      closeOnClickOutside={!busy}
      withCloseButton={!stays}
      closeButtonProps={{ "aria-label": "Close", disabled: busy }}
      returnFocus={false}
      {...(above ? { zIndex: ABOVE } : {})}
    >
      {children}
    </Modal>
  );
}
