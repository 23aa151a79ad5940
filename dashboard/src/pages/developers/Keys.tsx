/** API keys: made, rolled, revoked. A secret is shown once. */

import { Button, Menu } from "@mantine/core";
import { IconDots, IconKey, IconPlus } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useRefusal } from "../../api/session";
import type { ApiKey } from "../../api/shapes";
import {
  Callout,
  type Column,
  ConfirmDialog,
  CopyButton,
  DataTable,
  Dialog,
  EmptyState,
  GuardedButton,
  IdText,
  OverlapDialog,
  Panel,
  StatusBadge,
  Time,
  tellDone,
  tellProblem,
  useIntent,
} from "../../ui";
import classes from "./Developers.module.css";
import { createKey, keysQuery, revokeKey, rollKey } from "./queries";

const OVERLAPS = [
  { value: "0", label: "At once: the old key stops working now" },
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "1 day" },
  { value: "604800", label: "7 days" },
  { value: "2592000", label: "30 days" },
];

export function keyStatus(key: ApiKey, now: number): "active" | "ends" | "expired" {
  if (key.expires_at === null) return "active";
  return Date.parse(key.expires_at) <= now ? "expired" : "ends";
}

function columns(refusal: string | null, open: (what: "roll" | "revoke", key: ApiKey) => void): Column<ApiKey>[] {
  return [
    { key: "key", title: "Publishable key", narrow: "1s", cell: (key) => <IdText id={key.api_key} what="API key" /> },
    {
      key: "secret",
      title: "Secret",
      wideOnly: true,
      cell: () => <span className="muted">shown once, when it was made</span>,
    },
    {
      key: "status",
      title: "Status",
      narrow: "2s",
      cell: (key) => {
        const status = keyStatus(key, Date.now());
        return status === "ends" ? (
          <span>
            <StatusBadge status="pending" label="rolled" /> ends <Time at={key.expires_at} />
          </span>
        ) : (
          <StatusBadge status={status} />
        );
      },
    },
    { key: "created", title: "Created", narrow: "3s", cell: (key) => <Time at={key.created_at} /> },
    {
      key: "actions",
      title: "Actions",
      align: "end",
      narrow: "1e",
      cell: (key) => (
        <Menu>
          <Menu.Target>
            <Button variant="default" size="xs" px={8} aria-label={`Actions for ${key.api_key}`}>
              <IconDots size={17} aria-hidden />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {refusal !== null && <Menu.Label maw={260}>{refusal}</Menu.Label>}
            <Menu.Item disabled={refusal !== null || key.expires_at !== null} onClick={() => open("roll", key)}>
              Roll: a new one in its place
            </Menu.Item>
            <Menu.Item color="red" disabled={refusal !== null} onClick={() => open("revoke", key)}>
              Revoke now
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ),
    },
  ];
}

export function Keys() {
  const { data, error, refetch } = useQuery(keysQuery);
  const queries = useQueryClient();
  const refusal = useRefusal("developer");
  const [made, setMade] = useState<ApiKey | null>(null);
  const [dialog, setDialog] = useState<{ what: "roll" | "revoke"; key: ApiKey } | null>(null);
  const close = (): void => setDialog(null);
  // The merchant is shown with its newest key, on Home and in the docs.
  const refresh = (): void => {
    for (const key of ["api_keys", "merchant"]) void queries.invalidateQueries({ queryKey: [key] });
  };

  const create = useIntent<null, ApiKey>({
    name: "create a key",
    send: (_, key) => createKey(key),
    done: setMade,
    failed: tellProblem,
    refresh,
  });

  return (
    <div className={classes.stack}>
      <Panel
        title="API keys"
        description="The key may be seen in a browser; with its secret it opens everything, so the secret stays on your server."
        flush
        actions={
          <GuardedButton
            size="xs"
            leftSection={<IconPlus size={15} aria-hidden />}
            refusal={refusal}
            loading={create.busy}
            onClick={() => void create.send(null)}
          >
            Create key
          </GuardedButton>
        }
      >
        <DataTable
          caption="API keys"
          columns={columns(refusal, (what, key) => setDialog({ what, key }))}
          rows={data?.data}
          rowKey={(key) => key.api_key}
          error={error}
          retry={() => void refetch()}
          skeletonRows={2}
          empty={
            <EmptyState icon={<IconKey size={22} />} title="No keys">
              Your programs cannot call the API. Create a key, and put its secret on your server.
            </EmptyState>
          }
        />
      </Panel>
      <nav className={classes.links} aria-label="Documentation">
        <Link to="/dashboard/docs" className={classes.linkCard}>
          <strong>Make your first payment</strong>
          <span>Runnable snippets with your key</span>
        </Link>
        <Link to="/dashboard/docs" hash="reference" className={classes.linkCard}>
          <strong>API reference</strong>
          <span>Every call, its fields and answers</span>
        </Link>
        <Link to="/dashboard/docs" hash="magic-values" className={classes.linkCard}>
          <strong>Magic values</strong>
          <span>Cards and VPAs that behave in a known way</span>
        </Link>
        <a href="/openapi.json" className={classes.linkCard}>
          <strong>openapi.json</strong>
          <span>OpenAPI 3.1, to make a client from</span>
        </a>
      </nav>
      {made && (
        <Dialog onClose={() => setMade(null)} title="Your new key" stays>
          <div className={classes.form}>
            <Callout tone="wait">The secret is shown this once. Copy it to your server’s secret store now.</Callout>
            <div>
              <p className={classes.label}>Publishable key</p>
              <div className={classes.secret}>
                <code>{made.api_key}</code>
                <CopyButton text={made.api_key} what="key" />
              </div>
            </div>
            <div>
              <p className={classes.label}>Secret</p>
              <div className={classes.secret}>
                <code>{made.api_secret ?? "not shown again"}</code>
                {made.api_secret && <CopyButton text={made.api_secret} what="secret" />}
              </div>
            </div>
            <div className={`${classes.buttons} ${classes.end}`}>
              <Button onClick={() => setMade(null)}>I have copied it</Button>
            </div>
          </div>
        </Dialog>
      )}
      {dialog?.what === "roll" && (
        <OverlapDialog
          title="Roll this key"
          label="How long the old key still works"
          verb="Roll"
          choices={OVERLAPS}
          intent={`roll ${dialog.key.api_key}`}
          send={(overlap, key) => rollKey(dialog.key.api_key, overlap, key)}
          done={setMade}
          refresh={refresh}
          onClose={close}
        >
          You get a new key and secret in place of <code>{dialog.key.api_key}</code>. Change your programs over while
          both work.
        </OverlapDialog>
      )}
      <ConfirmDialog
        opened={dialog?.what === "revoke"}
        onClose={close}
        title="Revoke this key"
        verb="Revoke now"
        danger
        run={async () => {
          if (!dialog) return;
          await revokeKey(dialog.key.api_key);
          tellDone("The key is revoked");
        }}
        refresh={refresh}
      >
        <code>{dialog?.key.api_key}</code> stops working at once, and for good. Programs that use it get 401. To change
        over without a gap, roll it instead.
      </ConfirmDialog>
    </div>
  );
}
