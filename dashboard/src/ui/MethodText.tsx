/** How a payment was made: the method, and what is kept of the card or the address. */

import type { Payment } from "../api/shapes";
import classes from "./MethodText.module.css";
import { named } from "./named";
import { sayName } from "./words";

type Paid = Pick<Payment, "method" | "vpa" | "card_network" | "card_last4">;

export function MethodText({ payment, testId }: { payment: Paid; testId?: string }) {
  const { method, vpa, card_network, card_last4 } = payment;
  return (
    <span className={classes.method}>
      <span className={classes.kind} data-method={method} {...(testId ? named(testId) : undefined)}>
        {method}
      </span>
      {method === "upi" ? (
        <span className={classes.more}>{vpa}</span>
      ) : (
        <span className={classes.more}>
          {card_network && card_network !== "unknown" ? sayName(card_network) : "Card"}{" "}
          <span className="number">
            <span aria-hidden>•••• </span>
            <span className="unseen">ending in </span>
            {card_last4}
          </span>
        </span>
      )}
    </span>
  );
}
