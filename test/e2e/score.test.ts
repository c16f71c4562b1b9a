import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rocAuc } from "../../src/metrics/roc-auc.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { install, type Installed, jsonLines } from "./install.ts";

let latentkit: Installed;
const inside = (...path: string[]): string => join(latentkit.folder, ...path);
const small = "--data digits:1000 --batch-size 50 --learning-rate 5e-3 --threads 1 --json".split(" ");
const train = (...args: string[]) => latentkit.run("train", ...args, ...small);

beforeAll(async () => {
  latentkit = install();
  const net = ["--set", "hiddenDims=100", "--set", "latentDim=8"];
  const { code } = await train("vae", "--without", "1,3", "--epochs", "15", ...net, "--out", "vae");
  expect(code).toBe(0);
  expect((await train("ae", "--epochs", "1", ...net, "--out", "ae")).code).toBe(0);
});
afterAll(() => latentkit.remove());

interface Scored {
  readonly file: string;
  readonly picture: string;
  readonly examples: number;
  readonly anomalous?: readonly string[];
  readonly scores: readonly { readonly name: string; readonly mean: number; readonly rocAuc?: number }[];
}

async function score(...args: readonly string[]): Promise<Scored> {
  const { code, stdout, stderr } = await latentkit.run("score", ...args, "--threads", "1", "--json");
  expect({ code, stderr: stderr.replaceAll(/likelihood of \d+ of \d+ examples\n/g, "") }).toEqual({
    code: 0,
    stderr: "",
  });
  return JSON.parse(stdout) as Scored;
}
async function refusal(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await latentkit.run(...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^latentkit: [^\n]*\n$/);
  return stderr;
}

describe("a class that was left out of training", () => {
  test("is in none of the run's examples, on resuming and evaluating too", async () => {
    const { data } = JSON.parse(readFileSync(inside("vae/run.json"), "utf8")) as { data: { options: object } };
    expect(data.options).toMatchObject({ without: ["1", "3"] });
    const evaluated = await latentkit.run("evaluate", "vae", "--samples", "2", "--threads", "1", "--json");
    const { examples } = JSON.parse(evaluated.stdout) as { examples: number };
    const all = await score("vae", "--scores", "reconstruction");
    expect(examples).toBeLessThan(all.examples);
    const resumed = await latentkit.run("train", "vae", "--out", "vae", "--resume", "--epochs", "16", "--json");
    expect(jsonLines(resumed.stdout)[0]).toMatchObject({ event: "start", from: 225 });
    expect(await refusal("train", "vae", "--out", "vae", "--resume", "--without", "2")).toContain("without differs");
  });

  test("is separated from the others: by the area under the ROC curve of its scores", async () => {
    const { file, picture, anomalous, examples, scores } = await score("vae");
    expect(anomalous).toEqual(["1", "3"]);
    expect(scores.map(({ name }) => name)).toEqual(["negElbo", "nll", "typicality", "reconstruction", "latent"]);
    expect(existsSync(inside(picture))).toBe(true);
    const [head, ...rows] = readFileSync(inside(file), "utf8").trimEnd().split("\n");
    expect(head).toBe("example,class,negElbo,nll,typicality,reconstruction,latent");
    expect(rows).toHaveLength(examples);
    const cells = rows.map((row) => row.split(","));
    const isFound = cells.map(([, label]) => label === "1" || label === "3");
    scores.forEach(({ rocAuc: area }, k) => {
      const values = cells.map((row) => Number(row[k + 2]));
      expect(area).toBeCloseTo(rocAuc(values, isFound), 9);
    });
    // Each bound on log p(x) is above the last.
    for (const [, , negElbo, nll] of cells) expect(Number(nll)).toBeLessThanOrEqual(Number(negElbo));
    // The 1s have few pixels and so a high likelihood; their codes lie where no training example's do.
    expect(scores.at(-1)!.rocAuc!).toBeGreaterThan(0.6);
  });

  test("may be named in other words, and scores be written as numbers", async () => {
    const asked = await score("vae", "--normal", "0,2,4,5,6,7,8,9", "--scores", "nll", "--out", "scores.npy");
    const left = await score("vae", "--scores", "nll", "--out", "scores.json");
    expect(asked.scores).toEqual(left.scores);
    const { shape, values } = await readNpy((await openFile(inside("scores.npy")))!);
    expect(shape).toEqual([left.examples, 1]);
    const { nll } = JSON.parse(readFileSync(inside("scores.json"), "utf8")) as { nll: number[] };
    nll.forEach((value, i) => expect(values[i]).toBe(Math.fround(value)));
  });
});

test("a model without a likelihood gives what it has, and says so", async () => {
  const { anomalous, scores } = await score("ae", "--prior", "full-gaussian");
  expect(anomalous).toBeUndefined();
  expect(scores.map(({ name }) => name)).toEqual(["reconstruction", "latent"]);
  expect(await refusal("score", "ae", "--scores", "nll")).toContain(
    "score: the model cannot give this one, got nll, expected reconstruction, latent",
  );
});

test("classes without both kinds, or no class, are refused in one line", async () => {
  expect(await refusal("score", "ae", "--anomalous", "eleven")).toContain("--anomalous: no such class");
  expect(await refusal("score", "ae", "--anomalous", "1", "--normal", "2")).toContain("--normal: conflicting options");
  expect(await refusal("score", "ae", "--normal", "0,1,2,3,4,5,6,7,8,9", "--scores", "reconstruction")).toContain(
    "roc auc: a class is missing, got 0 positive",
  );
  expect(await refusal("train", "vae", "--data", "digits:100", "--without", "11")).toContain(
    "--without: no such class",
  );
});
