/** The shop's page that embeds this one, if it said who it is. */

import type { Peer } from "../messages";

const CHANNEL_MAX = 256;

/** Null if there is none to speak to: then the page says nothing to anybody. */
export function peerOf(page: Window, params: URLSearchParams): Peer | null {
  const channel = params.get("channel") ?? "";
  const origin = params.get("origin") ?? "";
  if (page.parent === page || channel === "" || channel.length > CHANNEL_MAX || !isOrigin(origin)) return null;
  // Where the browser tells who embeds us, the fragment has to say the same.
  const ancestors = page.location.ancestorOrigins;
  if (ancestors !== undefined && ancestors[0] !== origin) return null;
  return { window: page.parent, origin, channel };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}
