/** Gives a member who has forgotten theirs a new password, which is shown once. */

import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Member } from "../../api/shapes";
import { adviceFor, Callout, Dialog, useSteppedUp } from "../../ui";
import { GivenPassword } from "./GivenPassword";
import { changeMember, newPassword } from "./queries";
import classes from "./Team.module.css";

export default function ResetDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const queries = useQueryClient();
  const steppedUp = useSteppedUp();
  const [password] = useState(newPassword);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);

  const give = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await steppedUp(() => changeMember(member.user_id, { password }));
      setDone(true);
      void queries.invalidateQueries({ queryKey: ["audit"] });
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };

  if (done) {
    return (
      <Dialog onClose={onClose} title={`${member.name} has a new password`} stays>
        <GivenPassword password={password} onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog onClose={onClose} title={`Give ${member.name} a new password`} busy={busy}>
      <div className={classes.form}>
        <div>
          For when they have forgotten theirs. {member.email} is signed out everywhere at once, and the old password
          opens nothing any more.
        </div>
        {problem !== null && (
          <Callout tone="bad" role="alert">
            {adviceFor(problem)}
          </Callout>
        )}
        <div className={classes.buttons}>
          <Button variant="default" onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button onClick={() => void give()} loading={busy} data-autofocus>
            Give a new password
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
