/** Where notices stand, and where a screen reader hears them. */

import { Button, CloseButton } from "@mantine/core";
import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { useSyncExternalStore } from "react";
import classes from "./Notices.module.css";
import { currentNotices, dismiss, watchNotices } from "./notices";

export function Notices() {
  const notices = useSyncExternalStore(watchNotices, currentNotices);
  return (
    <section className={classes.corner} aria-label="Notices" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.id} className={classes.notice} data-tone={notice.tone}>
          {notice.tone === "good" ? <IconCheck size={18} aria-hidden /> : <IconAlertTriangle size={18} aria-hidden />}
          <div className={classes.words}>
            {notice.title && <strong>{notice.title}</strong>}
            <div>{notice.message}</div>
            {notice.action && (
              <Button variant="default" size="xs" mt={8} onClick={notice.action.run}>
                {notice.action.verb}
              </Button>
            )}
          </div>
          <CloseButton size="sm" aria-label="Dismiss" onClick={() => dismiss(notice.id)} />
        </div>
      ))}
    </section>
  );
}
