// The page after a payment: has the shop's server check what the checkout said, and shows the webhooks as they arrive.

import { post, Trouble } from "./ask.js";
import { byId, element, mark, money, say } from "./elements.js";
import { watchGateway } from "./gateway.js";
import { showVerdict } from "./verdict.js";
import { showWebhooks, timeOf, watchWebhooks } from "./webhooks.js";

const address = new URLSearchParams(location.search);
const told = Object.fromEntries(["order_id", "payment_id", "signature"].map((name) => [name, address.get(name) ?? ""]));
const FORGED = "Nothing is shipped: anyone can write an address. A new secret in the dashboard? Restart the shop with it.";

const back = () => element("a", { class: "button quiet", href: "/" }, "Back to the shop");

function checkAgain() {
  const button = element("button", { type: "button", class: "button" }, "Check again");
  button.addEventListener("click", confirm);
  return button;
}

async function confirm() {
  showVerdict("working", "Checking your payment…", "The shop's server asks the gateway.");
  try {
    showConfirmed(await post("/confirm", told));
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    const isRefusal = trouble.status >= 400 && trouble.status < 500; // the same tomorrow
    showVerdict("failed", "Not confirmed", `${trouble.message} Nothing is shipped until it is confirmed.`, {
      action: isRefusal ? back() : checkAgain(),
    });
  }
}

function showConfirmed(sale) {
  const price = money(sale.amount, sale.currency);
  const isSigned = sale.signature === "verified";
  const facts = [
    ["Order", sale.order_id],
    ["Payment", sale.payment_id],
    ["For", `${sale.product}, ${price}`],
    ...(sale.status ? [["Status", sale.status.replaceAll("_", " ")]] : []),
  ];
  if (sale.ship) {
    showVerdict("success", `${price} paid`, `Thank you! Your ${sale.product} is (not really) on its way.`, {
      facts,
      action: back(),
    });
  } else if (isSigned) {
    showVerdict("failed", "Nothing is shipped", sale.problem, { facts, action: back() });
  } else {
    showVerdict("failed", "Not believed", `${sale.problem} ${FORGED}`, { facts, action: back() });
  }
  check(byId("check-signature-mark"), sale.signature, sale.signature);
  if (!isSigned) check(byId("check-gateway-mark"), "not asked", "not sent");
  else check(byId("check-gateway-mark"), sale.ship ? `${price}, success` : "does not fit", sale.ship ? "verified" : "not verified");
  byId("checks").hidden = false;
  byId("check-webhook").hidden = !sale.ship;
  byId("inbox").hidden = !isSigned;
}

function check(place, text, found) {
  place.replaceChildren(mark(text, found));
}

function showOwn(webhooks) {
  const own = webhooks.filter((webhook) => webhook.accepted && webhook.payment_id === told.payment_id);
  showWebhooks(own);
  const success = own.find((webhook) => webhook.event === "payment.success");
  if (success) {
    check(byId("check-webhook-mark"), `received ${timeOf(success)}`, "verified");
    say(byId("webhook-news"), "The webhook payment.success has arrived.");
  } else {
    check(byId("check-webhook-mark"), "waiting…", "repeated");
  }
}

watchGateway();
watchWebhooks(showOwn);
if (Object.values(told).every(Boolean)) confirm();
else {
  showVerdict("idle", "No payment to show", "The checkout leads here once an order is paid.", { action: back() });
}
