/** An amount in minor units, as people read it. */

import { formatAmount } from "./amounts";

interface MoneyProps {
  amount: number;
  currency: string;
  /** `whole` leaves out ".00"; `full` never does, so that columns line up. */
  style?: "full" | "whole";
}

export function Money({ amount, currency, style = "full" }: MoneyProps) {
  return <span className="number">{formatAmount(amount, currency, style)}</span>;
}
