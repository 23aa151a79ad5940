/** Whose business is shown; a choice when the person belongs to several. */

import { Menu, UnstyledButton } from "@mantine/core";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { ROLE_NAMES, switchMerchant, useSession } from "../api/session";
import { tellProblem } from "../ui/notices";
import classes from "./MerchantSwitch.module.css";

export function MerchantSwitch() {
  const session = useSession();

  const shown = (
    <>
      <span className={classes.mark} aria-hidden>
        {session.merchant.name.trim().charAt(0).toUpperCase()}
      </span>
      <span className={classes.name}>{session.merchant.name}</span>
    </>
  );
  if (session.merchants.length < 2) return <div className={classes.merchant}>{shown}</div>;
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <UnstyledButton className={classes.merchant ?? ""}>
          {shown}
          <span className="unseen">: choose another merchant</span>
          <IconSelector size={16} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Your merchants</Menu.Label>
        {session.merchants.map((merchant) => (
          <Menu.Item
            key={merchant.id}
            onClick={() => merchant.id !== session.merchant.id && void switchMerchant(merchant.id).catch(tellProblem)}
            rightSection={merchant.id === session.merchant.id ? <IconCheck size={16} aria-label="chosen" /> : null}
          >
            {merchant.name}
            <div className={classes.role}>{ROLE_NAMES[merchant.role]}</div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
