/** The types of checkout.js and checkout.mjs, published as they stand here. */

/** What may be filled in for the customer. Never a card. */
export interface PaymentGatewayPrefill {
  vpa?: string;
  name?: string;
}

export interface PaymentGatewayTheme {
  /** Colour of buttons and focus, as `#rrggbb`. */
  accent?: string;
  /** Roundness of corners in px, 0 to 24. */
  radius?: number;
  /** `auto` follows the customer's device. */
  scheme?: "light" | "dark" | "auto";
}

export interface PaymentGatewaySuccess {
  /** The payment's id, as `paymentId`. */
  id: string;
  paymentId: string;
  orderId: string;
  status: "success";
  /** Hex HMAC-SHA256 of `orderId|paymentId`, keyed with your webhook secret. Check it on your server. */
  signature: string;
  /** The same with the secret before, while that is being changed. */
  signaturePrevious?: string;
}

export interface PaymentGatewayFailure {
  /** The payment's id, as `paymentId`. */
  id: string;
  paymentId: string;
  orderId: string;
  status: "failed";
  errorCode: string;
  errorReason: string;
  errorDescription: string;
}

export interface PaymentGatewayOptions {
  /** Your publishable key, `key_…`. */
  key: string;
  /** The order to pay, `order_…`, made by your server. */
  orderId: string;
  /** A payment succeeded; once per payment. The modal stays open until the customer closes it. */
  onSuccess?: (payment: PaymentGatewaySuccess) => void;
  /** A payment failed; once per payment. The customer may try again in the modal. */
  onFailure?: (payment: PaymentGatewayFailure) => void;
  /** The modal is gone; once per opening, whatever closed it. */
  onClose?: () => void;
  prefill?: PaymentGatewayPrefill;
  theme?: PaymentGatewayTheme;
  /** Without it: Hindi on a page whose `lang` is Hindi, else English. */
  locale?: "en" | "hi";
  /** Where the checkout is, when this script was not loaded from there, as in a bundle. */
  checkoutUrl?: string;
  /** Milliseconds, 100 to 60000, after which a checkout that does not load is given up. Default 10000. */
  loadTimeout?: number;
}

export declare class PaymentGateway {
  /** Throws a TypeError that names the option that is missing or malformed. */
  constructor(options: PaymentGatewayOptions);
  /** Opens the modal and closes any other that is open. Does nothing while it is open itself. */
  open(): void;
  /** Closes the modal. Does nothing when it is closed. */
  close(): void;
}

export default PaymentGateway;

declare global {
  /** Made by a script tag for checkout.js. */
  interface Window {
    PaymentGateway: new (options: PaymentGatewayOptions) => PaymentGateway;
  }
}
