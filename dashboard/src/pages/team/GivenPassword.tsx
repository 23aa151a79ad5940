/** A password that was made for somebody, shown this once. */

import { Button } from "@mantine/core";
import { Callout, CopyButton } from "../../ui";
import classes from "./Team.module.css";

export function GivenPassword({ password, onClose }: { password: string; onClose: () => void }) {
  return (
    <div className={classes.form}>
      <Callout tone="wait">
        This password is shown once. Give it to them another way than by email. Signing in with it, they are asked to
        choose their own.
      </Callout>
      <div className={classes.secret}>
        <code>{password}</code>
        <CopyButton text={password} what="password" />
      </div>
      <div className={classes.buttons}>
        <Button onClick={onClose}>Done</Button>
      </div>
    </div>
  );
}
