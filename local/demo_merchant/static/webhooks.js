// The webhooks that the shop's server received, and what it found of their signatures.

import { ask, repeat, Trouble } from "./ask.js";
import { byId, element, mark, money } from "./elements.js";

const POLL_MS = 1000;

/** Calls `show` with every webhook that the server remembers, newest first, whenever there is a new one. */
export function watchWebhooks(show) {
  let etag = "";
  return repeat(async () => {
    try {
      const { response, answer } = await ask("/webhooks.json", {
        cache: "no-store",
        headers: etag ? { "If-None-Match": etag } : {},
      });
      if (answer === null) return;
      etag = response.headers.get("ETag") ?? "";
      show(answer.webhooks);
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble; // otherwise the gateway's pill says it
    }
  }, POLL_MS);
}

let newestShown = null;

export function showWebhooks(webhooks) {
  byId("inbox-count").textContent = String(webhooks.length);
  byId("inbox-empty").hidden = webhooks.length > 0;
  byId("webhooks").hidden = webhooks.length === 0;
  byId("webhooks").replaceChildren(...webhooks.map(row));
  newestShown = webhooks[0]?.number ?? 0;
}

export function timeOf(webhook) {
  return new Date(webhook.received_at).toLocaleTimeString("en-GB");
}

function row(webhook) {
  const price = webhook.amount !== null && webhook.currency ? money(webhook.amount, webhook.currency) : null;
  const about = [
    webhook.payment_id && element("span", { class: "id" }, webhook.payment_id),
    webhook.payment_id && price && " · ",
    price,
    !webhook.accepted && "Nothing in it was believed. A new secret in the dashboard? Restart the shop with it as WEBHOOK_SECRET.",
  ].filter(Boolean);
  const made = element(
    "li",
    { class: "webhook", "data-tone": tone(webhook) },
    element(
      "div",
      { class: "webhook-head" },
      element("span", { class: "event" }, webhook.accepted ? (webhook.event ?? "unnamed event") : "Rejected delivery"),
      element("time", { datetime: webhook.received_at }, timeOf(webhook)),
    ),
    element("p", { class: "about" }, ...about),
    element(
      "div",
      { class: "marks" },
      mark(`HMAC ${webhook.signature}`, webhook.signature),
      mark(`Standard Webhooks ${webhook.standard_signature}`, webhook.standard_signature),
      ...(webhook.deliveries > 1 ? [mark(`delivered ${webhook.deliveries} times`, "repeated")] : []),
    ),
  );
  if (newestShown !== null && webhook.number > newestShown) made.classList.add("new");
  return made;
}

function tone(webhook) {
  if (!webhook.accepted || webhook.event?.endsWith(".failed")) return "bad";
  return webhook.event?.endsWith(".success") || webhook.event?.endsWith(".processed") ? "good" : "plain";
}
