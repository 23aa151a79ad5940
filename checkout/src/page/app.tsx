/** The frame around every screen: whom to pay, how much, and in which language. */

import { useEffect, useState } from "preact/hooks";
import { named } from "../common/dom";
import { serverNow } from "../common/http";
import { LOCALES, type Locale } from "../common/language";
import { money } from "../common/money";
import { Lock } from "./icons";
import type { Order } from "./payment";
import type { Checkout } from "./run";
import { announcement, Shown } from "./screens";
import { TEXTS, type Texts } from "./texts";

interface Props {
  checkout: Checkout;
  firstLocale: Locale;
  close: (() => void) | null;
}

/** An order that expires later than this does so too late to mention. */
const DEADLINE_MENTIONED_MS = 24 * 60 * 60 * 1_000;

export function App({ checkout, firstLocale, close }: Props) {
  const [state, setState] = useState(checkout.state());
  const [locale, setLocale] = useState(firstLocale);
  useEffect(() => {
    setState(checkout.state());
    return checkout.watch(() => setState(checkout.state()));
  }, [checkout]);

  const texts = TEXTS[locale];
  const { order, screen } = state;
  const amount = order === null ? "" : money(order.amount, order.currency, locale);
  const title =
    screen.at === "choose" && order !== null
      ? `${texts.pay(amount)} – ${order.merchant_name}`
      : announcement(state, texts);
  useEffect(() => {
    document.documentElement.lang = locale;
    document.title = title;
  }, [locale, title]);

  function speak(chosen: Locale) {
    setLocale(chosen);
    // A reload keeps it, without anything stored.
    const fragment = new URLSearchParams(location.hash.slice(1));
    fragment.set("locale", chosen);
    history.replaceState(null, "", `#${fragment}`);
  }

  // Without an order there is nothing to sum up, once that is known.
  const summed = order !== null || screen.at === "loading";
  return (
    <main class={summed ? "checkout" : "checkout checkout-alone"} {...named("checkout-container")}>
      <div class="bar">
        {order?.test_mode && (
          <span class="badge" {...named("test-badge")}>
            {texts.testMode}
          </span>
        )}
        <Languages locale={locale} label={texts.language} speak={speak} />
      </div>
      {summed && <Summary order={order} amount={amount} texts={texts} />}
      <div class="card">
        <Shown checkout={checkout} state={state} texts={texts} amount={amount} locale={locale} close={close} />
      </div>
      {screen.at === "choose" && (
        <footer class="foot">
          <p class="secure">
            <Lock />
            {location.protocol === "https:" && `${texts.encrypted} `}
            {texts.neverStored}
          </p>
          {order !== null && <Deadline order={order} locale={locale} texts={texts} />}
          {order?.test_mode && <TestValues texts={texts} />}
        </footer>
      )}
      <p class="hidden" role="status" {...named("announcement")}>
        {announcement(state, texts)}
      </p>
    </main>
  );
}

function Summary({ order, amount, texts }: { order: Order | null; amount: string; texts: Texts }) {
  if (order === null) {
    return (
      <div class="summary" aria-hidden="true">
        <span class="bone bone-monogram" />
        <span class="bone bone-merchant" />
        <span class="bone bone-amount" />
        <span class="bone bone-order" />
      </div>
    );
  }
  const name = order.merchant_name || order.id;
  return (
    <header class={isLong(name, amount) ? "summary summary-long" : "summary"} {...named("order-summary")}>
      <span class="monogram" aria-hidden="true">
        {[...name][0]?.toUpperCase()}
      </span>
      <h1 class="merchant">{name}</h1>
      <p class="amount">
        <span class="hidden">{texts.amountDue}: </span>
        <span {...named("order-amount")}>{amount}</span>
      </p>
      <p class="order">
        <span class="order-label">{texts.order} </span>
        <span class="code-text" {...named("order-id")}>
          {order.id}
        </span>
      </p>
    </header>
  );
}

const NAME_SHORT_CHARACTERS = 24;
const AMOUNT_SHORT_CHARACTERS = 11;

/** Whether name and amount may be too long to stand beside each other. */
function isLong(name: string, amount: string): boolean {
  return name.length > NAME_SHORT_CHARACTERS || amount.length > AMOUNT_SHORT_CHARACTERS;
}

function Deadline({ order, locale, texts }: { order: Order; locale: Locale; texts: Texts }) {
  const at = Date.parse(order.expires_at ?? "");
  const leftMs = at - serverNow();
  if (!(leftMs > 0 && leftMs < DEADLINE_MENTIONED_MS)) return null;
  return <p>{texts.payBy(new Intl.DateTimeFormat(`${locale}-IN`, { timeStyle: "short" }).format(at))}</p>;
}

function Languages({ locale, label, speak }: { locale: Locale; label: string; speak: (chosen: Locale) => void }) {
  return (
    <fieldset class="languages">
      <legend class="hidden">{label}</legend>
      {LOCALES.map((one) => (
        <button
          key={one.locale}
          type="button"
          lang={one.locale}
          aria-pressed={one.locale === locale}
          onClick={() => speak(one.locale)}
          {...named(`language-${one.locale}`)}
        >
          {one.name}
        </button>
      ))}
    </fieldset>
  );
}

function TestValues({ texts }: { texts: Texts }) {
  return (
    <details class="test" {...named("test-values")}>
      <summary>{texts.testHint}</summary>
      <p>{texts.simulatedNote}</p>
      <dl>
        {texts.testValues.map(({ value, meaning }) => (
          <div key={value} class="test-value">
            <dt class="code-text">{value}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
