/** Joins the pages of an export to one file: the heading once, each page's rows whole. */

const BOM = "\ufeff";

function lineEnd(text: string): number {
  // A heading has no quoted line breaks: it is the API's own.
  const end = text.indexOf("\n");
  return end === -1 ? text.length : end + 1;
}

export class CsvPages {
  private heading: string | null = null;
  private readonly parts: string[] = [];
  private count = 0;

  add(page: string): void {
    const text = page.startsWith(BOM) ? page.slice(1) : page;
    if (text === "") return;
    const end = lineEnd(text);
    const first = text.slice(0, end).trimEnd();
    let rows = text;
    if (this.heading === null) {
      this.heading = first;
      this.parts.push(page.startsWith(BOM) ? BOM : "", ended(text.slice(0, end)));
      rows = text.slice(end);
    } else if (first === this.heading) {
      rows = text.slice(end);
    }
    if (rows === "") return;
    this.parts.push(ended(rows));
    this.count += countRows(rows);
  }

  /** How many rows there are so far, without the heading. */
  get rows(): number {
    return this.count;
  }

  /** The file's parts; a Blob takes them without another copy. */
  get file(): string[] {
    return this.parts;
  }
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
