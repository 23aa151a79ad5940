/** One endpoint: how it does, what it wants, its secret, and what was sent there. */

import { Button, Menu } from "@mantine/core";
import { IconDots, IconSend } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useRefusal } from "../../api/session";
import {
  Bones,
  ConfirmDialog,
  EmptyState,
  ErrorState,
  Fact,
  Facts,
  GuardedButton,
  IdText,
  PageHeader,
  Panel,
  Time,
  tellDone,
  tellProblem,
} from "../../ui";
import { Deliveries } from "./Deliveries";
import { EndpointDialog } from "./EndpointDialog";
import { deleteEndpoint, endpointsQuery, updateEndpoint, WEBHOOK_KEYS } from "./queries";
import { Secret } from "./Secret";
import { useTest } from "./sending";
import { EndpointBadge, EndpointTrouble } from "./WebhookConfig";
import classes from "./Webhooks.module.css";

const WITHIN = { to: "/dashboard/webhooks", name: "Webhooks" };

export default function EndpointDetail() {
  const { endpointId = "" } = useParams({ strict: false });
  const { data, error, refetch } = useQuery(endpointsQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const refusal = useRefusal("developer");
  const supportRefusal = useRefusal("support");
  const [open, setOpen] = useState<"edit" | "disable" | "delete" | null>(null);
  const { busy: testing, test } = useTest(endpointId);
  const endpoint = data?.find((one) => one.id === endpointId);
  const refresh = (): void => {
    for (const key of WEBHOOK_KEYS) void queries.invalidateQueries({ queryKey: key });
  };

  if (!endpoint) {
    return (
      <>
        <PageHeader title="Endpoint" within={WITHIN} />
        <Panel>
          {error ? (
            <ErrorState error={error} what="this endpoint" retry={() => void refetch()} />
          ) : data ? (
            <EmptyState title="There is no such endpoint">It was deleted, or belongs to another merchant.</EmptyState>
          ) : (
            <Bones lines={6} what="the endpoint" />
          )}
        </Panel>
      </>
    );
  }

  const change = async (enabled: boolean): Promise<void> => {
    await updateEndpoint(endpoint.id, { enabled });
    tellDone(enabled ? "Enabled" : "Disabled. What happens now can be replayed later.");
    refresh();
  };
  const testRefusal =
    supportRefusal ??
    (endpoint.url === null ? "It has no URL yet." : endpoint.enabled ? null : "It is disabled: enable it first.");

  return (
    <>
      <PageHeader
        title={endpoint.description || "Endpoint"}
        heading={
          <span className={classes.row}>
            {endpoint.description || "Endpoint"} <EndpointBadge endpoint={endpoint} />
          </span>
        }
        within={WITHIN}
        description={endpoint.url}
      >
        <GuardedButton
          variant="default"
          leftSection={<IconSend size={16} aria-hidden />}
          refusal={testRefusal}
          loading={testing}
          onClick={test}
        >
          Send test event
        </GuardedButton>
        <GuardedButton refusal={refusal} onClick={() => setOpen("edit")}>
          Edit
        </GuardedButton>
        {refusal === null && (
          <Menu>
            <Menu.Target>
              <Button variant="default" px="xs" aria-label="More actions">
                <IconDots size={18} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {endpoint.enabled ? (
                <Menu.Item onClick={() => setOpen("disable")}>Disable</Menu.Item>
              ) : (
                <Menu.Item onClick={() => void change(true).catch(tellProblem)}>Enable</Menu.Item>
              )}
              {!endpoint.is_first && (
                <Menu.Item color="red" onClick={() => setOpen("delete")}>
                  Delete
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
      </PageHeader>
      <div className={classes.stack}>
        <EndpointTrouble endpoint={endpoint} />
        <div className={classes.columns}>
          <Panel title="Endpoint">
            <Facts>
              <Fact name="Id">
                <IdText id={endpoint.id} what="endpoint id" />
              </Fact>
              <Fact name="URL">{endpoint.url ?? "–"}</Fact>
              <Fact name="Events">
                {endpoint.events.map((event) => (
                  <div key={event}>
                    <code>{event}</code>
                  </div>
                ))}
              </Fact>
              <Fact name="Created">
                <Time at={endpoint.created_at} />
              </Fact>
            </Facts>
          </Panel>
          <Panel title="Signing">
            <Secret endpoint={endpoint} />
          </Panel>
        </div>
        <Deliveries endpointId={endpoint.id} />
      </div>
      {open === "edit" && <EndpointDialog endpoint={endpoint} onClose={() => setOpen(null)} />}
      <ConfirmDialog
        opened={open === "disable"}
        onClose={() => setOpen(null)}
        title="Disable this endpoint"
        verb="Disable"
        run={() => change(false)}
      >
        Nothing is sent here until you enable it again. What happens meanwhile can be replayed then.
      </ConfirmDialog>
      <ConfirmDialog
        opened={open === "delete"}
        onClose={() => setOpen(null)}
        title="Delete this endpoint"
        verb="Delete"
        danger
        run={async () => {
          await deleteEndpoint(endpoint.id);
          tellDone("The endpoint is gone");
          await navigate({ to: "/dashboard/webhooks" });
          refresh();
        }}
      >
        Deliveries that wait for it fail, and its secret is worthless. The log of what was sent stays.
      </ConfirmDialog>
    </>
  );
}
