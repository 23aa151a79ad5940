/** The simulated bank's page: a one-time password for a card, or approval in a UPI app. */

import type { TargetedEvent } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { digitsOf } from "../shared/digits";
import { named, useArrival, useCountdown } from "../shared/dom";
import { clock, type Locale } from "../shared/language";
import { money } from "../shared/money";
import { type Answer, answer, type Challenge, type Outcome, read } from "./challenge";
import { TEXTS, type Texts } from "./texts";

const CODE_DIGITS = 6;

interface Props {
  paymentId: string;
  locale: Locale;
  /** Called once the challenge is over. */
  done: () => void;
}

type Problem = "shape" | "wrong" | "lost" | null;

export function Bank({ paymentId, locale, done }: Props) {
  const texts = TEXTS[locale];
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  const [problem, setProblem] = useState<Problem>(null);
  const busy = useRef(false);

  const take = useCallback((result: Outcome) => {
    setOutcome(result);
    if (typeof result === "object") setChallenge(result);
  }, []);
  const reread = useCallback(async () => take(await read(paymentId)), [paymentId, take]);

  const left = useCountdown(challenge?.status === "open" ? challenge.expires_at : null);
  const open = challenge?.status === "open";
  const over = left === 0;
  useEffect(() => {
    // First what there is to answer, and then, when its time is over, what the bank made of that.
    void reread();
    if (!over) return;
    const timer = setInterval(reread, 1_000);
    return () => clearInterval(timer);
  }, [reread, over]);
  useEffect(() => {
    if (challenge !== null && !open) done();
  }, [challenge, open, done]);
  useEffect(() => {
    const look = () => void (document.visibilityState === "visible" && reread());
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [reread]);

  async function give(given: Answer) {
    // A second click while the first is on its way must not use up an attempt.
    if (busy.current) return;
    busy.current = true;
    setProblem(null);
    const result = await answer(paymentId, given);
    busy.current = false;
    if (result === "lost") return setProblem("lost");
    if (result === "closed") return reread();
    take(result);
    if (typeof result === "object" && result.status === "open" && given.action === "submit_code") setProblem("wrong");
  }

  const name = challenge?.type === "upi_app" ? texts.app : texts.bank;
  useEffect(() => {
    document.title = name;
  }, [name]);
  return (
    <main
      aria-label={name}
      class={challenge?.type === "upi_app" ? "bank bank-app" : "bank"}
      {...named("bank-container")}
    >
      <header class="bank-bar">
        <span class="bank-mark" aria-hidden="true" />
        <b>{name}</b>
        <small>{texts.simulated}</small>
      </header>
      {challenge === null ? (
        <Missing outcome={outcome} texts={texts} reread={reread} />
      ) : (
        <>
          <p class="bank-sum">
            <span class="bank-amount" {...named("bank-amount")}>
              {money(challenge.amount, challenge.currency, locale)}
            </span>
            <span {...named("bank-payee")}>{texts.payTo(challenge.payee)}</span>
          </p>
          {challenge.status !== "open" ? (
            <Ended status={challenge.status} texts={texts} />
          ) : challenge.type === "otp" ? (
            <Otp {...{ texts, challenge, problem, setProblem, give }} />
          ) : (
            <Approval {...{ texts, problem, give }} />
          )}
          {open && left !== null && (
            <p class="countdown" {...named("bank-countdown")}>
              {texts.timeLeft(clock(left))}
            </p>
          )}
        </>
      )}
    </main>
  );
}

function Missing({ outcome, texts, reread }: { outcome: Outcome | null; texts: Texts; reread: () => void }) {
  if (outcome === null) {
    return (
      <p class="bank-state" role="status" aria-busy="true">
        {texts.loading}
      </p>
    );
  }
  const lost = outcome === "lost";
  return (
    <div class="bank-state" role="alert">
      <h1 {...named("bank-message")}>{lost ? texts.lost : texts.unknownTitle}</h1>
      {lost ? (
        <button type="button" class="button" onClick={reread} {...named("bank-retry-button")}>
          {texts.again}
        </button>
      ) : (
        <p>{texts.unknown}</p>
      )}
    </div>
  );
}

interface OtpProps {
  texts: Texts;
  challenge: Challenge;
  problem: Problem;
  setProblem: (problem: Problem) => void;
  give: (given: Answer) => Promise<void>;
}

function Otp({ texts, challenge, problem, setProblem, give }: OtpProps) {
  const [code, setCode] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  async function submit(event: TargetedEvent<HTMLFormElement>) {
    event.preventDefault();
    input.current?.focus();
    if (code.length !== CODE_DIGITS) return setProblem("shape");
    await give({ action: "submit_code", code });
    setCode("");
  }
  return (
    <form class="form" noValidate onSubmit={submit} {...named("otp-form")}>
      <h1>{texts.otpTitle}</h1>
      <div class="field">
        <label for="otp">{texts.otpLabel}</label>
        <div class="input">
          <input
            ref={input}
            id="otp"
            class="otp-code"
            type="text"
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            aria-required="true"
            aria-invalid={problem === "shape" || problem === "wrong"}
            aria-describedby="otp-problem otp-hint"
            onInput={(event) => {
              event.currentTarget.value = digitsOf(event.currentTarget.value).slice(0, CODE_DIGITS);
              setCode(event.currentTarget.value);
            }}
            {...named("otp-input")}
          />
        </div>
        <p id="otp-problem" class="problem" role="alert" {...named("bank-message")}>
          {problem === "shape" && texts.otpShape}
          {problem === "wrong" && texts.wrong(challenge.attempts_left)}
          {problem === "lost" && texts.lost}
        </p>
        <p id="otp-hint" class="hint">
          {texts.otpHint}
        </p>
      </div>
      <button type="submit" class="button" {...named("otp-submit-button")}>
        {texts.confirm}
      </button>
      <button
        type="button"
        class="button button-quiet"
        onClick={() => give({ action: "cancel" })}
        {...named("otp-cancel-button")}
      >
        {texts.cancel}
      </button>
    </form>
  );
}

function Approval({ texts, problem, give }: Pick<OtpProps, "texts" | "problem" | "give">) {
  const heading = useArrival<HTMLHeadingElement>();
  return (
    <div class="form">
      <h1 ref={heading} tabIndex={-1}>
        {texts.appTitle}
      </h1>
      <p class="problem" role="alert" {...named("bank-message")}>
        {problem === "lost" && texts.lost}
      </p>
      <button
        type="button"
        class="button"
        onClick={() => give({ action: "approve" })}
        {...named("bank-approve-button")}
      >
        {texts.approve}
      </button>
      <button
        type="button"
        class="button button-quiet"
        onClick={() => give({ action: "decline" })}
        {...named("bank-decline-button")}
      >
        {texts.decline}
      </button>
    </div>
  );
}

function Ended({ status, texts }: { status: Exclude<Challenge["status"], "open">; texts: Texts }) {
  const heading = useArrival<HTMLHeadingElement>();
  const { title, text } = texts.ended[status];
  return (
    <div class={`bank-state bank-${status}`} role="status">
      <span class="bank-sign" aria-hidden="true">
        {status === "approved" ? "✓" : status === "expired" ? "…" : "×"}
      </span>
      <h1 ref={heading} tabIndex={-1} {...named("bank-message")}>
        {title}
      </h1>
      <p>{text}</p>
    </div>
  );
}
