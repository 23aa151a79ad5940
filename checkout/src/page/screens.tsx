/** What each screen of the checkout looks like. */

import type { ComponentChildren, TargetedKeyboardEvent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { named, useArrival, useCountdown } from "../shared/dom";
import { clock, type Locale } from "../shared/language";
import { CardForm, type FormProps, UpiForm } from "./forms";
import { Card, Sign, Upi } from "./icons";
import { firstWrong, type Method, type Screen, type State } from "./machine";
import type { Payment } from "./payment";
import type { Checkout } from "./run";
import type { Texts } from "./texts";

export interface ScreenProps extends FormProps {
  locale: Locale;
  /** Closes the modal; null where there is none. */
  close: (() => void) | null;
}

export function Shown(props: ScreenProps) {
  const { screen } = props.state;
  switch (screen.at) {
    case "loading":
      return <Loading {...props} />;
    case "choose":
      return <Choose {...props} />;
    case "paying":
    case "processing":
      return <Processing {...props} />;
    case "action":
      return <Action key={screen.action.url} {...props} screen={screen} />;
    case "succeeded":
      return <Succeeded {...props} screen={screen} />;
    case "failed":
      return <Failed {...props} payment={screen.payment} />;
    case "blocked":
      return <Blocked {...props} screen={screen} />;
  }
}

/** As tall as the form that comes, so that nothing moves when it does. */
function Loading({ texts }: ScreenProps) {
  return (
    <div class="screen" aria-busy="true" {...named("loading-state")}>
      <h1 class="hidden">{texts.loading}</h1>
      <span class="bone bone-title" />
      <div class="methods">
        <span class="bone bone-method" />
        <span class="bone bone-method" />
      </div>
      <span class="bone bone-field" />
      <span class="bone bone-button" />
    </div>
  );
}

const METHODS: readonly Method[] = ["upi", "card"];
const METHOD_ICONS = { upi: <Upi />, card: <Card /> };

function Choose(props: ScreenProps) {
  const { checkout, state, texts } = props;
  const notice = state.screen.at === "choose" ? state.screen.notice : null;
  const upi = <UpiForm key="upi" {...props} hidden={state.method !== "upi"} />;
  const card = <CardForm key="card" {...props} hidden={state.method !== "card"} />;

  // The server found something wrong: begin there.
  useEffect(() => {
    const wrong = firstWrong(checkout.state());
    if (wrong !== null) document.getElementById(wrong)?.focus();
  }, [checkout]);

  const choose = (method: Method) => checkout.dispatch({ type: "method", method });
  function byKey(event: TargetedKeyboardEvent<HTMLElement>) {
    if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    const method = event.key === "Home" || (event.key !== "End" && state.method === "card") ? "upi" : "card";
    choose(method);
    document.getElementById(`method-${method}`)?.focus();
  }

  return (
    <section class="screen" aria-labelledby="how" {...named("payment-methods")}>
      <h2 id="how">{texts.howToPay}</h2>
      {notice !== null && (
        <p class="notice" role="alert" {...named("notice")}>
          {notice === "try_again" ? texts.notices.try_again : notice.said}
        </p>
      )}
      <div class="methods" role="tablist" aria-labelledby="how">
        {METHODS.map((method) => (
          <button
            key={method}
            id={`method-${method}`}
            type="button"
            class="method"
            role="tab"
            data-method={method}
            aria-selected={state.method === method}
            aria-controls={`${method}-panel`}
            tabIndex={state.method === method ? 0 : -1}
            onClick={() => choose(method)}
            onKeyDown={byKey}
            {...named(`method-${method}`)}
          >
            {METHOD_ICONS[method]}
            <span>
              <b>{texts[method]}</b>
              <small>{method === "upi" ? texts.upiHint : texts.cardHint}</small>
            </span>
          </button>
        ))}
      </div>
      {/* The chosen form stands first: there is one pay button in each, and the first one found is the one that pays. */}
      {state.method === "upi" ? [upi, card] : [card, upi]}
    </section>
  );
}

/** Seconds after which the next sentence about the waiting is the honest one. */
const PROGRESS_SECONDS = [5, 20, 60];

function Processing({ checkout, state, texts }: ScreenProps) {
  const [stage, setStage] = useState(0);
  const heading = useArrival<HTMLHeadingElement>();
  useEffect(() => {
    const timers = PROGRESS_SECONDS.map((seconds, i) => setTimeout(() => setStage(i + 1), seconds * 1_000));
    return () => timers.forEach(clearTimeout);
  }, []);
  const { screen } = state;
  const trouble = screen.at === "paying" || screen.at === "processing" ? screen.trouble : null;
  const lost = screen.at === "paying" ? texts.paymentLost : texts.statusLost;
  const said = !state.online ? texts.offline : trouble === "lost" ? lost : trouble === "busy" ? texts.busy : null;
  return (
    <section class="screen screen-result" aria-busy="true" {...named("processing-state")}>
      <span class="spinner" />
      <h2 ref={heading} tabIndex={-1} {...named("processing-message")}>
        {texts.processing}
      </h2>
      <p class="quiet" {...named("processing-detail")}>
        {said ?? texts.progress[stage]}
      </p>
      {said !== null && (
        <button type="button" class="button button-quiet" onClick={checkout.wake} {...named("check-now-button")}>
          {texts.checkNow}
        </button>
      )}
    </section>
  );
}

function Action({ checkout, state, texts, screen, locale }: ScreenProps & { screen: Screen & { at: "action" } }) {
  const { payment, action, trouble } = screen;
  const [cancelling, setCancelling] = useState(false);
  const heading = useArrival<HTMLHeadingElement>();
  const left = useCountdown(action.expires_at);
  const scheme = document.documentElement.dataset.scheme;
  const url = `${action.url}#${new URLSearchParams({ locale, ...(scheme === undefined ? {} : { scheme }) })}`;
  // Fixed when the frame appears: another language must not load it again, over what was typed.
  const [frameUrl] = useState(url);
  const otp = action.type === "otp";

  // The bank's page in the frame counts down itself.
  const counted = left === null || (otp && left > 0) ? null : left > 0 ? texts.timeLeft(clock(left)) : texts.timeOver;
  const remark = !state.online ? texts.offline : trouble !== null ? texts.statusLost : counted;

  async function cancel() {
    if (cancelling) return;
    setCancelling(true);
    if (!(await checkout.cancel(payment.id))) setCancelling(false);
  }

  return (
    <section class="screen screen-action" {...named("action-state")}>
      <h2 ref={heading} tabIndex={-1} {...named("action-message")}>
        {otp ? texts.otpTitle : texts.appTitle}
      </h2>
      <p class="quiet">{otp ? texts.otpText : texts.appText}</p>
      {otp ? (
        <iframe
          class="otp"
          src={frameUrl}
          title={texts.otpFrame}
          sandbox="allow-scripts allow-forms allow-same-origin"
          referrerPolicy="no-referrer"
          {...named("otp-frame")}
        />
      ) : (
        <>
          <Code url={url} label={texts.appQr} />
          <a class="button" href={url} target="_blank" rel="noopener" {...named("upi-app-link")}>
            {texts.openApp}
          </a>
        </>
      )}
      <p class="countdown" {...named("action-countdown")}>
        {remark}
      </p>
      <button
        type="button"
        class="button button-text"
        aria-disabled={cancelling}
        onClick={cancel}
        {...named("cancel-button")}
      >
        {cancelling ? texts.cancelling : texts.cancel}
      </button>
    </section>
  );
}

function Code({ url, label }: { url: string; label: string }) {
  const [code, setCode] = useState<{ size: number; path: string } | null>(null);
  useEffect(() => {
    let wanted = true;
    // Without it there still is the link.
    import("./qr").then(({ qr }) => wanted && setCode(qr(url))).catch(() => {});
    return () => {
      wanted = false;
    };
  }, [url]);
  return (
    <div class="code">
      {code !== null && (
        <svg
          class="code-drawn"
          role="img"
          aria-label={label}
          viewBox={`0 0 ${code.size} ${code.size}`}
          shape-rendering="crispEdges"
          {...named("upi-qr")}
        >
          <rect width={code.size} height={code.size} fill="#fff" />
          <path d={code.path} fill="#000" />
        </svg>
      )}
    </div>
  );
}

const NETWORK_NAMES: Record<string, string> = { visa: "Visa", mastercard: "Mastercard", amex: "Amex", rupay: "RuPay" };

function paidWith(payment: Payment, texts: Texts): string | null {
  if (payment.method === "upi") return payment.vpa;
  if (payment.method !== "card" || payment.card_last4 === null) return null;
  return `${NETWORK_NAMES[payment.card_network ?? ""] ?? texts.card} •••• ${payment.card_last4}`;
}

function Succeeded({ texts, screen, close }: ScreenProps & { screen: Screen & { at: "succeeded" } }) {
  const { payment, earlier } = screen;
  const heading = useArrival<HTMLHeadingElement>();
  const instrument = paidWith(payment, texts);
  return (
    <section class="screen screen-result" {...named("success-state")}>
      <Sign kind="good" />
      <h2 ref={heading} tabIndex={-1}>
        {earlier ? texts.alreadyPaid : texts.succeededTitle}
      </h2>
      <p class="quiet" {...named("success-message")}>
        {texts.succeeded}
      </p>
      <dl class="facts">
        <div class="fact">
          <dt>{texts.paymentId}</dt>
          <dd class="code-text" {...named("payment-id")}>
            {payment.id}
          </dd>
        </div>
        {instrument !== null && (
          <div class="fact">
            <dt>{texts.paidWith}</dt>
            <dd>{instrument}</dd>
          </div>
        )}
      </dl>
      {close === null ? (
        <p class="quiet">{texts.mayClose}</p>
      ) : (
        <button type="button" class="button" onClick={close} {...named("done-button")}>
          {texts.done}
        </button>
      )}
    </section>
  );
}

export function reasonOf(payment: Payment, texts: Texts): string | null {
  return texts.reasons[payment.error_reason ?? ""] ?? payment.error_description;
}

function Failed({ checkout, texts, payment }: ScreenProps & { payment: Payment }) {
  const heading = useArrival<HTMLHeadingElement>();
  return (
    <section class="screen screen-result" {...named("error-state")}>
      <Sign kind="bad" />
      <h2 ref={heading} tabIndex={-1} {...named("error-message")}>
        {texts.failed}
      </h2>
      <p {...named("error-reason")}>{reasonOf(payment, texts)}</p>
      <p class="quiet">{texts.notCharged}</p>
      <button
        type="button"
        class="button"
        onClick={() => checkout.dispatch({ type: "try_again" })}
        {...named("retry-button")}
      >
        {texts.tryAgain}
      </button>
    </section>
  );
}

function Blocked({ checkout, state, texts, screen, close }: ScreenProps & { screen: Screen & { at: "blocked" } }) {
  const heading = useArrival<HTMLHeadingElement>();
  const { reason } = screen;
  const { title, text } = texts.blocked[reason];
  const passing = reason === "unreachable" || reason === "busy";
  // Without an order there is no merchant's name above to be the page's heading.
  const Heading = state.order === null ? "h1" : "h2";
  const kind = reason === "paid" ? "good" : passing || reason === "expired" || reason === "refunded" ? "pause" : "bad";
  return (
    <section class="screen screen-result" {...named("blocked-state")} data-reason={reason}>
      <Sign kind={kind} />
      <Heading ref={heading} tabIndex={-1} {...named("blocked-message")}>
        {title}
      </Heading>
      <p class="quiet">{state.online ? text : texts.offline}</p>
      {passing && <Reload checkout={checkout}>{texts.tryLater}</Reload>}
      {!passing && close !== null && (
        <button type="button" class="button" onClick={close} {...named("done-button")}>
          {texts.done}
        </button>
      )}
    </section>
  );
}

function Reload({ checkout, children }: { checkout: Checkout; children: ComponentChildren }) {
  return (
    <button
      type="button"
      class="button"
      onClick={() => checkout.dispatch({ type: "reload" })}
      {...named("reload-button")}
    >
      {children}
    </button>
  );
}

/** What a screen reader says of its own accord when the state changes. */
export function announcement({ screen, online }: State, texts: Texts): string {
  if (!online) return texts.offline;
  switch (screen.at) {
    case "loading":
      return texts.loading;
    case "choose":
      return "";
    case "paying":
      return screen.trouble === "lost" ? texts.paymentLost : screen.trouble === "busy" ? texts.busy : texts.processing;
    case "processing":
      return screen.trouble === "lost" ? texts.statusLost : screen.trouble === "busy" ? texts.busy : texts.processing;
    case "action":
      return screen.action.type === "otp" ? texts.otpTitle : texts.appTitle;
    case "succeeded":
      return texts.succeeded;
    case "failed":
      return `${texts.failed}. ${reasonOf(screen.payment, texts) ?? ""}`;
    case "blocked":
      return texts.blocked[screen.reason].title;
  }
}
