/** Who may sign in for this merchant, as what, and what they did. */

import { Button, Menu, Select } from "@mantine/core";
import { IconDots, IconLock, IconUserPlus } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, useState } from "react";
import { ROLE_NAMES, useRefusal, useSession } from "../../api/session";
import type { Member, Role } from "../../api/shapes";
import {
  type Column,
  ConfirmDialog,
  DataTable,
  EmptyState,
  GuardedButton,
  Late,
  PageHeader,
  Panel,
  Time,
  tellDone,
} from "../../ui";
import { Audit } from "./Audit";
import { changeMember, ROLE_OPTIONS, removeMember, teamQuery } from "./queries";
import classes from "./Team.module.css";

const InviteDialog = lazy(() => import("./InviteDialog"));
const ResetDialog = lazy(() => import("./ResetDialog"));

const MAY: Record<Role, string> = {
  owner: "Everything: the team, the merchant, and all below.",
  developer: "Keys, webhooks and their secrets, and all below.",
  support: "Capture, void, refund, make orders, retry webhooks, and all below.",
  read_only: "Sees payments, orders, refunds and webhooks. Changes nothing.",
};

function Roles() {
  const { role } = useSession();
  return (
    <Panel title="What a role may do">
      <dl className={classes.roles}>
        {ROLE_OPTIONS.map((option) => (
          <div key={option.value}>
            <dt>
              {option.label}
              {option.value === role ? " (yours)" : ""}
            </dt>
            <dd>{MAY[option.value]}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

export default function Team() {
  const refusal = useRefusal("owner");
  const [adding, setAdding] = useState(false);
  return (
    <>
      <PageHeader title="Team" description="Who may sign in for this merchant, and as what.">
        <GuardedButton
          leftSection={<IconUserPlus size={17} aria-hidden />}
          refusal={refusal}
          onClick={() => setAdding(true)}
        >
          Add member
        </GuardedButton>
      </PageHeader>
      <div className={classes.stack}>
        {refusal === null ? (
          <>
            <Members />
            <Roles />
            <Audit />
          </>
        ) : (
          <>
            <Panel>
              <EmptyState icon={<IconLock size={22} />} title="Owners see the team">
                {refusal} Ask one to add somebody, or to change what you may do.
              </EmptyState>
            </Panel>
            <Roles />
          </>
        )}
      </div>
      <Late onFailed={() => setAdding(false)}>{adding && <InviteDialog onClose={() => setAdding(false)} />}</Late>
    </>
  );
}

function Members() {
  const { data, error, refetch } = useQuery(teamQuery);
  const { user } = useSession();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<{ what: "role" | "password" | "remove"; member: Member } | null>(null);
  const [role, setRole] = useState<Role>("support");
  const close = (): void => setDialog(null);
  const refresh = (): void => {
    for (const key of ["team", "audit", "session"]) void queries.invalidateQueries({ queryKey: [key] });
  };
  const owners = data?.data.filter((member) => member.role === "owner").length ?? 0;
  const isLastOwner = (member: Member): boolean => member.role === "owner" && owners === 1;

  const columns: Column<Member>[] = [
    {
      key: "person",
      title: "Member",
      narrow: "1s",
      cell: (member) => (
        <span className={classes.person}>
          <strong>
            {member.name}
            {member.user_id === user.id ? " (you)" : ""}
          </strong>
          <span>{member.email}</span>
        </span>
      ),
    },
    { key: "role", title: "Role", narrow: "2s", cell: (member) => ROLE_NAMES[member.role] },
    {
      key: "seen",
      title: "Last seen",
      narrow: "3s",
      cell: (member) => <Time at={member.last_seen_at} none="not yet" />,
    },
    { key: "since", title: "Since", wideOnly: true, cell: (member) => <Time at={member.created_at} /> },
    {
      key: "actions",
      title: "Actions",
      align: "end",
      narrow: "1e",
      cell: (member) => (
        <Menu>
          <Menu.Target>
            <Button variant="default" size="xs" px={8} aria-label={`Actions for ${member.name}`}>
              <IconDots size={17} aria-hidden />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {isLastOwner(member) && (
              <Menu.Label maw={240}>The last owner stays: make somebody else an owner first.</Menu.Label>
            )}
            <Menu.Item
              disabled={isLastOwner(member)}
              onClick={() => {
                setRole(member.role);
                setDialog({ what: "role", member });
              }}
            >
              Change role
            </Menu.Item>
            {member.user_id !== user.id && (
              <Menu.Item onClick={() => setDialog({ what: "password", member })}>Give a new password</Menu.Item>
            )}
            <Menu.Item color="red" disabled={isLastOwner(member)} onClick={() => setDialog({ what: "remove", member })}>
              Remove
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ),
    },
  ];

  return (
    <Panel title="Members" flush>
      <DataTable
        caption="Members"
        columns={columns}
        rows={data?.data}
        rowKey={(member) => member.user_id}
        error={error}
        retry={() => void refetch()}
        skeletonRows={3}
        empty={<EmptyState title="Nobody yet" />}
      />
      <ConfirmDialog
        opened={dialog?.what === "role"}
        onClose={close}
        title={`Change the role of ${dialog?.member.name ?? ""}`}
        verb="Change role"
        run={async () => {
          if (!dialog) return;
          await changeMember(dialog.member.user_id, { role });
          tellDone(`${dialog.member.name}: ${ROLE_NAMES[role].toLowerCase()} from now on`);
          refresh();
        }}
      >
        <Select
          label="Role"
          description={MAY[role]}
          data={ROLE_OPTIONS}
          value={role}
          onChange={(value) => setRole((value ?? "support") as Role)}
        />
      </ConfirmDialog>
      <Late onFailed={close}>
        {dialog?.what === "password" && <ResetDialog member={dialog.member} onClose={close} />}
      </Late>
      <ConfirmDialog
        opened={dialog?.what === "remove"}
        onClose={close}
        title={`Remove ${dialog?.member.name ?? ""}`}
        verb="Remove"
        danger
        run={async () => {
          if (!dialog) return;
          await removeMember(dialog.member.user_id);
          tellDone(`${dialog.member.name} is no longer in the team`);
          refresh();
        }}
      >
        {dialog?.member.email} is signed out at once and can no longer sign in for this merchant. What they did stays in
        the audit log.
      </ConfirmDialog>
    </Panel>
  );
}
