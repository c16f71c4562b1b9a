import { describe, expect, test } from "vitest";
import { numberStyleOf, plainNumbers } from "./number-style.ts";

/** The texts as numbers of the style that they have together. */
const read = (texts: readonly string[]): readonly number[] => {
  const plain = plainNumbers(numberStyleOf(texts).style);
  return texts.map((text) => Number(plain(text) ?? Number.NaN));
};

describe("numbers are read as they are written", () => {
  test.each([
    ["with a point", ["1.5", "-.5", "+3.", "2e3", "1.00E-05"], [1.5, -0.5, 3, 2000, 1e-5]],
    ["with decimal commas", ["51,26", "-0,5", "7", "1,5e3"], [51.26, -0.5, 7, 1500]],
    ["with commas between thousands", ["1,234.50", "950", "12,345,678"], [1234.5, 950, 12_345_678]],
    ["with points between thousands", ["1.234,50", "950", "12.345.678,9"], [1234.5, 950, 12_345_678.9]],
    ["with spaces between thousands", ["1 234,5", "12\u00a0345\u202f678", "7"], [1234.5, 12_345_678, 7]],
    ["with apostrophes between thousands", ["1'234.50", "12’345", "7"], [1234.5, 12_345, 7]],
    ["with a currency sign before", ["$1,234.50", "-$5", "$ 7.25"], [1234.5, -5, 7.25]],
    ["with a currency sign after", ["1.234,50 €", "5 €", "-7,25€"], [1234.5, 5, -7.25]],
    ["with a percent sign", ["12.5%", "3 %", "-1%"], [12.5, 3, -1]],
  ])("%s", (_, texts, numbers) => {
    expect(read(texts)).toEqual(numbers);
  });

  test.each([
    ["groups of two digits", ["1,23.4", "1,234.5", "2,345.6"], 0],
    ["another currency", ["€5", "$6", "$7"], 0],
    ["a unit", ["12.3 kg", "12.3", "11"], 0],
    ["hexadecimal", ["0x10", "7", "8"], 0],
    ["an infinity", ["inf", "1", "2"], 0],
  ])("but not %s", (_, texts, at) => {
    const numbers = read(texts);
    expect(numbers[at]).toBeNaN();
    expect(numbers.filter((number) => Number.isNaN(number))).toHaveLength(1);
  });
});

describe("the style", () => {
  test("of numbers that read two ways has another", () => {
    expect(numberStyleOf(["1,234", "2,345"])).toMatchObject({
      fits: 2,
      style: { decimal: "," },
      other: { group: "," },
    });
    expect(numberStyleOf(["1.234", "2.345"])).toMatchObject({ fits: 2, style: { decimal: ".", group: "" } });
    expect(numberStyleOf(["1.234", "2.345"]).other).toMatchObject({ decimal: ",", group: "." });
  });

  test.each([
    ["a small one", ["1,234", "0,345"]],
    ["a long one", ["1,234", "1,234,567"]],
    ["other decimals", ["1.234", "1.5"]],
    ["integers alone", ["1", "23"]],
  ])("has no other with %s", (_, texts) => {
    expect(numberStyleOf(texts)).toMatchObject({ fits: 2 });
    expect(numberStyleOf(texts).other).toBeUndefined();
  });

  test("may be said", () => {
    expect(numberStyleOf(["1.234", "2.345"], "comma").style).toMatchObject({ group: "." });
    expect(numberStyleOf(["1,234", "2,345"], "point").style).toMatchObject({ group: "," });
    expect(numberStyleOf(["1.5"], "comma").fits).toBe(0);
  });
});
