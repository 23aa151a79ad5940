/** An endpoint's secret: masked until its owner gave the password again, and changed without missing a delivery. */

import { ActionIcon, Tooltip } from "@mantine/core";
import { IconEye, IconEyeOff, IconRefresh } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useRefusal } from "../../api/session";
import type { WebhookEndpoint } from "../../api/shapes";
import {
  CopyButton,
  GuardedButton,
  NotConfirmed,
  named,
  OverlapDialog,
  Time,
  tellDone,
  tellProblem,
  useSteppedUp,
} from "../../ui";
import { regenerateSecret, revealSecret, WEBHOOK_KEYS } from "./queries";
import classes from "./Webhooks.module.css";

const MASKED = `whsec_${"•".repeat(16)}`;
const SHOWN_MS = 2 * 60_000; // a secret that was revealed is hidden again: screens are shared

const OVERLAPS = [
  { value: "0", label: "At once: the old secret is worthless now" },
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "1 day" },
  { value: "604800", label: "7 days" },
];

interface SecretProps {
  endpoint: WebhookEndpoint;
  /** The ids of the contract, on the merchant's own endpoint. */
  contract?: boolean;
}

export function Secret({ endpoint, contract = false }: SecretProps) {
  const [secret, setSecret] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const refusal = useRefusal("developer");
  const steppedUp = useSteppedUp();
  const queries = useQueryClient();

  useEffect(() => {
    if (secret === null) return;
    const timer = setTimeout(() => setSecret(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [secret]);

  const reveal = async (): Promise<void> => {
    try {
      setSecret((await steppedUp(() => revealSecret(endpoint.id))).secret);
    } catch (error) {
      if (!(error instanceof NotConfirmed)) tellProblem(error);
    }
  };

  return (
    <div>
      <p className={classes.label}>Signing secret</p>
      <p className={classes.says}>It proves to your receiver who sends.</p>
      <div className={classes.secret}>
        <code {...(contract ? named("webhook-secret") : undefined)}>
          {secret ?? <span aria-hidden>{MASKED}</span>}
          {secret === null && <span className="unseen">The secret is hidden</span>}
        </code>
        {secret !== null && <CopyButton text={secret} what="secret" />}
        <Tooltip label={refusal ?? (secret === null ? "Reveal the secret" : "Hide the secret")} multiline maw={260}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="md"
            aria-label={secret === null ? "Reveal the secret" : "Hide the secret"}
            {...(refusal === null ? {} : { "data-disabled": true, "aria-disabled": true })}
            onClick={() => {
              if (refusal !== null) return;
              if (secret === null) void reveal();
              else setSecret(null);
            }}
          >
            {secret === null ? <IconEye size={17} aria-hidden /> : <IconEyeOff size={17} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      </div>
      <div className={classes.buttons} style={{ marginTop: 8 }}>
        <GuardedButton
          variant="default"
          size="xs"
          leftSection={<IconRefresh size={15} aria-hidden />}
          refusal={refusal}
          onClick={() => setAsking(true)}
          {...(contract ? named("regenerate-secret-button") : {})}
        >
          Regenerate
        </GuardedButton>
        {endpoint.previous_secret_until && (
          <span className={classes.note}>
            The old one signs too, and ends <Time at={endpoint.previous_secret_until} />.
          </span>
        )}
      </div>
      {asking && (
        <OverlapDialog
          title="Regenerate the signing secret"
          label="How long the old secret signs too"
          verb="Regenerate"
          choices={OVERLAPS}
          intent={`regenerate ${endpoint.id}`}
          send={(overlap, key) => regenerateSecret(endpoint.id, overlap, key)}
          done={(changed) => {
            setSecret(changed.secret ?? null);
            tellDone("The secret is a new one. Copy it to your receiver.");
          }}
          refresh={() => {
            for (const key of WEBHOOK_KEYS) void queries.invalidateQueries({ queryKey: key });
          }}
          onClose={() => setAsking(false)}
        >
          While both are valid every delivery carries a signature of each. So: regenerate, give your receiver both, then
          take the old one away.
        </OverlapDialog>
      )}
    </div>
  );
}
