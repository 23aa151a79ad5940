/** Why does my signature not fit? Paste what came in; the answer is worked out here, in the browser. */

import { Button, Select, Textarea, TextInput } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCheck,
  IconCircleDashed,
  IconKey,
  IconLock,
  IconStethoscope,
  IconX,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useRefusal } from "../../../api/session";
import {
  Callout,
  CodeBlock,
  EmptyState,
  GuardedButton,
  NotConfirmed,
  PageHeader,
  Panel,
  tellProblem,
  useSteppedUp,
} from "../../../ui";
import { endpointsQuery, revealSecret, webhookQuery } from "../queries";
import { headerLines } from "../WebhookDetail";
import classes from "./Doctor.module.css";
import { type Check, type Diagnosis, diagnose, type Pasted } from "./diagnose";

const NOTHING: Pasted = { body: "", headers: "", secret: "", computed: "" };
const SETTLE_MS = 200;

// The documentation's own vector, with the commonest of mistakes in its body.
const EXAMPLE: Pasted = {
  body: '{"event": "payment.success", "note": "\\u20b9500 \\ud83e\\uddfe"}',
  headers: `X-Webhook-Signature: 58def2f2bb0a3af921fe5411263707e77c5b1cbc9a2e53603764d4e21cb91973
webhook-id: evt_0123456789abcXYZ
webhook-timestamp: 1705314660
webhook-signature: v1,bhZRNt9gf3KxXiRKAyN5DWXXtNKBfng3e62AEmnMkgY=`,
  secret: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
  computed: "",
};

const MARKS: Record<Check["state"], typeof IconCheck> = {
  fits: IconCheck,
  fits_repaired: IconAlertTriangle,
  fails: IconX,
  absent: IconCircleDashed,
};

const VERDICTS: Record<Diagnosis["verdict"], typeof IconCheck> = {
  fits: IconCheck,
  explained: IconStethoscope,
  fails: IconX,
  incomplete: IconCircleDashed,
};

// Browsers keep it from pages that came over plain HTTP.
const CAN_SIGN = crypto.subtle !== undefined;

/** What was pasted, some moments after the last key. */
function useDiagnosis(pasted: Pasted): Diagnosis | null {
  const [diagnosis, setDiagnosis] = useState<Diagnosis | null>(null);
  useEffect(() => {
    if (!CAN_SIGN) return;
    if (pasted.body === "" && pasted.headers === "" && pasted.secret === "") {
      setDiagnosis(null);
      return;
    }
    let over = false;
    const timer = setTimeout(async () => {
      const found = await diagnose(pasted, Date.now());
      if (!over) setDiagnosis(found);
    }, SETTLE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [pasted]);
  return diagnosis;
}

export default function Doctor() {
  const { webhook: webhookId } = useSearch({ strict: false }) as { webhook?: string };
  const [pasted, setPasted] = useState(NOTHING);
  const diagnosis = useDiagnosis(pasted);
  const set = (part: Partial<Pasted>): void => setPasted((before) => ({ ...before, ...part }));

  // A delivery of ours, named in the address: what was sent is filled in.
  const delivery = useQuery({ ...webhookQuery(webhookId ?? ""), enabled: webhookId !== undefined }).data;
  const filled = useRef(false);
  useEffect(() => {
    if (!delivery || filled.current) return;
    filled.current = true;
    const headers = delivery.attempt_log[0]?.request_headers;
    setPasted((before) => ({
      ...before,
      body: JSON.stringify(delivery.request_body),
      headers: headers ? headerLines(headers) : before.headers,
    }));
  }, [delivery]);

  const mono = { input: classes.mono ?? "" };
  return (
    <>
      <PageHeader
        title="Signature doctor"
        within={{ to: "/dashboard/webhooks", name: "Webhooks" }}
        description="Paste what your receiver got. It tells what is wrong with the signature, and how to repair it."
      >
        <Button variant="default" onClick={() => setPasted(EXAMPLE)}>
          Show an example
        </Button>
        {pasted !== NOTHING && (
          <Button variant="subtle" color="gray" onClick={() => setPasted(NOTHING)}>
            Clear
          </Button>
        )}
      </PageHeader>
      <div className={classes.columns}>
        <Panel title="What came in">
          <div className={classes.form}>
            <Textarea
              label="Body"
              description="As your code got it, before any parsing"
              placeholder='{"event":"payment.success",…}'
              value={pasted.body}
              onChange={(event) => set({ body: event.currentTarget.value })}
              autosize
              minRows={5}
              maxRows={14}
              spellCheck={false}
              classNames={mono}
            />
            <Textarea
              label="Headers"
              description="All of them, as a log, curl or your framework shows them"
              placeholder={
                "X-Webhook-Signature: 58de…\nwebhook-id: evt_…\nwebhook-timestamp: 1705314660\nwebhook-signature: v1,…"
              }
              value={pasted.headers}
              onChange={(event) => set({ headers: event.currentTarget.value })}
              autosize
              minRows={4}
              maxRows={12}
              spellCheck={false}
              classNames={mono}
            />
            <SecretField
              secret={pasted.secret}
              choose={(secret) => set({ secret })}
              own={delivery?.webhook_endpoint_id}
            />
            <TextInput
              label="What your code computes (optional)"
              description="If what came in is right, this tells what your code does wrong"
              placeholder="Hex or base64"
              value={pasted.computed}
              onChange={(event) => set({ computed: event.currentTarget.value })}
              autoComplete="off"
              spellCheck={false}
              classNames={mono}
            />
            <p className="muted" style={{ display: "flex", gap: 8, margin: 0, fontSize: "0.8125rem" }}>
              <IconLock size={16} aria-hidden style={{ flex: "none", marginTop: 2 }} />
              Worked out in this browser. Nothing you paste is sent or kept.
            </p>
          </div>
        </Panel>
        <Panel title="Diagnosis">
          <div aria-live="polite">
            {!CAN_SIGN ? (
              <Callout tone="wait" title="This browser cannot work out signatures here">
                It does so only at addresses that begin with https://, and at localhost. Open the dashboard at one of
                those.
              </Callout>
            ) : diagnosis ? (
              <Answer diagnosis={diagnosis} />
            ) : (
              <EmptyState icon={<IconStethoscope size={22} />} title="Paste a delivery">
                It finds a body that was parsed and printed again, a wrong or cut-off secret, hex for base64, a key that
                was or was not decoded, a clock that is wrong, a secret that is being changed, and more.
              </EmptyState>
            )}
          </div>
        </Panel>
      </div>
    </>
  );
}

function Answer({ diagnosis }: { diagnosis: Diagnosis }) {
  const Mark = VERDICTS[diagnosis.verdict];
  return (
    <div className={classes.answer}>
      <div className={classes.verdict} data-verdict={diagnosis.verdict}>
        <Mark size={22} aria-hidden />
        <span>{diagnosis.headline}</span>
      </div>
      {diagnosis.checks.length > 0 && (
        <ul className={classes.checks}>
          {diagnosis.checks.map((check) => {
            const Sign = MARKS[check.state];
            return (
              <li key={check.header} className={classes.check} data-state={check.state}>
                <Sign size={17} aria-hidden />
                <span>
                  <code>{check.header}</code> <span className="muted">{check.says}</span>
                </span>
              </li>
            );
          })}
        </ul>
      )}
      {diagnosis.findings.length > 0 && (
        <ul className={classes.findings}>
          {diagnosis.findings.map((finding) => (
            <li key={finding.code} className={classes.finding} data-tone={finding.tone} data-code={finding.code}>
              <h3>{finding.title}</h3>
              <p>{finding.text}</p>
            </li>
          ))}
        </ul>
      )}
      {diagnosis.verdict === "fits" && diagnosis.findings.length === 0 && (
        <p className="muted" style={{ margin: 0 }}>
          Body, headers and secret belong together. If your code says no, paste what it computes: it tells which step
          goes wrong.
        </p>
      )}
      {diagnosis.expected && (
        <CodeBlock
          what="expected signatures"
          wrap
          codes={[
            {
              name: "What this body and secret come to",
              text: [
                `X-Webhook-Signature: ${diagnosis.expected.plain}`,
                ...(diagnosis.expected.standard ? [`webhook-signature: ${diagnosis.expected.standard}`] : []),
              ].join("\n"),
            },
          ]}
        />
      )}
    </div>
  );
}

interface SecretFieldProps {
  secret: string;
  choose: (secret: string) => void;
  /** The endpoint that the delivery was for. */
  own: string | undefined;
}

function SecretField({ secret, choose, own }: SecretFieldProps) {
  const endpoints = useQuery(endpointsQuery).data ?? [];
  const [which, setWhich] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const refusal = useRefusal("developer");
  const steppedUp = useSteppedUp();
  const chosen = which ?? own ?? endpoints[0]?.id;
  const fill = async (): Promise<void> => {
    if (!chosen) return;
    setBusy(true);
    try {
      choose((await steppedUp(() => revealSecret(chosen))).secret);
    } catch (error) {
      if (!(error instanceof NotConfirmed)) tellProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={classes.form} style={{ gap: 8 }}>
      <TextInput
        label="Secret"
        description="The one your receiver uses; two, with a space between them, while it changes"
        placeholder="whsec_…"
        value={secret}
        onChange={(event) => choose(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        classNames={{ input: classes.mono ?? "" }}
      />
      <div style={{ display: "flex", flexWrap: "wrap", gap: 8 }}>
        {endpoints.length > 1 && (
          <Select
            aria-label="Endpoint whose secret is filled in"
            size="xs"
            data={endpoints.map((one) => ({ value: one.id, label: one.url ?? "Your endpoint" }))}
            value={chosen ?? null}
            onChange={setWhich}
            style={{ flex: "1 1 180px" }}
          />
        )}
        <GuardedButton
          variant="default"
          size="xs"
          leftSection={<IconKey size={15} aria-hidden />}
          refusal={refusal ?? (chosen ? null : "There is no endpoint yet.")}
          loading={busy}
          onClick={() => void fill()}
        >
          Fill in the endpoint’s secret
        </GuardedButton>
      </div>
    </div>
  );
}
