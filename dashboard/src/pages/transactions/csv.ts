/**
 * Takes an export home: its pages as they come, joined to one file with the heading once.
 *
 * A page becomes a Blob at once, which the browser may keep on disk: no merchant's list is too long for it. A page that
 * fails is asked for again; if it fails for good, what was read stays, and reading goes on behind it.
 */

import { ApiError, type Params, send } from "../../api/client";

const BOM = "\ufeff";
const TRIES = 3; // of a page
const BACKOFF_MS = 1_000;
const WAIT_MS_MAX = 30_000;

export interface CsvPage {
  text: string;
  next: string | null;
}

export type ReadPage = (cursor: string | null, signal: AbortSignal) => Promise<CsvPage>;

export class CsvExport {
  private heading: string | null = null;
  private readonly parts: Blob[] = [];
  private count = 0;
  private cursor: string | null = null;
  private readonly readPage: ReadPage;
  private readonly backoffMs: number;

  constructor(readPage: ReadPage, backoffMs = BACKOFF_MS) {
    this.readPage = readPage;
    this.backoffMs = backoffMs;
  }

  /** How many rows there are so far, without the heading. */
  get rows(): number {
    return this.count;
  }

  get file(): Blob {
    return new Blob(this.parts, { type: "text/csv;charset=utf-8" });
  }

  /** Reads to the end, from where it stopped before. Throws what three tries of a page did not heal. */
  async read(signal: AbortSignal, told: (rows: number) => void): Promise<void> {
    do {
      const page = await this.tried(signal);
      this.add(page.text);
      this.cursor = page.next;
      told(this.count);
    } while (this.cursor !== null);
  }

  private async tried(signal: AbortSignal): Promise<CsvPage> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.readPage(this.cursor, signal);
      } catch (error) {
        if (tries === TRIES || !(error instanceof ApiError) || !mayHeal(error.status)) throw error;
        const wait = error.retryAfterSeconds ? error.retryAfterSeconds * 1000 : this.backoffMs * 2 ** (tries - 1);
        await pause(Math.min(wait, WAIT_MS_MAX), signal);
      }
    }
  }

  private add(page: string): void {
    const text = page.startsWith(BOM) ? page.slice(1) : page;
    // A heading has no quoted line breaks: it is the API's own.
    const end = text.indexOf("\n") === -1 ? text.length : text.indexOf("\n") + 1;
    const first = text.slice(0, end).trimEnd();
    let rows = text;
    if (this.heading === null && first !== "") {
      this.heading = first;
      this.parts.push(new Blob([page.startsWith(BOM) ? BOM : "", ended(text.slice(0, end))]));
      rows = text.slice(end);
    } else if (first === this.heading) {
      rows = text.slice(end);
    }
    if (rows === "") return;
    this.parts.push(new Blob([ended(rows)]));
    this.count += countRows(rows);
  }
}

/** The gateway's own pages. */
export function pagesOf(params: Params): ReadPage {
  return async (cursor, signal) => {
    const response = await send("/api/v1/payments/export", {
      params: { ...params, format: "csv", cursor },
      headers: { Accept: "text/csv" },
      signal,
    });
    try {
      return { text: await response.text(), next: response.headers.get("X-Next-Cursor") || null };
    } catch (problem) {
      if (signal.aborted) throw problem;
      throw new ApiError(0, { code: "UNREACHABLE", description: "The connection broke while the list was read." });
    }
  };
}

/** No connection, too many calls, or a server that was busy. */
function mayHeal(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stopped);
      resolve();
    }, ms);
    if (signal.aborted) stopped();
    else signal.addEventListener("abort", stopped, { once: true });
  });
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\r\n`;
}

/** Rows of CSV: line breaks within quotes belong to a value. */
export function countRows(text: string): number {
  let rows = 0;
  let quoted = false;
  let begun = false;
  for (const sign of text) {
    if (sign === '"') quoted = !quoted;
    if (sign === "\n" && !quoted) {
      if (begun) rows += 1;
      begun = false;
    } else if (sign !== "\r") begun = true;
  }
  return begun ? rows + 1 : rows;
}
