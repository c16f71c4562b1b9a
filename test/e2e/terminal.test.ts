import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Finished, install, type Installed, jsonLines } from "./install.ts";

// Sets the title of a terminal, in both of its forms, clears the screen, and turns the direction of text around.
const drives = "\u001b]0x\u0007\u009b2J\u202e";
const seen = "\\u{1b}]0x\\u{7}\\u{9b}2J\\u{202e}";
const file = `t${drives}.csv`;
const header = `size${drives}`;
const kind = `kind${drives}`;

let latentkit: Installed;
beforeAll(() => {
  latentkit = install();
  const rows = Array.from({ length: 200 }, (_, i) => `${i % 17},${i % 2 === 0 ? `even${drives}` : "odd"}`);
  writeFileSync(join(latentkit.folder, file), [`${header},${kind}`, ...rows, ""].join("\n"));
});
afterAll(() => latentkit.remove());

/** Everything that a command printed, which drives no terminal. */
async function printedBy(...args: readonly string[]): Promise<Finished & { readonly text: string }> {
  const finished = await latentkit.run(...args);
  const text = finished.stdout + finished.stderr;
  expect(text).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
  return { ...finished, text };
}
const settings = "--steps 20 --threads 1 --device cpu --set hiddenDims=8 --set latentDim=2".split(" ");

test("names of columns, categories and files drive no terminal, whatever command prints them", async () => {
  const show = await printedBy("data", "show", file);
  expect(show.code).toBe(0);
  for (const name of ["t", "size", "kind", "even"]) expect(show.text).toContain(`${name}${seen}`);

  const train = await printedBy("train", "vae", "--data", file, "--out", `run${drives}`, ...settings);
  expect(train.code).toBe(0);
  expect(train.text).toContain(`run${seen}`);

  const sample = await printedBy("sample", `run${drives}`, "--count", "5");
  expect(sample.code).toBe(0);
  expect(sample.text).toContain(`run${seen}/samples/samples.csv`);

  for (const args of [
    ["data", "show", `none${drives}`],
    ["data", "show", file, "--drop", `none${drives}`],
    ["train", `vae${drives}`],
    [`train${drives}`],
    ["train", "vae", `--none${drives}`],
    ["sample", `none${drives}`],
  ]) {
    const { code, stderr, stdout } = await printedBy(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^latentkit: .*\\u\{1b\}.*\n$/);
  }
});

test("JSON holds the names as they are, in its own escapes", async () => {
  const { stdout } = await latentkit.run("data", "show", file, "--json");
  expect(stdout).not.toMatch(/[^\n\P{Cc}]/u);
  expect(jsonLines(stdout)[0]!["columns"]).toMatchObject([{ name: header }, { name: kind }]);
});
