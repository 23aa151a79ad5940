/** Whose business is shown; a choice when the person belongs to several. */

import { Menu, UnstyledButton } from "@mantine/core";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { sessionQuery } from "../api/queries";
import { ROLE_NAMES, switchMerchant, useSession } from "../api/session";
import { tellDone, tellProblem } from "../ui/notices";
import classes from "./MerchantSwitch.module.css";

export function MerchantSwitch() {
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();

  const choose = async (id: string): Promise<void> => {
    try {
      const next = await switchMerchant(id);
      await navigate({ to: "/dashboard" });
      // Nothing of one merchant is ever shown under the name of another.
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== "session", type: "inactive" });
      queries.setQueryData(sessionQuery.queryKey, next);
      await queries.resetQueries({ predicate: (query) => query.queryKey[0] !== "session" });
      tellDone(`You now see ${next.merchant.name}`);
    } catch (error) {
      tellProblem(error);
    }
  };

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
            onClick={() => merchant.id !== session.merchant.id && void choose(merchant.id)}
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
