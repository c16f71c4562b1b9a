import { expect, test } from "vitest";
import { csvLine, spreadsheetLine } from "./csv.ts";

test("fields with commas, quotes and line ends are quoted", () => {
  expect(csvLine(["a", "b,c", 'd"e', "f\ng", ""])).toBe('a,"b,c","d""e","f\ng",\n');
});

test.each(["=1+1", "+A1", "-A1", "@SUM(A1)", "\tx", "＝1", "-", "=HYPERLINK(0)", "-1+cmd|' /C calc'!A0", "+1-1"])(
  "for spreadsheets %j is text",
  (field) => {
    expect(spreadsheetLine([field])).toBe(`'${field}\n`);
    expect(csvLine([field])).toBe(`${field}\n`);
  },
);

test.each([
  "-1.5",
  "+3",
  "-1e-7",
  "-2,50",
  "-1 234.5",
  "-$3.10",
  "-3 €",
  "-12%",
  "-.5",
  "a=b",
  "x-1",
  "2024-01-02",
  "",
])("for spreadsheets %j stays", (field) => {
  expect(spreadsheetLine([field])).toBe(csvLine([field]));
});

test("what is escaped is quoted where it must be", () => {
  expect(spreadsheetLine(['=A1,"B"', "\r\n=1"])).toBe('"\'=A1,""B""","\'\r\n=1"\n');
});
