import { describe, expect, test } from "vitest";
import { findToy } from "../../src/data/generators/toys.ts";
import { mapSplit } from "../../src/evaluation/map-split.ts";
import { modeCoverage } from "../../src/metrics/samples/mode-coverage.ts";
import { firstExamples } from "../../src/data/first-examples.ts";
import { binaryChains, everyBinarySequence, frequencies, totalVariation } from "../binary-chains.ts";
import { autoregressive } from "./autoregressive.ts";
import { ddpm } from "./ddpm.ts";
import { hierarchy } from "./hierarchy.ts";
import { proofRun } from "./proof-run.ts";
import { realNVP } from "./real-nvp.ts";
import { vq } from "./vq.ts";
import { wganGP } from "./wgan-gp.ts";

// Models of families to come, each in one file: the contract carries them, and each learns its toy.
const ring = findToy("8gaussians").gaussians!;
const modes = { modes: ring.means, std: ring.std };

/** -log p_data of points in nats, their mean: what no model's nll is below but by chance. */
const entropyOf = (name: string, points: Float32Array): number => {
  const toy = findToy(name);
  let sum = 0;
  for (let i = 0; i < points.length; i += 2) sum -= toy.logDensity(points[i]!, points[i + 1]!);
  return sum / (points.length / 2);
};

test("WGAN-GP: batch normalization, fresh batches, EMA of the generator alone", async () => {
  const run = await proofRun(wganGP, {
    data: "toy:8gaussians:4000",
    out: "wgan-gp",
    settings: { steps: 1500, batchSize: 128, ema: 0.99, schedule: "cosine", picturesEvery: 0 },
  });
  const { trained, events } = run;
  const samples = await trained.sample(2000, { seed: 1 });
  const { covered, highQuality } = modeCoverage(samples, modes);
  expect(covered).toBe(8);
  // Points anywhere on the circle would have 0.38.
  expect(highQuality).toBeGreaterThan(0.45);
  const { state } = await run.run.loadWeights();
  expect(state.ema.length).toBeGreaterThan(0);
  expect(state.ema.every((name) => name.startsWith("generator."))).toBe(true);
  // Five critic batches a step: an epoch of 31 batches is over after 7 steps.
  const ends = events.flatMap((event) => (event.kind === "step" && event.epoch === 1 ? [event.step] : []));
  expect(ends.at(-1)).toBeLessThanOrEqual(7);
});

test("VQ: integer codes, a codebook updated by the step", async () => {
  const { trained, events } = await proofRun(vq, {
    data: "toy:8gaussians:4000",
    out: "vq",
    settings: { steps: 1500, batchSize: 128, learningRate: 2e-3 },
  });
  const done = events.at(-1);
  const reconstruction = done?.kind === "done" ? done.metrics.test["reconstruction"]! : Infinity;
  // Within a mode: two dimensions of variance std^2, and at least some of the ring.
  expect(reconstruction).toBeLessThan(4 * 2 * ring.std ** 2);
  const points = await trained.sample(500, { seed: 2 });
  expect(points.every(Number.isFinite)).toBe(true);
  await expect(trained.encode(points)).rejects.toThrow(/no code that is one vector of latent dimensions/);
});

test("RealNVP: exact log p(x), and codes of the data's own shape", async () => {
  const { trained, events, openData } = await proofRun(realNVP, {
    data: "toy:moons:4000",
    out: "real-nvp",
    settings: { steps: 2000, batchSize: 128, learningRate: 2e-3, schedule: "cosine" },
  });
  const done = events.at(-1);
  const nll = done?.kind === "done" ? done.metrics.test["nll"]! : Infinity;
  const { test: held } = await openData();
  const points = firstExamples(held, held.indices.length);
  const entropy = entropyOf("moons", points);
  expect(nll).toBeGreaterThan(entropy - 0.05);
  expect(nll).toBeLessThan(entropy + 0.25);
  const round = await trained.decode(await trained.encode(points));
  expect(Math.max(...round.map((v, i) => Math.abs(v - points[i]!)))).toBeLessThan(1e-3);
});

test("two levels: latents top-down, rates of each, sampled from the top", async () => {
  const { trained, events } = await proofRun(hierarchy, {
    data: "toy:8gaussians:4000",
    out: "hierarchy",
    settings: { steps: 2500, batchSize: 128, learningRate: 2e-3, schedule: "cosine" },
  });
  const done = events.at(-1);
  const { negElbo, distortion, z1, z2 } = done?.kind === "done" ? done.metrics.test : {};
  expect(distortion! + z1! + z2!).toBeCloseTo(negElbo!, 3);
  expect(trained.latentDim).toBe(2);
  const { covered } = modeCoverage(await trained.sample(2000, { seed: 3 }), modes);
  expect(covered).toBe(8);
  // From a top code the bottom one is the mean of its prior.
  expect(await trained.decode(Float32Array.of(0, 0, 1, 1))).toHaveLength(4);
});

describe("DDPM of 1000 steps", () => {
  test("learns its toy, compiles once, and takes a condition or none", async () => {
    const { trained } = await proofRun(ddpm, {
      data: "toy:8gaussians:4000",
      out: "ddpm",
      settings: { steps: 3000, batchSize: 256, learningRate: 3e-3, schedule: "cosine", ema: 0.999 },
    });
    const started = trained.compiledCount;
    const samples = await trained.sample(512, { seed: 4 });
    expect(trained.compiledCount).toBe(started + 1);
    const { covered, highQuality } = modeCoverage(samples, modes);
    expect(covered).toBe(8);
    expect(highQuality).toBeGreaterThan(0.7);
    expect(await trained.sample(64, { seed: 4 })).toEqual(samples.slice(0, 128));
    expect(await trained.sample(30, { seed: 4, first: 64 })).toEqual(samples.slice(128, 188));
    expect(trained.compiledCount).toBe(started + 1);

    // Guidance is a number: it compiles nothing. A class is another graph.
    const guidedTo = trained.given({ class: [3] });
    const third = await guidedTo.sample(64, { seed: 5, guidance: 2 });
    expect(trained.compiledCount).toBe(started + 2);
    await guidedTo.sample(64, { seed: 5, guidance: 4 });
    expect(trained.compiledCount).toBe(started + 2);
    const [x, y] = ring.means[3]!;
    let near = 0;
    for (let i = 0; i < third.length; i += 2)
      near += Number(Math.hypot(third[i]! - x, third[i + 1]! - y) < 5 * ring.std);
    expect(near / 64).toBeGreaterThan(0.9);
    await expect(trained.sample(4, { guidance: -1 })).rejects.toThrow(
      /^sample: guidance: not a value it takes, got -1, expected a number from 0 to 100$/,
    );
    await expect(trained.sample(4, { stps: 10 })).rejects.toThrow(
      /^sample: stps: unknown setting, got "stps", expected one of guidance$/,
    );
  });

  test("shows previews on its way", async () => {
    const { trained } = await proofRun(ddpm, {
      data: "toy:8gaussians:500",
      out: "ddpm-short",
      config: { steps: 20 },
      settings: { steps: 20, batchSize: 50 },
    });
    const seen: number[] = [];
    for await (const { step, steps, preview } of trained.sampling(3, { previewEvery: 5 })) {
      expect(steps).toBe(20);
      if (preview) {
        seen.push(step);
        expect(preview.examples).toHaveLength(6);
      }
    }
    expect(seen).toEqual([0, 5, 10, 15]);
  });
});

test("autoregressive: a cache gives the samples that log p(x) says", async () => {
  const length = 6;
  const source = await binaryChains(2000, length);
  const { trained } = await proofRun(autoregressive, {
    data: "chains",
    out: "autoregressive",
    source,
    settings: { steps: 600, batchSize: 100, learningRate: 5e-3 },
  });
  const everyone = await everyBinarySequence(length);
  const { logProb } = await mapSplit(trained, { split: everyone.train, key: "log p" }, (x, context) => ({
    logProb: trained.model.logProb!(x, context),
  }));
  const probabilities = logProb.map((log) => Math.exp(log));
  expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
  // Chains stay with probability 0.9: 000000 has 1/2 0.9^5.
  expect(probabilities[0]!).toBeCloseTo(0.5 * 0.9 ** 5, 1);
  const count = 20_000;
  const samples = await trained.sample(count, { seed: 6 });
  // Total variation of as many samples of the same distribution is about 0.02.
  expect(totalVariation(frequencies(samples, length), probabilities)).toBeLessThan(0.04);
});
