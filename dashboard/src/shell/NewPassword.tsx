/** What somebody sees whose password was given to them: they choose their own before anything else. */

import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { sessionQuery } from "../api/queries";
import { signOut, useSession } from "../api/session";
import { tellProblem } from "../ui/notices";
import { PasswordForm } from "./ChangePassword";
import classes from "./NewPassword.module.css";

export default function NewPassword() {
  const { user } = useSession();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);

  return (
    <main id="content" className={classes.page}>
      <div className={classes.card}>
        <h1 className={classes.title}>Choose your own password</h1>
        <p className={classes.note}>
          The password of {user.email} was given to you, so somebody else knows it. Nothing else opens until you change
          it.
        </p>
        <PasswordForm
          busy={busy}
          setBusy={setBusy}
          onDone={() => queries.invalidateQueries({ queryKey: sessionQuery.queryKey })}
        >
          <Button variant="default" onClick={() => void signOut().catch(tellProblem)}>
            Sign out
          </Button>
        </PasswordForm>
      </div>
    </main>
  );
}
