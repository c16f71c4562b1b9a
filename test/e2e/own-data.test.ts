import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { install, type Installed, jsonLines } from "./install.ts";

/** What run.json says of a table. */
interface Recorded {
  readonly columns: readonly { readonly name: string; readonly frequencies?: readonly number[] }[];
}

let latentkit: Installed;
let cache = "";
const inside = (...path: string[]): string => join(latentkit.folder, ...path);
const quick = "--epochs 2 --batch-size 20 --set hiddenDims=16 --set latentDim=2 --threads 1 --json".split(" ");

beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), "latentkit-cache-"));
  // Commands inherit it.
  process.env["LATENTKIT_CACHE"] = cache;
  latentkit = install();
  const rows = Array.from({ length: 300 }, (_, i) => {
    const [age, city] = [20 + (i % 50), ["Oslo", "Rome", 'the "old" town, north'][i % 3]!];
    return `${age},"${city.replaceAll('"', '""')}",${(1.5 + (i % 7) / 10).toFixed(2)}`;
  });
  writeFileSync(inside("people.csv"), `age,city,height\n${rows.join("\n")}\n`);
  mkdirSync(inside("photos"));
  for (let i = 0; i < 40; i++) {
    const background = { r: 6 * i, g: 90, b: 255 - 6 * i };
    const image = sharp({ create: { width: 40 + i, height: 60, channels: 3, background } });
    writeFileSync(inside("photos", `${i}.png`), await image.png().toBuffer());
  }
});
afterAll(async () => {
  delete process.env["LATENTKIT_CACHE"];
  rmSync(cache, { recursive: true });
  await latentkit.remove();
});

/** What a command printed as JSON, when it must succeed. */
async function printedBy(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await latentkit.run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return jsonLines(stdout).at(-1)!;
}

test("a table is learned, and its samples are rows of it", async () => {
  const done = await printedBy("train", "vae", "--data", "people.csv", "--out", "people", ...quick);
  expect(done).toMatchObject({ event: "done", run: "people" });
  expect(await printedBy("sample", "people", "--count", "50", "--json")).toMatchObject({
    file: "people/samples/samples.csv",
    shape: [50, 5],
  });
  // Each city is as frequent among samples as among the training rows, unless the model's own are asked for.
  const { columns } = (JSON.parse(readFileSync(inside("people", "run.json"), "utf8")) as { data: Recorded }).data;
  const frequencies = columns.find(({ name }) => name === "city")!.frequencies!;
  const distances = async (...args: readonly string[]): Promise<readonly number[]> => {
    const { file } = await printedBy("sample", "people", "--count", "8192", "--out", "many.csv", "--json", ...args);
    const text = readFileSync(inside(file as string), "utf8");
    return ["Oslo", "Rome", "north"].map((city, i) => Math.abs(text.split(city).length - 1 - 8192 * frequencies[i]!));
  };
  expect(Math.max(...(await distances()))).toBeLessThan(3);
  expect(Math.max(...(await distances("--temperature", "0.7", "--marginals", "data")))).toBeLessThan(3);
  expect(Math.max(...(await distances("--marginals", "model")))).toBeGreaterThan(3);
  const shown = await printedBy("data", "show", "people/samples/samples.csv", "--json");
  const original = await printedBy("data", "show", "people.csv", "--json");
  const kinds = (source: Record<string, unknown>) =>
    (source["columns"] as { name: string; kind: string }[]).map(({ name, kind }) => [name, kind]);
  expect(kinds(shown)).toEqual(kinds(original));
  const lines = readFileSync(inside("people/samples/samples.csv"), "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(51);
  for (const line of lines.slice(1)) expect(line).toMatch(/^\d\d,(Oslo|Rome|"the ""old"" town, north"),[12]\.\d\d$/);
});

test("other rows are read by the columns of the run", async () => {
  const rows = (city: string): string => Array.from({ length: 20 }, (_, i) => `${i},${city},1.7`).join("\n");
  writeFileSync(inside("others.csv"), `age,city,height\n${rows("Rome")}\n`);
  expect(await printedBy("reconstruct", "people", "--data", "others.csv", "--json")).toMatchObject({ shape: [20, 5] });
});

test("every row of others has its score and code, also with values that the run has not seen", async () => {
  const others = ["30,Oslo,1.7", "30,Paris,1.7", "30,,1.7", "30,Rome,1.7"];
  writeFileSync(inside("others.csv"), `age,city,height\n${others.join("\n")}\n`);
  const scored = await latentkit.run("score", "people", "--data", "others.csv", "--out", "scores.csv", "--json");
  expect(scored).toMatchObject({
    code: 0,
    stderr: [
      'others.csv: column city: "Paris" in row 1 (counted from 0), not seen in training; what the model is given leaves it out',
      "others.csv: column city: missing in row 2 (counted from 0); imputed as the usual value of training",
      "",
    ].join("\n"),
  });
  expect(jsonLines(scored.stdout)[0]).toMatchObject({
    examples: 4,
    warnings: ["negElbo, nll, typicality, reconstruction, latent are infinite for example 1; means are of the others"],
  });
  const lines = readFileSync(inside("scores.csv"), "utf8").trimEnd().split("\n");
  const [head, ...rows] = lines;
  expect(head).toBe("example,note,negElbo,nll,typicality,reconstruction,latent");
  expect(rows[1]).toBe('1,"city: ""Paris"" not seen in training",Infinity,Infinity,Infinity,Infinity,Infinity');
  expect(rows[2]).toMatch(/^2,"city: missing, imputed"(,-?\d+(\.\d+)?(e-?\d+)?){5}$/);
  for (const row of [rows[0]!, rows[3]!]) expect(row).toMatch(/^[03],(,-?\d+(\.\d+)?(e-?\d+)?){5}$/);
  const encoded = await latentkit.run("encode", "people", "--data", "others.csv", "--out", "codes.csv");
  expect(encoded.code).toBe(0);
  const codes = readFileSync(inside("codes.csv"), "utf8").trimEnd().split("\n").slice(1);
  for (const code of codes) expect(code).toMatch(/^\d,("[^,]*(""[^,]*)*(, imputed)?")?(,-?\d+(\.\d+)?(e-?\d+)?){2}$/);
  expect((await latentkit.run("reconstruct", "people", "--data", "others.csv", "--json")).code).toBe(0);
});

test("how data is read is kept with the run, and holds on resume", async () => {
  const data = ["--data", "people.csv", "--condition", "city"];
  await printedBy("train", "cvae", ...data, "--out", "by-city", ...quick);
  expect(await printedBy("sample", "by-city", "--label", "Rome", "--count", "4", "--json")).toMatchObject({
    shape: [4, 2],
  });
  const { code, stderr } = await latentkit.run("train", "cvae", "--out", "by-city", "--resume", "--drop", "age");
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr:
      'latentkit: --resume: drop differs from the run\'s, got ["age"], expected none; leave it out, or start a new run\n',
  });
});

test("how a table is read is said, and kept with its run", async () => {
  const rows = Array.from({ length: 100 }, (_, i) => `${i};${i % 3};${i},5;${["rot", "grün"][i % 2]}`);
  writeFileSync(inside("stück.csv"), Buffer.from(`"a, raw";Stück;Größe;Farbe\n${rows.join("\n")}\n`, "latin1"));
  const reading = ["--encoding", "latin1", "--drop", "a, raw", "--as-number", "Stück"];
  const shown = await printedBy("data", "show", "stück.csv", ...reading, "--json");
  expect(shown["notes"]).toEqual([
    "first line: names of columns (--header no makes it a row)",
    "column Größe: numbers with decimal comma",
  ]);
  const training = ["train", "vae", "--data", "stück.csv", ...reading, "--out", "counts", ...quick];
  const { code, stdout } = await latentkit.run(...training);
  expect(code).toBe(0);
  expect(jsonLines(stdout)[0]).toMatchObject({ event: "start", data: { notes: shown["notes"] } });
  const { data } = JSON.parse(readFileSync(inside("counts/run.json"), "utf8")) as { data: Record<string, unknown> };
  expect(data["options"]).toMatchObject({ encoding: "latin1", drop: ["a, raw"], asNumber: ["Stück"] });
  // Other columns, in another order, in the same encoding.
  const others = Array.from({ length: 20 }, (_, i) => `grün;${i},25;1;x`);
  writeFileSync(inside("others.csv"), Buffer.from(`Farbe;Größe;Stück;mehr\n${others.join("\n")}\n`, "latin1"));
  const reconstructed = await latentkit.run("reconstruct", "counts", "--data", "others.csv", "--out", "others.csv.csv");
  expect(reconstructed).toMatchObject({
    code: 0,
    stderr: "others.csv: columns left out, as they were not known before: mehr\n",
  });
  expect(readFileSync(inside("others.csv.csv"), "utf8")).toMatch(/^Stück,Größe,Farbe\n\d,\d+\.\d,(rot|grün)\n/);
  const refused = await latentkit.run("data", "show", "stück.csv");
  expect(refused.stderr).toMatch(
    /^latentkit: stück\.csv: text in another encoding in line 1, got bytes that are not UTF-8 at byte \d+, /,
  );
});

test("a folder of pictures of many sizes is learned as squares", async () => {
  const done = await printedBy("train", "vae", "--data", "photos", "--size", "8", "--out", "squares", ...quick);
  expect(done).toMatchObject({ event: "done" });
  expect(await printedBy("reconstruct", "squares", "--count", "3", "--json")).toMatchObject({ shape: [3, 3, 8, 8] });
  const again = await printedBy("reconstruct", "squares", "--data", "photos", "--count", "2", "--json");
  expect(again).toMatchObject({ split: "all" });
  writeFileSync(inside("photos", "broken.jpg"), "");
  const { code, stdout, stderr } = await latentkit.run("train", "vae", "--data", "photos", "--out", "no");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(
    /^latentkit: photos: an image of 41 cannot be read, got broken\.jpg \(.+; --skip-broken leaves them out\n$/,
  );
  const shown = await printedBy("data", "show", "photos", "--skip-broken", "--channels", "1", "--json");
  expect(shown).toMatchObject({ shape: [1, 32, 32] });
});

test("points are learned as they are", async () => {
  await printedBy("train", "vae", "--data", "toy:moons:400", "--out", "moons", ...quick);
  const png = readFileSync(inside("moons/samples/samples.png"));
  expect((await sharp(png).metadata()).width).toBe(2 * 324 + 4);
  const { code, stderr } = await latentkit.run(
    "train",
    "vae",
    "--data",
    "toy:moons",
    "--set",
    "likelihood=bernoulli",
    "--out",
    "no",
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^latentkit: batches: moons holds real numbers, not intensities to binarize, got binarize dynamic, [^\n]*\n$/,
  );
});
