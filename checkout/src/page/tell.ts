/** What the shop is told of a screen. */

import type { ToShop } from "../messages";
import type { Screen } from "./machine";

/** How a payment ended; null for a screen that is no end, or one that the shop must not take for a payment. */
export function outcomeOf(screen: Screen, orderId: string): ToShop | null {
  // A signature goes with a success and with nothing else: what was given back since is no news of a payment.
  if (screen.at === "succeeded" && screen.payment.status === "success") {
    const { id, signature, signature_previous } = screen.payment;
    const previous = signature_previous === null ? {} : { signaturePrevious: signature_previous };
    const data = { id, paymentId: id, orderId, status: "success", signature: signature ?? "", ...previous } as const;
    return { type: "payment_success", data };
  }
  if (screen.at === "failed") {
    const { id, error_code, error_reason, error_description } = screen.payment;
    const why = {
      errorCode: error_code ?? "PAYMENT_FAILED",
      errorReason: error_reason ?? "",
      errorDescription: error_description ?? "",
    };
    return { type: "payment_failed", data: { id, paymentId: id, orderId, status: "failed", ...why } };
  }
  return null;
}
