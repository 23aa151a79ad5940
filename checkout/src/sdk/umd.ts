/** checkout.js: for a script tag, for AMD and for require(). The build calls this with what it finds of the latter two. */

import { gatewayFrom } from "./gateway";

type Gateway = ReturnType<typeof gatewayFrom> & { default?: Gateway; PaymentGateway?: Gateway; [BRAND]?: true };
type Define = ((needs: string[], make: () => Gateway) => void) & { amd?: unknown };

const BRAND = Symbol.for("PaymentGateway");

export default function register(module: { exports?: unknown } | undefined, define: Define | undefined): void {
  const script = typeof document === "undefined" ? null : (document.currentScript as HTMLScriptElement | null);
  const ours: Gateway = gatewayFrom(script?.src);
  ours.default = ours.PaymentGateway = ours;
  ours[BRAND] = true;
  if (module?.exports) {
    module.exports = ours;
    return;
  }
  const root = globalThis as typeof globalThis & { PaymentGateway?: Gateway };
  // The first stays: shops may hold on to it. An element whose id is PaymentGateway is no first.
  if (!root.PaymentGateway?.[BRAND]) root.PaymentGateway = ours;
  // A loader's own scripts are async; to a plain tag on a page with a loader, define() would be an error.
  if (define?.amd && script?.async !== false) define([], () => ours);
}
