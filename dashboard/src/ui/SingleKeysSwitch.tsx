/** Whether shortcuts of one key, or of one key after another, do anything. */

import { Switch } from "@mantine/core";
import { isMac, useSingleKeys } from "./keys";

export function SingleKeysSwitch() {
  const [on, choose] = useSingleKeys();
  return (
    <Switch
      label="Shortcuts of single keys"
      description={`Switch them off if you speak to your computer, or hit keys unmeant. ${isMac ? "⌘" : "Ctrl"} K stays. Kept in this browser.`}
      checked={on}
      onChange={(event) => choose(event.currentTarget.checked)}
    />
  );
}
