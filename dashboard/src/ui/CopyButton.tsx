/** Copies a text, and says that it did. */

import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";

const SAID_MS = 1_600;

interface CopyButtonProps {
  text: string;
  /** What is copied: "Copy {what}". */
  what: string;
}

export function CopyButton({ text, what }: CopyButtonProps) {
  const [said, setSaid] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      setSaid("refused");
    }
  };

  const words = said === "copied" ? "Copied" : said === "refused" ? "The browser does not allow it" : `Copy ${what}`;
  return (
    <Tooltip label={words} {...(said === null ? undefined : { opened: true })}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={`Copy ${what}`}
        onClick={(event) => {
          event.preventDefault();
          event.stopPropagation();
          void copy();
        }}
      >
        {said === "copied" ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
        <span role="status" className="unseen">
          {said === null ? "" : words}
        </span>
      </ActionIcon>
    </Tooltip>
  );
}
