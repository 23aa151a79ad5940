/** The events a receiver may ask for, in the order they happen, with what each says. */

export interface EventType {
  name: string;
  says: string;
  /** Comes unless others are asked for. */
  usual: boolean;
}

const told = (name: string, says: string, usual = false): EventType => ({ name, says, usual });

export const EVENT_TYPES: EventType[] = [
  told("payment.created", "A customer began to pay", true),
  told("payment.pending", "The bank was asked", true),
  told("payment.requires_action", "The customer must enter a code, or approve in an app"),
  told("payment.outcome_unknown", "The bank has not said how it ended; we ask on"),
  told("payment.success", "The bank approved", true),
  told("payment.failed", "The bank declined, or the customer gave up", true),
  told("payment.captured", "The money was taken"),
  told("payment.voided", "The hold was released"),
  told("payment.authorization_expired", "The hold ran out before it was captured"),
  told("refund.created", "A refund was begun", true),
  told("refund.processed", "The bank has given the money back", true),
  told("refund.failed", "The refund failed, or came back later"),
  told("payment.partially_refunded", "A part of it was given back"),
  told("payment.refunded", "All of it was given back"),
  told("payment.refund_returned", "A refund came back: the money is yours again"),
  told("webhook_endpoint.disabled", "One of your endpoints was given up after five days"),
];

export const USUAL_EVENTS = EVENT_TYPES.filter((type) => type.usual).map((type) => type.name);

export function sameEvents(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

/** "6 usual events", "All events", "payment.success and 2 more". */
export function sayEvents(events: string[]): string {
  if (events.length === EVENT_TYPES.length) return "Every event";
  if (sameEvents(events, USUAL_EVENTS)) return `The ${USUAL_EVENTS.length} usual events`;
  const [first, ...rest] = events;
  if (first === undefined) return "No events";
  return rest.length === 0 ? first : `${first} and ${rest.length} more`;
}
