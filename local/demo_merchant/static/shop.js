// The shop's page: shows the products, buys one, follows its payment, and lists the webhooks received.

const PAYMENT_POLL_MS = 500;
const PAYMENT_SLOW_POLL_MS = 3000;
const PAYMENT_FAST_POLLS = 60; // half a minute of quick asking, then slowly
const PAYMENT_POLLS_MAX = 260; // about ten minutes in all
const WEBHOOKS_POLL_MS = 1000;
const GATEWAY_POLL_MS = 5000;
const ASK_MS_MAX = 30000;

const byId = (id) => document.getElementById(id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A failed call to the shop's own server; the message is for the customer. */
class Trouble extends Error {}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(ASK_MS_MAX), ...options });
  } catch {
    throw new Trouble("The shop's own server does not answer. Is it still running?");
  }
  if (response.status === 304) {
    await response.text(); // empty, but unread it would count as an aborted request
    return { response, answer: null };
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) {
    throw new Trouble(answer?.error?.description ?? `The shop answered with status ${response.status}.`);
  }
  return { response, answer };
}

/** Runs `step` for as long as the page is open, at rest while nobody looks at it. */
async function repeat(step, everyMs) {
  for (;;) {
    if (!document.hidden) await step();
    await pause(everyMs);
    if (document.hidden) {
      await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    }
  }
}

/** `amount` in minor units: 50000 of INR is "₹500.00". */
function money(amount, currency) {
  if (!/^[A-Z]{3}$/.test(currency)) return String(amount);
  const format = new Intl.NumberFormat("en-IN", { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children); // strings become text, never markup
  return made;
}

// Products

let outcomes = [];

function chosenOutcome() {
  return outcomes.find((one) => one.id === document.querySelector("input[name=outcome]:checked")?.value);
}

function showOutcomeHint() {
  const outcome = chosenOutcome();
  byId("outcome-hint").replaceChildren(`${outcome.description} Pays from `, element("code", {}, outcome.vpa), ".");
}

function showCatalogue(catalogue) {
  outcomes = catalogue.outcomes;
  byId("outcomes").replaceChildren(
    ...outcomes.map((outcome, index) => {
      const input = element("input", { type: "radio", name: "outcome", value: outcome.id });
      input.checked = index === 0;
      input.addEventListener("change", showOutcomeHint);
      return element("label", {}, input, element("span", {}, outcome.name));
    }),
  );
  showOutcomeHint();
  byId("products").replaceChildren(...catalogue.products.map(productCard));
}

function productCard(product) {
  const price = money(product.amount, product.currency);
  const button = element(
    "button",
    { type: "button", class: "button", "aria-label": `Pay now: ${product.name}, ${price}` },
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
      element("h3", {}, product.name),
      element("p", { class: "product-about" }, product.description),
      element("p", { class: "price" }, price),
      button,
    ),
  );
}

// Payment

let buying = false;

function setBuying(now) {
  buying = now;
  // Not `disabled`: the button that was pressed would lose the keyboard's focus.
  for (const button of document.querySelectorAll(".button")) button.setAttribute("aria-disabled", String(now));
}

async function buy(product) {
  if (buying) return;
  setBuying(true);
  const price = money(product.amount, product.currency);
  showPayment("working", "Placing your order…", `${product.name}, ${price}`);
  bringIntoView(byId("payment"));
  try {
    const { answer: sale } = await ask("/buy", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ product: product.id, outcome: chosenOutcome().id }),
    });
    showSale(sale);
    await follow(sale);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    showPayment("failed", "The payment was not confirmed", trouble.message);
  } finally {
    setBuying(false);
  }
}

async function follow(sale) {
  for (let polls = 0; sale.status === "pending" && polls < PAYMENT_POLLS_MAX; polls += 1) {
    await pause(polls < PAYMENT_FAST_POLLS ? PAYMENT_POLL_MS : PAYMENT_SLOW_POLL_MS);
    try {
      ({ answer: sale } = await ask(`/orders/${sale.order_id}`));
      showSale(sale);
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble;
      showPayment("working", "Waiting to hear how it went", trouble.message, sale);
    }
  }
  if (sale.status === "pending") {
    showPayment("idle", "Still waiting for the bank", "The webhook will tell once it has answered.", sale);
  }
}

function showSale(sale) {
  const price = money(sale.amount, sale.currency);
  if (sale.status === "pending") {
    showPayment("working", "Waiting for the bank…", `${sale.product}, ${price}`, sale);
  } else if (sale.status === "failed") {
    const reason = sale.error_description ?? "The bank gave no reason.";
    showPayment("failed", "Payment declined", `${reason} Nothing was paid; you may try again.`, sale);
  } else if (sale.status === "success") {
    showPayment("success", `${price} paid`, `Thank you! Your ${sale.product} is (not really) on its way.`, sale);
  } else {
    showPayment("idle", `Payment is ${String(sale.status).replaceAll("_", " ")}`, `${sale.product}, ${price}`, sale);
  }
}

function showPayment(state, headline, detail, sale = null) {
  byId("payment").dataset.state = state;
  // Written only when it changes, so that a screen reader says each step once.
  for (const [id, text] of [["payment-headline", headline], ["payment-detail", detail]]) {
    if (byId(id).textContent !== text) byId(id).textContent = text;
  }
  const facts = byId("payment-facts");
  facts.hidden = sale === null;
  if (sale === null) return;
  facts.replaceChildren(
    ...[
      ["Order", sale.order_id, "id"],
      ["Payment", sale.payment_id, "id"],
      ["Paid from", sale.vpa, "id"],
      ["Status", String(sale.status).replaceAll("_", " "), ""],
      ...(sale.error_code ? [["Reason", sale.error_code, "id"]] : []),
    ].flatMap(([term, value, kind]) => [element("dt", {}, term), element("dd", { class: kind }, value)]),
  );
}

function bringIntoView(target) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const { top, bottom } = target.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) {
    target.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: top < 0 ? "start" : "center" });
  }
}

// Gateway

const GATEWAY_WORDS = {
  connected: "Gateway connected",
  unavailable: "Gateway not answering",
  refused: "Gateway refuses this shop",
};

function showGateway({ state, description }) {
  const text = GATEWAY_WORDS[state] ?? "Shop not answering";
  byId("gateway-pill").dataset.state = GATEWAY_WORDS[state] ? state : "unavailable";
  if (byId("gateway-text").textContent !== text) byId("gateway-text").textContent = text;
  const connected = state === "connected";
  showNotice(byId("notice"), connected ? "" : description);
  showNotice(byId("inbox-notice"), connected ? description : "");
}

function showNotice(notice, text) {
  notice.hidden = text === "";
  if (notice.textContent !== text) notice.textContent = text;
}

async function watchGateway() {
  try {
    showGateway((await ask("/gateway.json")).answer);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    showGateway({ state: "gone", description: trouble.message });
  }
}

// Webhooks

let webhooksEtag = "";
let newestSeen = null;

async function watchWebhooks() {
  try {
    const { response, answer } = await ask("/webhooks.json", {
      cache: "no-store",
      headers: webhooksEtag ? { "If-None-Match": webhooksEtag } : {},
    });
    if (answer === null) return;
    webhooksEtag = response.headers.get("ETag") ?? "";
    showWebhooks(answer.webhooks);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble; // otherwise the gateway's pill says it
  }
}

function showWebhooks(webhooks) {
  byId("inbox-count").textContent = String(webhooks.length);
  byId("inbox-empty").hidden = webhooks.length > 0;
  byId("webhooks").hidden = webhooks.length === 0;
  byId("webhooks").replaceChildren(...webhooks.map(webhookRow));
  newestSeen = webhooks[0]?.number ?? 0;
}

function webhookRow(webhook) {
  const price = webhook.amount !== null && webhook.currency ? money(webhook.amount, webhook.currency) : null;
  const about = [
    webhook.payment_id && element("span", { class: "id" }, webhook.payment_id),
    webhook.payment_id && price && " · ",
    price,
    !webhook.accepted && "Nothing in it was believed. A new secret in the dashboard? Restart the shop with it as WEBHOOK_SECRET.",
  ].filter(Boolean);
  const at = new Date(webhook.received_at);
  const row = element(
    "li",
    { class: "webhook", "data-tone": tone(webhook) },
    element(
      "div",
      { class: "webhook-head" },
      element("span", { class: "event" }, webhook.accepted ? (webhook.event ?? "unnamed event") : "Rejected delivery"),
      element("time", { datetime: webhook.received_at }, at.toLocaleTimeString("en-GB")),
    ),
    element("p", { class: "about" }, ...about),
    element(
      "div",
      { class: "marks" },
      mark("HMAC", webhook.signature),
      mark("Standard Webhooks", webhook.standard_signature),
      ...(webhook.deliveries > 1
        ? [element("span", { class: "mark", "data-mark": "repeated" }, `delivered ${webhook.deliveries} times`)]
        : []),
    ),
  );
  if (newestSeen !== null && webhook.number > newestSeen) row.classList.add("new");
  return row;
}

function mark(name, found) {
  return element("span", { class: "mark", "data-mark": found }, `${name} ${found}`);
}

function tone(webhook) {
  if (!webhook.accepted || webhook.event?.endsWith(".failed")) return "bad";
  return webhook.event?.endsWith(".success") || webhook.event?.endsWith(".processed") ? "good" : "plain";
}

repeat(watchGateway, GATEWAY_POLL_MS);
repeat(watchWebhooks, WEBHOOKS_POLL_MS);

try {
  showCatalogue((await ask("/shop.json")).answer);
} catch (trouble) {
  if (!(trouble instanceof Trouble)) throw trouble;
  showGateway({ state: "gone", description: trouble.message });
}
