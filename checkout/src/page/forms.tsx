/** The form of each method: what is typed, and what is wrong with it. */

import type { ComponentChildren, TargetedEvent, TargetedInputEvent } from "preact";
import { digitsOf } from "../shared/digits";
import { named } from "../shared/dom";
import { cvvDigits, type Network, networkOf, type Typed, typedCvv, typedExpiry, typedNumber } from "./card";
import { Lock, NetworkMark, Phone, Warning } from "./icons";
import { type FieldName, firstWrong, type Method, type State } from "./machine";
import type { Checkout } from "./run";
import type { Texts } from "./texts";

const KEY_BYTES = 16;

/** An idempotency key for one attempt. randomUUID is missing where a test rig serves the page without TLS by a host's name. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface FormProps {
  checkout: Checkout;
  state: State;
  texts: Texts;
  /** Formatted. */
  amount: string;
}

export function UpiForm({ hidden, ...props }: FormProps & { hidden: boolean }) {
  const { checkout, state, texts } = props;
  const payByApp = () => checkout.dispatch({ type: "pay_by_app", key: newKey() });
  return (
    <MethodForm {...props} method="upi" hidden={hidden}>
      <Field
        {...props}
        field="vpa"
        testId="vpa-input"
        label={texts.vpa}
        hint={texts.vpaHint}
        inputMode="email"
        autoComplete="off"
        autoCapitalize="none"
        placeholder="name@bank"
      />
      <PayButton {...props} />
      {state.order?.test_mode && (
        <>
          <p class="or">
            <span>{texts.or}</span>
          </p>
          <button type="button" class="button button-quiet" onClick={payByApp} {...named("upi-app-button")}>
            <Phone />
            {texts.payByApp}
          </button>
        </>
      )}
    </MethodForm>
  );
}

export function CardForm({ hidden, ...props }: FormProps & { hidden: boolean }) {
  const { state, texts } = props;
  const network = networkOf(digitsOf(state.draft.number));
  return (
    <MethodForm {...props} method="card" hidden={hidden}>
      <Field
        {...props}
        field="number"
        testId="card-number-input"
        label={texts.number}
        inputMode="numeric"
        autoComplete="cc-number"
        placeholder="1234 1234 1234 1234"
        format={typedNumber}
        mark={<NetworkMark network={network} />}
      />
      <div class="pair">
        <Field
          {...props}
          field="expiry"
          testId="expiry-input"
          label={texts.expiry}
          inputMode="numeric"
          autoComplete="cc-exp"
          placeholder="MM/YY"
          format={typedExpiry}
        />
        <Field
          {...props}
          field="cvv"
          testId="cvv-input"
          label={texts.cvv}
          hint={texts.cvvHint(cvvDigits(network))}
          inputMode="numeric"
          autoComplete="cc-csc"
          placeholder={network === "amex" ? "1234" : "123"}
          format={(typed) => cvv(typed, network)}
        />
      </div>
      <Field
        {...props}
        field="name"
        testId="cardholder-name-input"
        label={texts.name}
        autoComplete="cc-name"
        autoCapitalize="words"
      />
      <PayButton {...props} />
    </MethodForm>
  );
}

function cvv({ text }: Typed, network: Network): Typed {
  const formatted = typedCvv(text, network);
  return { text: formatted, caret: formatted.length };
}

/** A form that is not chosen stays in the document, hidden: what was typed is not lost by looking at the other. */
function MethodForm({
  checkout,
  method,
  hidden,
  children,
}: FormProps & { method: Method; hidden: boolean; children: ComponentChildren }) {
  function submit(event: TargetedEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    checkout.dispatch({ type: "pay", key: newKey(), today: new Date() });
    const wrong = firstWrong(checkout.state());
    if (wrong !== null) form.querySelector<HTMLInputElement>(`#${wrong}`)?.focus();
  }
  return (
    <div id={`${method}-panel`} role="tabpanel" aria-labelledby={`method-${method}`} hidden={hidden}>
      <form class="form" noValidate onSubmit={submit} {...named(`${method}-form`)}>
        {children}
      </form>
    </div>
  );
}

function PayButton({ texts, amount }: FormProps) {
  return (
    <button type="submit" class="button" {...named("pay-button")}>
      <Lock />
      {texts.pay(amount)}
    </button>
  );
}

interface FieldProps extends FormProps {
  field: FieldName;
  testId: string;
  label: string;
  hint?: string;
  inputMode?: "numeric" | "email";
  autoComplete: "off" | "cc-number" | "cc-exp" | "cc-csc" | "cc-name";
  autoCapitalize?: "none" | "words";
  placeholder?: string;
  /** What becomes of what was typed, and of the caret. */
  format?: (typed: Typed, before: string) => Typed;
  mark?: ComponentChildren;
}

function Field(props: FieldProps) {
  const { checkout, state, texts, field, testId, label, hint, format, mark } = props;
  const problem = state.problems[field];
  const value = state.draft[field];
  const described = [hint === undefined ? "" : `${field}-hint`, problem === undefined ? "" : `${field}-error`];

  function typed(event: TargetedInputEvent<HTMLInputElement>) {
    const element = event.currentTarget;
    const raw = { text: element.value, caret: element.selectionStart ?? element.value.length };
    const { text, caret } = format === undefined ? raw : format(raw, value);
    // Before the page is drawn anew, so that the caret never jumps.
    if (element.value !== text) {
      element.value = text;
      element.setSelectionRange(caret, caret);
    }
    checkout.dispatch({ type: "typed", field, text });
  }

  return (
    <div class="field">
      <label for={field}>{label}</label>
      <div class="input">
        <input
          type="text"
          inputMode={props.inputMode ?? "text"}
          autoComplete={props.autoComplete}
          autoCapitalize={props.autoCapitalize ?? "none"}
          placeholder={props.placeholder ?? ""}
          id={field}
          name={field}
          value={value}
          maxLength={255}
          spellcheck={false}
          autoCorrect="off"
          aria-required="true"
          aria-invalid={problem !== undefined}
          aria-describedby={described.join(" ").trim() || undefined}
          onInput={typed}
          onBlur={() => checkout.dispatch({ type: "left", field, today: new Date() })}
          {...named(testId)}
        />
        {mark}
      </div>
      {problem !== undefined && (
        <p id={`${field}-error`} class="problem" {...named(`${field}-error`)}>
          <Warning />
          {texts.problems[problem]}
        </p>
      )}
      {hint !== undefined && (
        <p id={`${field}-hint`} class="hint" hidden={problem !== undefined}>
          {hint}
        </p>
      )}
    </div>
  );
}
