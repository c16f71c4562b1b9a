import { beforeAll, describe, expect, test } from "vitest";
import { splitSpec } from "../../src/data/split-spec.ts";
import { DataError, UnsupportedOpError } from "../../src/errors.ts";
import { ae } from "../../src/models/autoencoders/ae.ts";
import { transformer } from "../../src/models/autoregressive/transformer.ts";
import { maskedDiffusion } from "../../src/models/diffusion/masked/masked-diffusion.ts";
import { vqVAE2 } from "../../src/models/vector-quantized/vq-vae.ts";
import { cvae } from "../../src/models/vaes/cvae.ts";
import { cpuDevice } from "../../src/runtime/node.ts";
import { generatorOf } from "../../src/runs/codes/generator.ts";
import { openPrior } from "../../src/runs/codes/open-prior.ts";
import { unstandardize } from "../../src/runs/codes/standardization.ts";
import { TrainedRun } from "../../src/runs/trained-run.ts";
import { withComposedData } from "../../src/runs/codes/with-composed-data.ts";
import { type LoadedRun, loadRun } from "../../src/runs/load-run.ts";
import { latentCodes } from "../../src/evaluation/latent-codes.ts";
import { proofPlatform, proofRun } from "./proof-run.ts";
import { hierarchy } from "./hierarchy.ts";
import { realNVP } from "./real-nvp.ts";
import { positionFrequencies } from "./position-frequencies.ts";
import { vq } from "./vq.ts";

// A model trained on the codes of a trained one, and sampled through it: one mechanism for every density of codes.
const small = { batchSize: 100, steps: 300, learningRate: 2e-3 };

describe("a density of codes", () => {
  let parent: LoadedRun;
  beforeAll(async () => {
    parent = await proofRun(ae, {
      data: "digits:1000",
      out: "codes-parent",
      config: { latentDim: 4, hiddenDims: [64] },
      settings: small,
    });
  });

  test("is trained on standardized codes with their labels, and gives codes in their own units", async () => {
    const source = await proofPlatform.openData("codes:codes-parent");
    const { dataset } = source.train;
    expect(dataset).toMatchObject({ kind: "codes", shape: [4], size: 1000, range: null });
    expect(dataset.labels).toHaveLength(1000);
    const values = dataset.values as Float32Array;
    for (let d = 0; d < 4; d++) {
      const column = values.filter((_, i) => i % 4 === d);
      const mean = column.reduce((a, b) => a + b, 0) / 1000;
      const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / 1000;
      expect(mean).toBeCloseTo(0, 4);
      expect(variance).toBeCloseTo(1, 3);
    }

    const flow = await proofRun(realNVP, {
      data: "codes:codes-parent",
      out: "codes-flow",
      settings: { ...small, steps: 600, learningRate: 1e-3, schedule: "cosine" },
    });
    expect(flow.run.info.parent).toMatchObject({ path: "codes-parent", latent: "z", take: "means" });
    const prior = await openPrior(parent, "codes-flow");
    const { z } = await prior.sample(2000, { seed: 1 });
    const { train } = await parent.openData();
    const real = await latentCodes(parent.trained, { split: train, take: "means", binarize: "none" });
    // Quartiles, for a short flow has a few samples far out.
    const quartiles = (codes: Float32Array, d: number): readonly [number, number, number] => {
      const column = codes.filter((_, i) => i % 4 === d).toSorted();
      return [0.25, 0.5, 0.75].map((q) => column[Math.floor(q * column.length)]!) as [number, number, number];
    };
    for (let d = 0; d < 4; d++) {
      const [low, middle, high] = quartiles(z!, d);
      const [realLow, realMiddle, realHigh] = quartiles(real["z"]!, d);
      const width = realHigh - realLow;
      expect(Math.abs(middle - realMiddle)).toBeLessThan(0.3 * width);
      expect((high - low) / width).toBeGreaterThan(0.7);
      expect((high - low) / width).toBeLessThan(1.4);
    }
    // Its log-density of codes, in their own units, is near that of a mixture fitted to them.
    const mixture = await openPrior(parent, "gmm:4");
    const [byFlow, byMixture] = await Promise.all([prior.logProb!(real["z"]!), mixture.logProb!(real["z"]!)]);
    const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean(byFlow) - mean(byMixture))).toBeLessThan(1);
    const images = await parent.trained.decodeLatents(await prior.sample(3, { seed: 2 }));
    expect(images).toHaveLength(3 * 784);
  });

  test("may be conditional where the model itself is not", async () => {
    await proofRun(cvae, { data: "codes:codes-parent", out: "codes-cvae", settings: { ...small, steps: 50 } });
    const prior = await openPrior(parent, "codes-cvae");
    const { z } = await prior.sample(5, { condition: { class: [3] } });
    expect(z).toHaveLength(20);
    await expect(prior.sample(5)).rejects.toThrow(/^model: it is of p\(x \| class\), got no class to sample with/);
  });

  test("samples what its parent decodes, and through a chain of them", async () => {
    const middle = await proofRun(ae, {
      data: "codes:codes-parent",
      out: "codes-middle",
      config: { latentDim: 2, hiddenDims: [32], network: "mlp" },
      settings: { ...small, steps: 50 },
    });
    const top = await proofRun(realNVP, {
      data: "codes:codes-middle",
      out: "codes-top",
      settings: { ...small, steps: 50 },
    });
    const generator = await generatorOf(top);
    expect(generator.loaded.run.path).toBe("codes-parent");
    const inUnits = (codes: Float32Array, of: LoadedRun): Float32Array =>
      unstandardize(codes, of.run.info.parent!.standardization["z"]!);
    const h = inUnits(await top.trained.sample(5, { seed: 4 }), top);
    const z = inUnits(await middle.trained.decode(h), middle);
    const images = await parent.trained.decode(z);
    expect(await parent.trained.decodeLatents(await generator.prior!.sample(5, { seed: 4 }))).toEqual(images);
    await generator.release();
    const run = new TrainedRun(top);
    expect(await run.sample(5, { seed: 4 })).toEqual(images);
    expect(await run.trained.sample(5, { seed: 4 })).toHaveLength(10);
    await run.release();
  });

  test("gives a run its class, each call its own", async () => {
    const run = new TrainedRun(await loadRun("codes-cvae", await cpuDevice(1), proofPlatform));
    const [three, seven] = [
      await run.given({ class: [3] }).sample(4, { seed: 1 }),
      await run.given({ class: [7] }).sample(4, { seed: 1 }),
    ];
    const prior = await openPrior(parent, "codes-cvae");
    const decoded = async (label: number) =>
      parent.trained.decodeLatents(await prior.sample(4, { seed: 1, condition: { class: [label] } }));
    expect(three).toEqual(await decoded(3));
    expect(seven).toEqual(await decoded(7));
    await expect(run.sample(4)).rejects.toThrow(/got no class to sample with/);
    await run.release();
  });

  test("is refused where it is of something else, or of weights that have changed", async () => {
    await expect(openPrior(parent, "codes-parent")).rejects.toThrow(UnsupportedOpError);
    const other = await proofRun(ae, {
      data: "digits:1000",
      out: "codes-other",
      config: { latentDim: 4, hiddenDims: [64] },
      settings: { ...small, steps: 20 },
    });
    await expect(openPrior(other, "codes-flow")).rejects.toThrow(DataError);
    await expect(proofPlatform.openData("codes:nothing-there")).rejects.toThrow(
      /^nothing-there: not a run folder, got nothing/,
    );
    await expect(proofPlatform.openData("codes:codes-parent#h1")).rejects.toThrow(
      /no latent of this name, got h1, expected z/,
    );
    // The parent is trained again, otherwise: its child says so.
    const stores = new Map([["codes-parent", "codes-other"]]);
    const swapped = withComposedData({
      ...proofPlatform,
      openStore: (path) => proofPlatform.openStore(stores.get(path) ?? path),
    });
    const child = await loadRun("codes-flow", await cpuDevice(1), swapped);
    await expect(child.openData()).rejects.toThrow(/its parent run codes-parent has changed, got weights [0-9a-f]{12}/);
    await expect(generatorOf(child)).rejects.toThrow(
      /^codes-flow: its parent run codes-parent has changed, got no checkpoint of step 300, expected weights [0-9a-f]{12} of step 300$/,
    );
    // And that it is no longer there.
    stores.set("codes-parent", "nowhere");
    const gone = /^codes-flow: its parent run cannot be opened: nowhere: not a run/;
    await expect(child.openData()).rejects.toThrow(gone);
    await expect(generatorOf(child)).rejects.toThrow(gone);
  });
});

test("several latents: one is the example, the others are fields", async () => {
  const parent = await proofRun(hierarchy, { data: "toy:moons:1000", out: "codes-levels", settings: small });
  const bottom = await proofPlatform.openData("codes:codes-levels#z1");
  expect(bottom.train.dataset.fields!["z2"]).toMatchObject({ kind: "numbers", shape: [2] });
  const short = { ...small, steps: 30 };
  await proofRun(realNVP, { data: "codes:codes-levels#z2", out: "prior-z2", settings: short });
  await proofRun(cvae, { data: "codes:codes-levels#z1", out: "prior-z1", config: { fields: ["z2"] }, settings: short });
  const prior = await openPrior(parent, "prior-z1,prior-z2");
  const codes = await prior.sample(10, { seed: 1 });
  expect(Object.keys(codes).toSorted()).toEqual(["z1", "z2"]);
  expect(await parent.trained.decodeLatents(codes)).toHaveLength(20);
});

describe("symbols", () => {
  let parent: LoadedRun;
  beforeAll(async () => {
    parent = await proofRun(vq, { data: "toy:8gaussians:1000", out: "codes-vq", settings: small });
  });

  test("stay as they are", async () => {
    const { train } = await proofPlatform.openData("codes:codes-vq");
    expect(splitSpec(train)).toMatchObject({ kind: "codes", shape: [1], symbols: 16 });
    expect((train.dataset.values as Float32Array).every((v) => Number.isInteger(v) && v >= 0 && v < 16)).toBe(true);
  });

  test.each([
    ["transformer", transformer],
    ["masked-diffusion", maskedDiffusion],
  ] as const)("%s is a prior of them, which samples them as often as they are", async (name, definition) => {
    const out = `codes-${name}`;
    const config = { width: 32, depth: 1 };
    const prior = await proofRun(definition, {
      data: "codes:codes-vq",
      out,
      config,
      settings: { ...small, ema: 0.95 },
    });
    const opened = await openPrior(parent, out);
    const { symbol } = await opened.sample(4000, { seed: 1 });
    expect(await parent.trained.decodeLatents({ symbol: symbol!.subarray(0, 5) })).toHaveLength(10);
    const { train } = await prior.openData();
    const real = train.dataset.values as Float32Array;
    const often = (codes: Float32Array): number[] =>
      Array.from({ length: 16 }, (_, k) => codes.reduce((sum, v) => sum + Number(v === k), 0) / codes.length);
    const distance = often(symbol!).reduce((sum, p, k) => sum + Math.abs(p - often(real)[k]!), 0) / 2;
    expect(distance).toBeLessThan(0.1);
    if (!opened.logProb) return expect(definition).toBe(maskedDiffusion);
    const logProbs = await opened.logProb(Float32Array.from({ length: 16 }, (_, k) => k));
    expect(logProbs.reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 4);
  });
});

test("symbols of several levels: a prior of each, sampled from the top down through the codebooks", async () => {
  const config = { channels: [4, 8], codebookSize: 16, codeDim: 4, residualBlocks: 0 };
  const short = { batchSize: 50, steps: 40, learningRate: 3e-3 };
  const parent = await proofRun(vqVAE2, { data: "digits:300", out: "codes-vq2", config, settings: short });
  const fit = { batchSize: 50, steps: 200, learningRate: 0.1 };
  const priors: LoadedRun[] = [];
  for (const latent of ["top", "bottom"])
    priors.push(
      await proofRun(positionFrequencies, { data: `codes:codes-vq2#${latent}`, out: `prior-${latent}`, settings: fit }),
    );
  expect(priors.map(({ run }) => run.info.data)).toMatchObject([
    {
      kind: "codes",
      shape: [3, 3],
      symbols: 16,
      fields: [{ name: "class" }, { name: "bottom", symbols: 16, shape: [7, 7] }],
    },
    { kind: "codes", shape: [7, 7], symbols: 16 },
  ]);
  const prior = await openPrior(parent, "prior-bottom,prior-top");
  const codes = await prior.sample(200, { seed: 1 });
  const { train } = await parent.openData();
  const real = await latentCodes(parent.trained, { split: train, take: "means", binarize: "none" });
  for (const [latent, size] of [
    ["top", 9],
    ["bottom", 49],
  ] as const) {
    expect(codes[latent]!.every((s) => Number.isInteger(s) && s >= 0 && s < 16)).toBe(true);
    // At each place the samples are as often the likeliest symbol as the examples.
    const fraction = (rows: Float32Array, place: number, symbol: number): number =>
      rows.filter((s, i) => i % size === place && s === symbol).length / (rows.length / size);
    const places = Array.from({ length: size }, (_, place) => {
      const all = Array.from({ length: 16 }, (_, symbol) => fraction(real[latent]!, place, symbol));
      const likeliest = all.indexOf(Math.max(...all));
      return Math.abs(all[likeliest]! - fraction(codes[latent]!, place, likeliest));
    });
    expect(places.reduce((a, b) => a + b, 0) / size).toBeLessThan(0.12);
  }
  const images = await parent.trained.decodeLatents(codes);
  expect(images).toHaveLength(200 * 28 * 28);
  // The top alone: the level below is sampled.
  expect(await parent.trained.decodeLatents({ top: codes["top"]! })).toHaveLength(200 * 28 * 28);
});
