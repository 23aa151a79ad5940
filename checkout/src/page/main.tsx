/** The checkout page begins here: reads its address, and connects the machine to document, server and shop. */

import { render } from "preact";
import { fromShop, type Peer, send } from "../messages";
import { localeOf } from "../shared/language";
import { apply, themeOf } from "../shared/theme";
import { publicApi } from "./api";
import { App } from "./app";
import { begin, type State } from "./machine";
import { peerOf } from "./peer";
import { type Checkout, run } from "./run";
import { outcomeOf } from "./tell";

const query = new URLSearchParams(location.search);
const fragment = new URLSearchParams(location.hash.slice(1));
const embedded = query.get("embedded") === "true";
const peer = embedded ? peerOf(window, fragment) : null;

apply(themeOf(fragment), document.documentElement);
document.documentElement.classList.toggle("embedded", embedded);

// Two orders are none: who may frame this page was asked for one of them.
const [orderId = null, ...others] = query.getAll("order_id");
const checkout = run(
  begin(others.length > 0 ? null : orderId, navigator.onLine),
  publicApi(fragment.get("key"), location.origin),
);

const close = peer === null ? null : () => send(peer, { type: "close_modal", data: {} });
const root = document.getElementById("app");
if (root !== null) {
  const locale = localeOf(fragment.get("locale"), navigator.languages);
  root.replaceChildren();
  render(<App checkout={checkout} firstLocale={locale} close={close} />, root);
}

addEventListener("online", () => {
  checkout.dispatch({ type: "connection", online: true });
  checkout.wake();
});
addEventListener("offline", () => checkout.dispatch({ type: "connection", online: false }));
addEventListener("pageshow", ({ persisted }) => persisted && lookAgain());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && lookAgain());
addEventListener("message", (event: MessageEvent<unknown>) => {
  // The bank's page in our own frame is done; what came of it, the server says.
  if (event.origin === location.origin && isBankDone(event.data)) checkout.wake();
});
if (peer !== null) speakWith(peer);

/** Another tab, or the time this one slept, may have changed the order. */
function lookAgain(): void {
  checkout.wake();
  checkout.recheck();
}

function isBankDone(data: unknown): boolean {
  return typeof data === "object" && data !== null && "type" in data && data.type === "bank_done";
}

function speakWith(shop: Peer): void {
  addEventListener("message", (event: MessageEvent<unknown>) => {
    const message = fromShop(event, shop);
    if (message !== null) checkout.dispatch({ type: "prefill", ...message.data.prefill });
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) send(shop, { type: "close_modal", data: {} });
  });
  checkout.watch((before) => tell(shop, before, checkout));
  send(shop, { type: "ready", data: {} });
}

/** Tells the shop how a payment ended, once, when its screen appears. */
function tell(shop: Peer, before: State, { state }: Checkout): void {
  const { screen, orderId } = state();
  const outcome = screen === before.screen ? null : outcomeOf(screen, orderId);
  if (outcome !== null) send(shop, outcome);
}
