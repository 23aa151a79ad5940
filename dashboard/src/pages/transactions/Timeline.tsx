/** Everything that happened to a payment, in order, each entry open to whoever wants to know more. */

import {
  IconArrowBackUp,
  IconBook,
  IconBuildingBank,
  IconChevronRight,
  IconCode,
  IconFlag,
  IconWebhook,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { TimelineEntry } from "../../api/shapes";
import { formatAmount, sayEvent, sayName, Time } from "../../ui";
import classes from "./Timeline.module.css";

const KINDS: Record<TimelineEntry["kind"], [string, typeof IconFlag]> = {
  request: ["API call", IconCode],
  event: ["Event", IconFlag],
  bank: ["Bank", IconBuildingBank],
  webhook: ["Webhook", IconWebhook],
  refund: ["Refund", IconArrowBackUp],
  ledger: ["Ledger", IconBook],
};

const GOOD = new Set(["success", "approved", "processed", "delivered", "payment.success", "payment.captured"]);
const BAD = new Set(["failed", "declined", "error", "payment.failed", "refund.failed"]);

function toneOf(entry: TimelineEntry): "good" | "bad" | undefined {
  const said = [entry.title, entry.details.status, entry.details.answer];
  if (said.some((word) => typeof word === "string" && BAD.has(word))) return "bad";
  const status = Number(entry.details.status ?? entry.details.response_code);
  if (status >= 400) return "bad";
  return said.some((word) => typeof word === "string" && GOOD.has(word)) ? "good" : undefined;
}

function sayValue(name: string, value: unknown, currency: string): string {
  if (value === null || value === undefined || value === "") return "–";
  if (name.startsWith("amount") && typeof value === "number") return formatAmount(value, currency);
  if (name === "duration_ms") return `${String(value)} ms`;
  return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

/** The one thing worth reading without opening the entry. */
function gist(entry: TimelineEntry, currency: string): string {
  const { details } = entry;
  const parts: string[] = [];
  if (typeof details.attempt === "number") parts.push(`attempt ${details.attempt}`);
  if (typeof details.amount === "number") parts.push(formatAmount(details.amount, currency));
  if (details.answer) parts.push(sayName(String(details.answer)));
  if (details.reason) parts.push(entry.kind === "refund" ? String(details.reason) : sayName(String(details.reason)));
  if (typeof details.status === "number" || details.response_code)
    parts.push(String(details.response_code ?? details.status));
  else if (typeof details.status === "string") parts.push(sayName(details.status));
  if (typeof details.duration_ms === "number") parts.push(`${details.duration_ms} ms`);
  return parts.join(" · ");
}

/** A delivery has the name of its event: it says that it is one. */
function titleOf(entry: TimelineEntry): string {
  const said = sayEvent(entry.title);
  return entry.kind === "webhook" && said !== entry.title
    ? `Webhook: ${said.charAt(0).toLowerCase()}${said.slice(1)}`
    : said;
}

function placeOf(entry: TimelineEntry): string | null {
  if (entry.ref === null) return null;
  if (entry.kind === "webhook") return `/dashboard/webhooks/${entry.ref}`;
  return null;
}

export function Timeline({ entries, currency }: { entries: TimelineEntry[]; currency: string }) {
  return (
    <ol className={classes.list}>
      {entries.map((entry, place) => {
        const [name, Icon] = KINDS[entry.kind] ?? [entry.kind, IconFlag];
        const details = Object.entries(entry.details);
        const to = placeOf(entry);
        const about = gist(entry, currency);
        return (
          // Entries are only ever added at the end.
          <li
            key={`${entry.at} ${entry.kind} ${entry.ref ?? place}`}
            className={classes.entry}
            data-tone={toneOf(entry)}
          >
            <span className={classes.mark}>
              <Icon size={15} stroke={2} aria-hidden />
            </span>
            <div className={classes.words}>
              <div className={classes.line}>
                <span className={classes.title}>{titleOf(entry)}</span>
                <span className={classes.at}>
                  <Time at={entry.at} precise />
                </span>
              </div>
              <div className={classes.gist}>
                {name}
                {sayEvent(entry.title) !== entry.title && (
                  <>
                    {" "}
                    <code>{entry.title}</code>
                  </>
                )}
                {about && ` · ${about}`}
                {to && (
                  <>
                    {" · "}
                    <Link to={to}>See the delivery</Link>
                  </>
                )}
              </div>
              {details.length > 0 && (
                <details className={classes.more}>
                  <summary>
                    <IconChevronRight size={14} aria-hidden />
                    Details<span className="unseen"> of {titleOf(entry)}</span>
                  </summary>
                  <dl>
                    {details.map(([key, value]) => (
                      <div key={key}>
                        <dt>{sayName(key)}</dt>
                        <dd className="mono">{sayValue(key, value, currency)}</dd>
                      </div>
                    ))}
                    {entry.ref && (
                      <div>
                        <dt>Id</dt>
                        <dd className="mono">{entry.ref}</dd>
                      </div>
                    )}
                  </dl>
                </details>
              )}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
