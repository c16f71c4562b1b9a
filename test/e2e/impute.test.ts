import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install, type Installed } from "./install.ts";

let latentkit: Installed;
const inside = (path: string): string => join(latentkit.folder, path);
const device = ["--threads", "1", "--device", "cpu"];
const linesOf = (file: string): string[][] =>
  readFileSync(inside(file), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));

beforeAll(async () => {
  latentkit = install();
  // Tall people are old: what is missing follows from what is there.
  const rows = Array.from({ length: 400 }, (_, i) => {
    const old = i % 2 === 0;
    return [old ? "old" : "young", (old ? 170 : 110) + ((i * 7) % 11), i % 3 === 0 ? "yes" : "no"].join(",");
  });
  writeFileSync(inside("people.csv"), ["age,height,asked", ...rows].join("\n"));
  writeFileSync(
    inside("holes.csv"),
    ["age,height,asked", "old,172,yes", ",171,no", "young,,no", ",,yes", "ancient,112,no", ...rows.slice(0, 5)].join(
      "\n",
    ),
  );
  const made = ["train", "made", "--data", "people.csv", "--missing", "drop", "--out", "run"];
  const more = [
    "--steps",
    "300",
    "--batch-size",
    "32",
    "--learning-rate",
    "0.01",
    "--set",
    "hiddenDims=32",
    "--set",
    "masks=4",
  ];
  expect((await latentkit.run(...made, ...more, ...device)).code).toBe(0);
  expect(
    (await latentkit.run("train", "made", "--data", "toy:moons:40", "--steps", "2", "--out", "moons", ...device)).code,
  ).toBe(0);
});
afterAll(() => latentkit.remove());

describe("impute", () => {
  test("samples what is missing given the rest, and keeps the rest", async () => {
    const flags = ["--data", "holes.csv", "--out", "full.csv", "--candidates", "40", "--json", ...device];
    const { code, stdout, stderr } = await latentkit.run("impute", "run", ...flags);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      rows: 10,
      incomplete: 4,
      missing: { age: 3, height: 2 },
      candidates: 40,
    });
    const [head, ...rows] = linesOf("full.csv");
    expect(head).toEqual(["age", "height", "asked"]);
    expect(rows[0]).toEqual(["old", "172", "yes"]);
    expect(rows[1]).toEqual(["old", "171", "no"]);
    expect(Number(rows[2]![1])).toBeLessThan(140);
    expect(rows[3]![2]).toBe("yes");
    expect(rows[3]![0] === "old").toBe(Number(rows[3]![1]) > 140);
    // A category that training has not seen is missing too.
    expect(rows[4]).toEqual(["young", "112", "no"]);
    expect(rows.slice(5)).toEqual(linesOf("people.csv").slice(1, 6));
  });

  test.each([
    [
      ["run", "--data", "people.csv"],
      /^latentkit: .*people.csv: no value is missing, got 400 complete rows, expected some to impute/,
    ],
    [
      ["moons", "--data", "toy:moons:4"],
      /^latentkit: moons: its examples are no rows of a table, got points, expected a run on a table/,
    ],
    [["run", "--data", "holes.csv", "--out", "full.npy"], /^latentkit: .*\.csv/],
    [["run", "--data", "holes.csv", "--candidates", "0"], /^latentkit: --candidates: /],
    [["run"], /--data/],
  ])("refuses %j in one line", async (args, message) => {
    const { code, stderr } = await latentkit.run("impute", ...args, ...device);
    expect(code).toBe(2);
    expect(stderr.trim()).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
