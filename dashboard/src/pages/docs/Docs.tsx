/** How to integrate: code to run with the merchant's own key, values to try, and every call of the API. */

import { Button } from "@mantine/core";
import { IconStethoscope } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { merchantQuery } from "../../api/queries";
import { useSession } from "../../api/session";
import { Bones, Callout, CodeBlock, CopyButton, named, PageHeader } from "../../ui";
import classes from "./Docs.module.css";
import { MAGIC_VALUES } from "./magicValues";
import { OwnSecret } from "./OwnSecret";
import { createOrder, ownValues, sdk, verifyWebhook } from "./snippets";

const Reference = lazy(() => import("./Reference"));

const INDEX = [
  ["create-order", "Create an order"],
  ["checkout", "Open the checkout"],
  ["webhooks", "Verify webhooks"],
  ["magic-values", "Magic values"],
  ["errors", "Errors and retries"],
  ["reference", "API reference"],
] as const;

const LANGUAGE = "docs-language";

export default function Docs() {
  const session = useSession();
  const merchant = useQuery(merchantQuery).data;
  const [language, setLanguage] = useState(() => localStorage.getItem(LANGUAGE) ?? "curl");
  const choose = (name: string): void => {
    setLanguage(name);
    localStorage.setItem(LANGUAGE, name);
  };
  const [webhookSecret, setWebhookSecret] = useState<string | null>(null);
  const own = ownValues(
    window.location.origin,
    session.checkout_url,
    merchant?.api_key ?? "YOUR_API_KEY",
    session.test_mode,
    webhookSecret,
  );

  // An address with a section opens there, though the section was not there yet when the page began to load.
  useEffect(() => {
    const { hash } = window.location;
    if (hash) document.getElementById(hash.slice(1))?.scrollIntoView();
  }, []);

  return (
    <div {...named("api-docs")}>
      <PageHeader
        title="Docs"
        description="From nothing to a payment in three steps. The code has your own key in it."
      />
      <div className={classes.layout}>
        <nav className={classes.index} aria-label="On this page">
          {INDEX.map(([id, name]) => (
            <a key={id} href={`#${id}`}>
              {name}
            </a>
          ))}
        </nav>
        <div className={classes.sections}>
          <section id="create-order" className={classes.section} {...named("section-create-order")}>
            <h2>1. Create an order</h2>
            <p>
              On your server, since it takes the secret. Amounts are whole numbers in the smallest unit: 50000 paise are
              ₹500.00. Sent again with the same <code>Idempotency-Key</code>, it makes no second order. With{" "}
              <code>capture: automatic</code> the money is yours as soon as the bank approves. Without it the bank only
              holds the money, for seven days: <code>POST /api/v1/payments/{"{id}"}/capture</code> takes it.
            </p>
            {!own.runnable && (
              <Callout tone="info">
                Put your own secret in place of <code>YOUR_API_SECRET</code>. It was shown when the key was made; a new
                key is made under <Link to="/dashboard/developers">Developers</Link>.
              </Callout>
            )}
            <CodeBlock
              what="code that creates an order"
              codes={createOrder(own)}
              chosen={language}
              choose={choose}
              testId={named("code-snippet-create-order")}
            />
          </section>

          <section id="checkout" className={classes.section} {...named("section-sdk-integration")}>
            <h2>2. Open the checkout</h2>
            <p>
              In the browser, with the key alone. The card’s data goes to us, never through your page or server. What{" "}
              <code>onSuccess</code> says is for the customer’s eyes: deliver the goods when the webhook has come.
            </p>
            <CodeBlock what="code that opens the checkout" codes={sdk(own)} testId={named("code-snippet-sdk")} />
          </section>

          <section id="webhooks" className={classes.section} {...named("section-webhook-verification")}>
            <h2>3. Verify webhooks</h2>
            <p>
              Set your URL under <Link to="/dashboard/webhooks">Webhooks</Link>. <code>X-Webhook-Signature</code> is the
              hex HMAC-SHA256 of the body’s exact bytes, keyed with the whole secret. Answer 2xx within 5 seconds, then
              work; handle each event once, by its id.
            </p>
            <CodeBlock
              what="code that verifies a webhook"
              codes={verifyWebhook(own)}
              chosen={language === "curl" ? "Shell" : language}
              choose={(name) => choose(name === "Shell" ? "curl" : name)}
              testId={named("code-snippet-webhook")}
            />
            <div className={classes.buttons}>
              {merchant && (
                <OwnSecret endpoint={merchant.webhook_endpoint_id} shown={webhookSecret} show={setWebhookSecret} />
              )}
              <Button
                component={Link}
                to="/dashboard/webhooks/doctor"
                variant="default"
                leftSection={<IconStethoscope size={17} aria-hidden />}
              >
                Signature doctor
              </Button>
            </div>
          </section>

          <section id="magic-values" className={classes.section}>
            <h2>Magic values</h2>
            <p>
              {session.test_mode
                ? "In test mode the bank is imitated, and these make it behave in a known way. Any future expiry and any CVV do."
                : "These exist in test mode only. Here a bank answers."}
            </p>
            {MAGIC_VALUES.map((group) => (
              <div key={group.title}>
                <h3>{group.title}</h3>
                <div className={classes.scroll}>
                  <table className={classes.table}>
                    <thead>
                      <tr>
                        <th scope="col">VPA</th>
                        <th scope="col">Card</th>
                        <th scope="col">What happens</th>
                      </tr>
                    </thead>
                    <tbody>
                      {group.values.map((value) => (
                        <tr key={value.vpa}>
                          <td>
                            <span className={classes.value}>
                              <code>{value.vpa}</code> <CopyButton text={value.vpa} what={value.vpa} />
                            </span>
                          </td>
                          <td>
                            {value.card ? (
                              <span className={classes.value}>
                                <code>{value.card}</code> <CopyButton text={value.card} what={`card ${value.card}`} />
                              </span>
                            ) : (
                              "–"
                            )}
                          </td>
                          <td>{value.does}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              </div>
            ))}
          </section>

          <section id="errors" className={classes.section}>
            <h2>Errors and retries</h2>
            <p>
              Every error has one form. <code>code</code> and <code>reason</code> are for programs and never change;{" "}
              <code>description</code> is for people. Retry 429 and 5xx after <code>Retry-After</code> seconds, with the
              same <code>Idempotency-Key</code>; repair every other 4xx. A timeout is not a failure: ask for the
              payment.
            </p>
            <CodeBlock
              what="an error"
              codes={[
                {
                  name: "400 Bad Request",
                  text: JSON.stringify(
                    {
                      error: {
                        code: "BAD_REQUEST_ERROR",
                        description: "amount must be at least 100",
                        field: "amount",
                        reason: "invalid_value",
                        request_id: "0b1e6e91-6ec8-43da-a06d-74bb3c0712b2",
                      },
                    },
                    null,
                    2,
                  ),
                },
              ]}
              wrap
            />
          </section>

          <section id="reference" className={classes.section}>
            <h2>API reference</h2>
            <p>
              Made from <a href="/openapi.json">openapi.json</a>, which you can make a client from, too.
            </p>
            <Suspense fallback={<Bones lines={8} what="the reference" />}>
              <Reference />
            </Suspense>
          </section>
        </div>
      </div>
    </div>
  );
}
