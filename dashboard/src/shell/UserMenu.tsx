/** Who is signed in, and the ways out. */

import { ActionIcon, Menu } from "@mantine/core";
import { IconDevicesOff, IconKey, IconKeyboard, IconLogout, IconUserCircle } from "@tabler/icons-react";
import { lazy, useState } from "react";
import { ROLE_NAMES, signOut, signOutEverywhere, useSession } from "../api/session";
import { Late } from "../ui/Late";
import { tellProblem } from "../ui/notices";
import classes from "./UserMenu.module.css";

const ConfirmDialog = lazy(() => import("../ui/ConfirmDialog").then((file) => ({ default: file.ConfirmDialog })));
const ChangePassword = lazy(() => import("./ChangePassword"));

export function UserMenu({ onHelp }: { onHelp: () => void }) {
  const { user, role } = useSession();
  const [changing, setChanging] = useState(false);
  const [ending, setEnding] = useState(false);

  return (
    <>
      <Menu width={250} withinPortal={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account of ${user.name}`}>
            <IconUserCircle size={21} stroke={1.6} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <div className={classes.who}>
            <div className={classes.name}>{user.name}</div>
            <div className={classes.more}>{user.email}</div>
            <div className={classes.more}>
              {ROLE_NAMES[role]}
              {user.is_operator && ", operator"}
            </div>
          </div>
          <Menu.Divider />
          <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={() => setChanging(true)}>
            Change password
          </Menu.Item>
          <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={onHelp}>
            Keyboard shortcuts
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconDevicesOff size={16} aria-hidden />} onClick={() => setEnding(true)}>
            Sign out everywhere
          </Menu.Item>
          <Menu.Item
            leftSection={<IconLogout size={16} aria-hidden />}
            onClick={() => void signOut().catch(tellProblem)}
          >
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Late onFailed={() => setEnding(false)}>
        {ending && (
          <ConfirmDialog
            opened
            onClose={() => setEnding(false)}
            title="Sign out everywhere?"
            verb="Sign out everywhere"
            run={signOutEverywhere}
          >
            Every browser in which you are signed in, this one too, has to sign in again.
          </ConfirmDialog>
        )}
      </Late>
      <Late onFailed={() => setChanging(false)}>
        {changing && <ChangePassword onClose={() => setChanging(false)} />}
      </Late>
    </>
  );
}
