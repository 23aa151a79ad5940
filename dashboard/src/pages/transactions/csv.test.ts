import { expect, test } from "vitest";
import { ApiError } from "../../api/client";
import { CsvExport, countRows, type ReadPage } from "./csv";

const going = new AbortController().signal;
const busy = new ApiError(503, { code: "UNAVAILABLE", description: "Busy" });

function pages(...texts: string[]): ReadPage {
  return async (cursor) => {
    const at = Number(cursor ?? 0);
    return { text: texts[at] ?? "", next: at + 1 < texts.length ? String(at + 1) : null };
  };
}

async function joined(...texts: string[]): Promise<[string, number]> {
  const csv = new CsvExport(pages(...texts));
  await csv.read(going, () => {});
  // Blob.text() leaves out a byte order mark.
  return [new TextDecoder("utf-8", { ignoreBOM: true }).decode(await csv.file.arrayBuffer()), csv.rows];
}

/** Fails the calls of these numbers. */
function failing(read: ReadPage, error: unknown, ...numbers: number[]) {
  const asked: (string | null)[] = [];
  const readPage: ReadPage = async (cursor, signal) => {
    asked.push(cursor);
    if (numbers.includes(asked.length)) throw error;
    return read(cursor, signal);
  };
  return { asked, readPage };
}

test("a page that fails is asked for again, and the file is whole", async () => {
  const { asked, readPage } = failing(pages("id\n1\n", "2\n", "3\n"), busy, 2, 3);
  const csv = new CsvExport(readPage, 1);
  const told: number[] = [];
  await csv.read(going, (rows) => told.push(rows));
  expect(await csv.file.text()).toBe("id\n1\n2\n3\n");
  expect([asked, told]).toEqual([
    [null, "1", "1", "1", "2"],
    [1, 2, 3],
  ]);
});

test("after three tries it stops, and goes on from there when it is told to", async () => {
  const { asked, readPage } = failing(pages("id\n1\n", "2\n"), busy, 2, 3, 4);
  const csv = new CsvExport(readPage, 1);
  await expect(csv.read(going, () => {})).rejects.toBe(busy);
  expect(csv.rows).toBe(1);
  await csv.read(going, () => {});
  expect(await csv.file.text()).toBe("id\n1\n2\n");
  expect(asked).toEqual([null, "1", "1", "1", "1"]);
});

test("it waits as long as the gateway says", async () => {
  const later = new ApiError(429, { code: "TOO_MANY_REQUESTS", description: "Later" }, { retryAfterSeconds: 0.05 });
  const csv = new CsvExport(failing(pages("id\n1\n"), later, 1).readPage, 60_000);
  const begun = performance.now();
  await csv.read(going, () => {});
  expect(performance.now() - begun).toBeGreaterThan(45);
});

test("what another try cannot heal is not tried again, and waiting can be stopped", async () => {
  const refused = new ApiError(403, { code: "FORBIDDEN_ERROR", description: "No" });
  const { asked, readPage } = failing(pages("id\n1\n"), refused, 1);
  await expect(new CsvExport(readPage, 1).read(going, () => {})).rejects.toBe(refused);
  expect(asked).toHaveLength(1);
  const stop = new AbortController();
  const waiting = new CsvExport(failing(pages("id\n1\n"), busy, 1).readPage, 60_000).read(stop.signal, () => {});
  setTimeout(() => stop.abort(), 5);
  await expect(waiting).rejects.toThrow("aborted");
});

test("the heading stands once, whether or not each page repeats it", async () => {
  const whole = "id,amount\r\npay_1,1\r\npay_2,2\r\n";
  expect(await joined("id,amount\r\npay_1,1\r\n", "id,amount\r\npay_2,2\r\n")).toEqual([whole, 2]);
  expect(await joined("id,amount\r\npay_1,1\r\n", "pay_2,2\r\n")).toEqual([whole, 2]);
});

test("a page that does not end its last line does not run into the next", async () => {
  expect((await joined("id\npay_1", "id\npay_2"))[0]).toBe("id\npay_1\r\npay_2\r\n");
});

test("only the heading: no rows", async () => {
  expect(await joined("id,amount\r\n")).toEqual(["id,amount\r\n", 0]);
});

test("a byte order mark stays at the very start", async () => {
  expect((await joined("\ufeffid\npay_1\n", "\ufeffid\npay_2\n"))[0]).toBe("\ufeffid\npay_1\npay_2\n");
});

test("a line break within quotes ends no row", () => {
  expect(countRows('1,"a\nb"\r\n2,"c ""q"" d"\r\n3')).toBe(3);
  expect(countRows("")).toBe(0);
});
