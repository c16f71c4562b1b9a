import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install, type Installed } from "./install.ts";
import { outputOf, refusalOf } from "./outcomes.ts";

// Codes that are symbols, on the command line.
let latentkit: Installed;
const output = async (...args: readonly string[]): Promise<string> => outputOf(await latentkit.run(...args));
const json = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await output(...args, "--json")) as Record<string, unknown>;
const refusal = async (...args: readonly string[]): Promise<string> => refusalOf(await latentkit.run(...args));

beforeAll(async () => {
  latentkit = install();
  const short = "--data digits:300 --steps 30 --batch-size 50 --threads 1 --device cpu --json".split(" ");
  const small = ["--set", "channels=4,8", "--set", "codebookSize=16", "--set", "codeDim=4"];
  await output("train", "vq-vae-2", ...short, ...small, "--out", "symbols");
  await output("train", "vae", ...short, "--set", "hiddenDims=8", "--out", "vae");
});
afterAll(() => latentkit.remove());

describe("codebook", () => {
  test.each(["entries", "symbols", "swaps"])("shows %s", async (show) => {
    const found = await json("codebook", "symbols", "--show", show);
    const file = `symbols/samples/codebook-${show}.png`;
    expect(found).toMatchObject({ file, show, latent: "bottom", split: "test" });
    expect(existsSync(join(latentkit.folder, file))).toBe(true);
    const { perplexity, usage } = found as { perplexity: number; usage: number };
    expect(perplexity).toBeGreaterThan(1);
    expect(perplexity).toBeLessThanOrEqual(16 * usage + 1e-9);
  });

  test("of a latent that is named", async () => {
    const found = await json("codebook", "symbols", "--latent", "top", "--count", "5", "--out", "top.npy");
    expect(found).toMatchObject({ latent: "top", shape: [5, 1, 28, 28] });
    expect(found["symbols"]).toHaveLength(5);
  });

  test.each([
    [
      ["symbols", "--latent", "botom"],
      '--latent: unknown latent, got "botom", expected one of top, bottom; did you mean bottom?',
    ],
    [
      ["vae"],
      "vae: it lacks what this needs, got a model that has no codes that are symbols, expected one that has codes that are symbols, such as vq-vae",
    ],
  ])("refuses %j", async (args, message) => {
    expect(await refusal("codebook", ...args)).toContain(message);
  });
});

test("evaluate tells how much of each codebook is used", async () => {
  const { metrics } = (await json("evaluate", "symbols", "--metrics", "codebook")) as {
    metrics: { codebook: { results: readonly { name: string; of: string; value: number }[] } };
  };
  const { results } = metrics.codebook;
  expect(results.map(({ name, of }) => `${name} of ${of}`)).toEqual(
    ["top", "bottom"].flatMap((of) =>
      ["codebook perplexity", "codebook usage", "symbol entropy"].map((name) => `${name} of ${of}`),
    ),
  );
});

test("levels shows what each level holds, and refuses a model of one", async () => {
  const found = await json("levels", "symbols", "--count", "2");
  expect(found).toMatchObject({ shape: [6, 1, 28, 28], keep: "above", file: "symbols/samples/levels.png" });
  expect(found["columns"]).toEqual([
    { from: "top", to: "top" },
    { from: "top", to: "bottom" },
  ]);
  const rates = found["rates"] as readonly { readonly name: string; readonly rate: number }[];
  expect(rates.map(({ name, rate }) => [name, rate.toFixed(3)])).toEqual([
    ["top", (9 * Math.log(16)).toFixed(3)],
    ["bottom", (49 * Math.log(16)).toFixed(3)],
  ]);
  expect(await refusal("levels", "vae")).toContain(
    "got a model that has no hierarchy of latents, expected one that has several latents, such as ladder-vae, vdvae or vq-vae-2",
  );
});

test("tools for codes that are vectors say what they lack", async () => {
  expect(await refusal("encode", "symbols")).toContain("got a model that has no code that is one vector");
  expect(await refusal("evaluate", "symbols", "--metrics", "active-units")).toContain("codes that are symbols");
});

test("evaluate takes runs trained on its codes as priors, given classes as often as the examples have them", async () => {
  const short = "--steps 20 --batch-size 50 --threads 1 --device cpu --json".split(" ");
  const small = ["--set", "width=4", "--set", "depth=1", "--set", "hidden=4"];
  const train = ["train", "pixelcnn", ...short, ...small, "--set", "conditional=true"];
  await output(...train, "--data", "codes:symbols#top", "--out", "top");
  await output(...train, "--data", "codes:symbols#bottom", "--out", "bottom");
  const flags = ["--metrics", "kid", "--extractor", "raw", "--generated", "60", "--split", "train"];
  const { metrics } = (await json("evaluate", "symbols", ...flags, "--priors", "own,top+bottom")) as {
    metrics: { kid: { results: readonly { of: string; value: number }[] } };
  };
  const found = Object.fromEntries(metrics.kid.results.map(({ of, value }) => [of, value]));
  expect(found["top,bottom"]).toBeTypeOf("number");
  expect(found["top,bottom"]).not.toBe(found["own"]);
  expect(await refusal("evaluate", "symbols", ...flags, "--priors", "own,vae")).toContain("vae is no prior of codes");
  expect(await refusal("evaluate", "symbols", ...flags, "--priors", "gmm:2")).toContain("or a run trained on them");
});
