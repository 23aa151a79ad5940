// Brings the gateway's checkout into the shop's page: the one script that comes from elsewhere.

import { Trouble } from "./ask.js";
import { element } from "./elements.js";

const LOAD_MS_MAX = 15000;

let loading = null;

/** The class PaymentGateway. A checkout that could not be loaded is tried anew the next time. */
export function loadCheckout(checkoutUrl) {
  loading ??= load(checkoutUrl).catch((trouble) => {
    loading = null;
    throw trouble;
  });
  return loading;
}

async function load(checkoutUrl) {
  const script = element("script", { src: `${checkoutUrl}/checkout.js` });
  const loaded = new Promise((done) => {
    script.onload = done;
    script.onerror = done;
    setTimeout(done, LOAD_MS_MAX);
  });
  document.head.append(script);
  await loaded;
  if (typeof window.PaymentGateway === "function") return window.PaymentGateway;
  script.remove();
  throw new Trouble(`The checkout cannot be loaded from ${checkoutUrl}. Start it, then try again.`);
}
