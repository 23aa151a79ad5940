/** The simulated bank's page begins here. */

import { render } from "preact";
import { localeOf } from "../common/language";
import { apply, themeOf } from "../common/theme";
import { Bank } from "./app";

const fragment = new URLSearchParams(location.hash.slice(1));
const paymentId = new URLSearchParams(location.search).get("payment_id") ?? "";
const locale = localeOf(fragment.get("locale"), navigator.languages);
const framed = window.parent !== window;

document.documentElement.lang = locale;
document.documentElement.classList.toggle("framed", framed);
apply({ ...themeOf(fragment), accent: null, radiusPx: null }, document.documentElement);

/** Our checkout asks the server at once instead of in a second; nobody else hears it. */
function done(): void {
  if (framed) window.parent.postMessage({ type: "bank_done" }, location.origin);
}

const root = document.getElementById("app");
if (root !== null) render(<Bank paymentId={paymentId} locale={locale} done={done} />, root);
