import { expect, test } from "vitest";
import { CsvPages, countRows } from "./csv";

function joined(...pages: string[]): [string, number] {
  const csv = new CsvPages();
  for (const page of pages) csv.add(page);
  return [csv.file.join(""), csv.rows];
}

test("the heading stands once, whether or not each page repeats it", () => {
  const whole = "id,amount\r\npay_1,1\r\npay_2,2\r\n";
  expect(joined("id,amount\r\npay_1,1\r\n", "id,amount\r\npay_2,2\r\n")).toEqual([whole, 2]);
  expect(joined("id,amount\r\npay_1,1\r\n", "pay_2,2\r\n")).toEqual([whole, 2]);
});

test("a page that does not end its last line does not run into the next", () => {
  expect(joined("id\npay_1", "id\npay_2")[0]).toBe("id\npay_1\r\npay_2\r\n");
});

test("only the heading: no rows", () => {
  expect(joined("id,amount\r\n")).toEqual(["id,amount\r\n", 0]);
});

test("a byte order mark stays at the very start", () => {
  expect(joined("\ufeffid\npay_1\n", "\ufeffid\npay_2\n")[0]).toBe("\ufeffid\npay_1\npay_2\n");
});

test("a line break within quotes ends no row", () => {
  expect(countRows('1,"a\nb"\r\n2,"c ""q"" d"\r\n3')).toBe(3);
  expect(countRows("")).toBe(0);
});
