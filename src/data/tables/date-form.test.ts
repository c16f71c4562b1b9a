import { describe, expect, test } from "vitest";
import { dateFormOf, dateReader, dateText, shortForm } from "./date-form.ts";

describe("a form", () => {
  test.each([
    ["YYYY-MM-DD", ["2020-02-29", "1999-12-31"], "2020-02-29T00:00:00Z"],
    ["YYYY/M/D", ["2020/2/9", "1999/12/31"], "2020-02-09T00:00:00Z"],
    ["DD.MM.YYYY", ["05.03.2020", "31.12.1999"], "2020-03-05T00:00:00Z"],
    ["DD/MM/YYYY", ["05/03/2020", "31/12/1999"], "2020-03-05T00:00:00Z"],
    ["M/D/YYYY h:mm", ["1/5/2015 9:05", "12/31/2015 23:59"], "2015-01-05T09:05:00Z"],
    ["YYYY-MM", ["2020-03", "2020-12"], "2020-03-01T00:00:00Z"],
    ["YYYY-MM-DD hh:mm:ss", ["2020-01-02 03:04:05", "2020-01-02 03:04:06"], "2020-01-02T03:04:05Z"],
    ["YYYY-MM-DDThh:mm:ss.sssZ", ["2020-01-02T03:04:05.250Z", "2020-01-02T03:04:06.000Z"], "2020-01-02T03:04:05.250Z"],
    ["YYYY-MM-DD hh:mm:ss+02:00", ["2020-01-02 03:04:05+02:00", "2020-01-02 03:04:06+02:00"], "2020-01-02T01:04:05Z"],
    ["hh:mm", ["13:45", "00:05"], "1970-01-01T13:45:00Z"],
    ["h:mm:ss", ["9:45:01", "10:00:00"], "1970-01-01T09:45:01Z"],
  ])("%s is recognized, read and written", (form, texts, first) => {
    expect(dateFormOf(texts)).toEqual({ form, fits: 2 });
    const seconds = texts.map(dateReader(form));
    expect(seconds[0]).toBe(Date.parse(first) / 1000);
    expect(seconds.map((value) => dateText(form, value))).toEqual(texts);
  });

  test.each([
    ["numbers", ["12.05", "3.5"]],
    ["versions", ["1.2.3", "4.5.6"]],
    ["ranges", ["10-12", "3-4"]],
    ["words", ["may", "june"]],
    ["days that no month has", ["2021-02-29", "2021-13-01"]],
    ["hours that no day has", ["25:00", "99:59"]],
    ["nothing", []],
  ])("is none of %s", (_, texts) => {
    expect(dateFormOf(texts)).toBeUndefined();
  });

  test("with days and months that either could be has another", () => {
    expect(dateFormOf(["03/04/2020", "05/06/2020"])).toEqual({ form: "DD/MM/YYYY", fits: 2, other: "MM/DD/YYYY" });
    expect(dateFormOf(["03/03/2020", "06/06/2020"])?.other).toBeUndefined();
  });

  test("counts what does not fit it", () => {
    expect(dateFormOf(["2020-01-01", "tomorrow", "2020-01-03"])).toEqual({ form: "YYYY-MM-DD", fits: 2 });
    const read = dateReader("YYYY-MM-DD");
    expect(["tomorrow", "2020/01/01", "01-02-2020", "2020-01-01 12:00", "2020-02-30"].map(read)).toEqual(
      Array.from({ length: 5 }, () => Number.NaN),
    );
  });
});

describe("seconds as text", () => {
  test.each([
    ["YYYY-MM-DD", 0.6 * 86_400, "1970-01-02"],
    ["YYYY-MM-DD", -0.4 * 86_400, "1970-01-01"],
    ["hh:mm", 3629, "01:00"],
    ["hh:mm", 3631, "01:01"],
    ["hh:mm:ss.ss", 59.996, "00:01:00.00"],
    ["YYYY-MM", 20 * 86_400, "1970-02"],
    ["YYYY-MM", 10 * 86_400, "1970-01"],
  ])("of the form %s are rounded: %d", (form, seconds, text) => {
    expect(dateText(form, seconds)).toBe(text);
  });

  test("of several zones are written in one", () => {
    const read = dateReader("YYYY-MM-DD hh:mm:ss+01:00");
    const [winter, summer] = ["2020-01-01 12:00:00+01:00", "2020-07-01 12:00:00+02:00"].map(read);
    expect(dateText("YYYY-MM-DD hh:mm:ss+01:00", winter!)).toBe("2020-01-01 12:00:00+01:00");
    expect(dateText("YYYY-MM-DD hh:mm:ss+01:00", summer!)).toBe("2020-07-01 11:00:00+01:00");
  });
});

test("a form without what no value needs", () => {
  const form = "YYYY-MM-DD hh:mm:ssZ";
  expect(shortForm(form, { daily: true, places: 0 })).toBe("YYYY-MM-DD");
  expect(shortForm(form, { daily: false, places: 0 })).toBe(form);
  expect(shortForm(form, { daily: false, places: 3 })).toBe("YYYY-MM-DD hh:mm:ss.sssZ");
});
