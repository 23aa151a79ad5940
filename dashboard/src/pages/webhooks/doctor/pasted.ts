/** Reads what people paste: headers as curl, a log, a framework or our own delivery page shows them. */

export interface Given {
  plain?: string;
  previous?: string;
  /** The entries of webhook-signature, as they are, "v1," included. */
  standard: string[];
  id?: string;
  timestamp?: string;
  /** Headers that were there but are none of ours. */
  others: number;
}

const NAMES: Record<string, "plain" | "previous" | "standard" | "id" | "timestamp"> = {
  "x-webhook-signature": "plain",
  "x-webhook-signature-previous": "previous",
  "webhook-signature": "standard",
  "webhook-id": "id",
  "webhook-timestamp": "timestamp",
};

/** "HTTP_X_WEBHOOK_SIGNATURE" of PHP and WSGI, "X-Webhook-Signature" and "x_webhook_signature" are one name. */
function nameOf(text: string): string {
  return text
    .trim()
    .replace(/^["']|["']$/g, "")
    .toLowerCase()
    .replace(/_/g, "-")
    .replace(/^http-/, "");
}

function unwrapped(text: string): string {
  return text
    .trim()
    .replace(/[,;\\]+$/, "")
    .replace(/^["'[\s]+|["'\]\s]+$/g, "");
}

function pairs(text: string): [string, string][] {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) {
    try {
      const parsed: unknown = JSON.parse(trimmed);
      if (typeof parsed === "object" && parsed !== null) {
        return Object.entries(parsed).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(" ") : `${value}`,
        ]);
      }
    } catch {
      // Not JSON after all, but perhaps what Python or Node print: read line by line.
    }
  }
  return trimmed
    .replace(/^\{|\}$/g, "")
    .split(/\r?\n|,\s*(?=["'][A-Za-z_-]+["']\s*:)/)
    .flatMap((line): [string, string][] => {
      const found =
        /^\s*(?:[<>]\s*|-H\s*|--header\s*)?["']?\s*([A-Za-z][A-Za-z0-9_-]*)["']?\s*(?:=>|[:=])\s*(.+)$/.exec(line);
      return found?.[1] && found[2] ? [[found[1], found[2]]] : [];
    });
}

/** A signature without its header's name is known by its form. */
function bare(text: string): Partial<Given> {
  const entries = text.split(/\s+/).filter(Boolean);
  if (entries.length === 0) return {};
  if (entries.every((entry) => /^v\d+[a-z]?,/.test(entry))) return { standard: entries };
  const [first = "", second] = entries;
  if (/^(?:sha256=)?[0-9a-fA-F]{64}$/.test(first)) return { plain: first, ...(second ? { previous: second } : {}) };
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(first)) return { standard: entries };
  return {};
}

export function readHeaders(text: string): Given {
  const given: Given = { standard: [], others: 0 };
  let known = 0;
  for (const [name, value] of pairs(text)) {
    const which = NAMES[nameOf(name)];
    if (which === undefined) {
      given.others += 1;
      continue;
    }
    known += 1;
    const plain = unwrapped(value);
    if (which === "standard") given.standard.push(...plain.split(/\s+/).filter(Boolean));
    else given[which] = plain;
  }
  return known > 0 ? given : { ...given, ...bare(text.trim()) };
}
