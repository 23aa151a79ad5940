/** Every shortcut that holds on this page. */

import { Dialog } from "../ui/Dialog";
import { isMac, type Shortcut, useRegisteredShortcuts } from "../ui/keys";
import { SingleKeysSwitch } from "../ui/SingleKeysSwitch";
import classes from "./ShortcutHelp.module.css";

function sayKeys(keys: string): string[] {
  return keys
    .split(/[ +]/)
    .map((key) => (key === "mod" ? (isMac ? "⌘" : "Ctrl") : key.length === 1 ? key.toUpperCase() : key));
}

export default function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const shortcuts = useRegisteredShortcuts();
  const groups = new Map<string, Shortcut[]>();
  for (const each of shortcuts) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  return (
    <Dialog onClose={onClose} title="Keyboard shortcuts" size="lg">
      <div className={classes.choice}>
        <SingleKeysSwitch />
      </div>
      <div className={classes.groups}>
        {[...groups].map(([group, shortcuts]) => (
          <section key={group}>
            <h3 className={classes.group}>{group}</h3>
            <dl className={classes.list}>
              {shortcuts.map((each) => (
                <div key={each.keys} className={classes.row}>
                  <dt>{each.does}</dt>
                  <dd>
                    {sayKeys(each.keys).map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
