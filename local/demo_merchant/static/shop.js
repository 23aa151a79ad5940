// The shop's page: shows the products, orders one, opens its checkout, and lists the webhooks received.

import { ask, pause, post, Trouble } from "./ask.js";
import { loadCheckout } from "./load_checkout.js";
import { byId, element, money, notice } from "./elements.js";
import { watchGateway } from "./gateway.js";
import { bringVerdictIntoView, showVerdict } from "./verdict.js";
import { showWebhooks, watchWebhooks } from "./webhooks.js";

const FOLLOW_POLL_MS = 2000;
const FOLLOW_POLLS_MAX = 300; // ten minutes: a payment left alone in a UPI app is over by then

// Products

let checkoutUrl = "";

function showCatalogue(catalogue) {
  checkoutUrl = catalogue.checkout_url;
  byId("products").replaceChildren(...catalogue.products.map(productCard));
}

function productCard(product) {
  const price = money(product.amount, product.currency);
  const button = element(
    "button",
    { type: "button", class: "button buy", "aria-label": `Pay now: ${product.name}, ${price}` },
    "Pay now",
  );
  button.addEventListener("click", () => buy(product));
  return element(
    "li",
    { class: "product" },
    element("img", { src: `/${product.id}.svg`, alt: "", width: "240", height: "180" }),
    element(
      "div",
      { class: "product-body" },
      element("h2", {}, product.name),
      element("p", { class: "product-about" }, product.description),
      element("p", { class: "price" }, price),
      button,
    ),
  );
}

// Checkout

async function readyCheckout() {
  try {
    const found = await loadCheckout(checkoutUrl);
    notice(byId("checkout-notice"), "");
    return found;
  } catch (trouble) {
    if (trouble instanceof Trouble) notice(byId("checkout-notice"), trouble.message);
    throw trouble;
  }
}

let buying = false;
let sale = null; // the order of this page that was last brought to the checkout

function setBuying(now) {
  buying = now;
  // Not `disabled`: the button that was pressed would lose the keyboard's focus.
  for (const button of document.querySelectorAll(".buy")) button.setAttribute("aria-disabled", String(now));
}

async function buy(product) {
  if (buying) return;
  setBuying(true);
  showVerdict("working", "Placing your order…", `${product.name}, ${money(product.amount, product.currency)}`);
  try {
    const PaymentGateway = await readyCheckout();
    sale = saleOf(await post("/buy", { product: product.id }), PaymentGateway);
    open(sale);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    showVerdict("failed", "The checkout did not open", trouble.message);
    bringVerdictIntoView();
  } finally {
    setBuying(false);
  }
}

/** An order with a checkout of its own, which may be opened as often as it takes. */
function saleOf(order, PaymentGateway) {
  const made = { order, isOpen: false, declined: "", receipt: "" };
  try {
    made.checkout = new PaymentGateway({
      key: order.key,
      orderId: order.order_id,
      onSuccess: (payment) => succeeded(made, payment),
      onFailure: (payment) => failed(made, payment),
      onClose: () => closed(made),
      theme: { accent: getComputedStyle(document.documentElement).getPropertyValue("--accent").trim() },
    });
  } catch (error) {
    throw new Trouble(error.message); // it names the option that will not do
  }
  return made;
}

function open(sale) {
  sale.isOpen = true;
  showVerdict("working", "Waiting for your payment…", whatFor(sale), { facts: facts(sale) });
  sale.checkout.open();
}

/** A browser may be made to say anything: the page it goes to has the shop's server check this. */
function succeeded(sale, payment) {
  sale.receipt = `/thanks?${new URLSearchParams({
    order_id: payment.orderId,
    payment_id: payment.paymentId,
    signature: payment.signature,
  })}`;
  showVerdict("working", "Paid, says the checkout", "The shop's server checks it.", {
    facts: facts(sale),
    action: element("a", { class: "button", href: sale.receipt }, "See your order"),
  });
  location.assign(sale.receipt);
}

function failed(sale, payment) {
  sale.declined = payment.errorDescription;
  showVerdict("failed", "Payment declined", `${sale.declined} Nothing was paid; you may try again.`, {
    facts: facts(sale),
  });
}

function closed(sale) {
  sale.isOpen = false;
  if (sale.receipt) return;
  const again = element("button", { type: "button", class: "button" }, "Pay again");
  again.addEventListener("click", () => open(sale));
  const why = sale.declined ? ` The last try was declined: ${sale.declined}` : "";
  showVerdict("idle", "Not paid yet", `You closed the checkout; nothing is lost: pay again.${why}`, {
    facts: facts(sale),
    action: again,
  });
  bringVerdictIntoView();
  follow(sale);
}

/** A payment that was under way when the checkout was closed may still succeed. */
async function follow(left) {
  for (let polls = 0; polls < FOLLOW_POLLS_MAX; polls += 1) {
    await pause(FOLLOW_POLL_MS);
    if (left !== sale || left.isOpen) return;
    if (document.hidden) continue;
    const status = await statusOf(left);
    if (left !== sale || left.isOpen) return;
    if (status === "paid") {
      const price = money(left.order.amount, left.order.currency);
      const detail = `It went through after you closed the checkout. Your ${left.order.product} is (not really) on its way.`;
      return showVerdict("success", `${price} paid`, detail, { facts: facts(left, status) });
    }
    if (status === "expired" || status === "cancelled") {
      return showVerdict("failed", `The order is ${status}`, "Choose something to order anew.", {
        facts: facts(left, status),
      });
    }
  }
}

async function statusOf(sale) {
  try {
    return (await ask(`/orders/${sale.order.order_id}`)).answer.status;
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    return null; // the gateway's pill says it
  }
}

function whatFor({ order }) {
  return `${order.product}, ${money(order.amount, order.currency)}`;
}

function facts(sale, status = null) {
  return [["Order", sale.order.order_id], ["For", whatFor(sale)], ...(status ? [["Status", status]] : [])];
}

// A browser that comes back to this page as it was left finds the checkout of a paid order open.
addEventListener("pageshow", (event) => {
  if (event.persisted && sale?.receipt) sale.checkout.close();
});

watchGateway();
watchWebhooks(showWebhooks);

try {
  showCatalogue((await ask("/shop.json")).answer);
  await readyCheckout();
} catch (trouble) {
  if (!(trouble instanceof Trouble)) throw trouble; // otherwise a notice says it
}
