import { expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { train } from "../../node/index.ts";
import { and, greater, less, where } from "../../ops/comparison.ts";
import { sum } from "../../ops/reduction.ts";
import { consistencyLosses, consistencyNoise, stageOf } from "./consistency.ts";
import { diffusion } from "./diffusion.ts";
import { type NoiseLevel, over } from "./noise/noise-level.ts";

const rows = 2000;
const x = constant(
  Array.from({ length: rows }, (_, i) => 0.5 * Math.sin(i)),
  [rows, 1],
);
const mean = (losses: Tensor): number =>
  evaluate([losses], noiseValues([losses], 1))[0]!.data.reduce((total, v) => total + v, 0) / rows;
const lossOf = (denoise: (y: Tensor, level: NoiseLevel) => Tensor, stage: number): number =>
  mean(consistencyLosses(x, denoise, { t: constant(0.7).broadcastTo([rows]), stage: constant(stage) }));

test("in stage 0 it is the distance from D to the example, over the noise level", () => {
  const c = 0.00054;
  const losses = consistencyLosses(x, (y) => y, { t: constant(0.7).broadcastTo([rows]), stage: constant(0) });
  const [found] = evaluate([losses], noiseValues([losses], 1));
  const [n] = [...noiseValues([losses], 1).values()];
  for (let i = 0; i < 20; i++)
    expect(found!.data[i]).toBeCloseTo((Math.sqrt((0.7 * n!.data[i]!) ** 2 + c * c) - c) / 0.7, 5);
});

test("a D that is the same everywhere has no loss later, and all of it in stage 0", () => {
  const nowhere = (y: Tensor): Tensor => y.mul(0);
  expect(lossOf(nowhere, 8)).toBeLessThan(1e-6);
  expect(lossOf(nowhere, 0)).toBeGreaterThan(0.2);
});

test("D at the level t learns from that at r = t (1 - n(t) / q^stage), which stays as it is", () => {
  const scale = new Input("scale", []);
  const t = 0.7;
  const r = t * (1 - (1 + 8 / (1 + Math.exp(t))) / 2 ** 3);
  const slopeOf = (among: (sigma: Tensor) => Tensor): number => {
    const D = (y: Tensor, { sigma }: NoiseLevel): Tensor => where(over(y, among(sigma)), y.mul(scale), y);
    const losses = consistencyLosses(x, D, { t: constant(t).broadcastTo([rows]), stage: constant(3) });
    const [slope] = grad(sum(losses), [scale]);
    return evaluate(
      [slope!],
      new Map<Tensor, Value>([...noiseValues([slope!], 1), [scale, value("float32", [], [2])]]),
    )[0]!.data[0]!;
  };
  expect(Math.abs(slopeOf((sigma) => greater(sigma, 0.99 * t)))).toBeGreaterThan(1);
  expect(slopeOf((sigma) => and(greater(sigma, 0.99 * r), less(sigma, 1.01 * r)))).toBe(0);
  // No third level is looked at, and there is one there.
  expect(slopeOf((sigma) => and(greater(sigma, 1.01 * r), less(sigma, 0.99 * t)))).toBe(0);
  const levels: number[] = [];
  consistencyLosses(x, (y, { sigma }) => (levels.push(evaluate([sigma])[0]!.data[0]!), y), {
    t: constant(t).broadcastTo([rows]),
    stage: constant(3),
  });
  expect(levels.toSorted((a, b) => a - b)[0]).toBeCloseTo(r, 5);
});

test("stages follow each other, and the levels of sampling leave out the lowest", () => {
  expect([0, 999, 1000, 2500].map((step) => evaluate([stageOf(constant(step), 1000)])[0]!.data[0])).toEqual([
    0, 0, 1, 2,
  ]);
  expect(consistencyNoise.grid({ steps: 1, rho: 7 }).map(({ sigma }) => Math.round(sigma))).toEqual([80]);
  const [first, second] = consistencyNoise.grid({ steps: 2, rho: 7 });
  expect(first!.sigma).toBeCloseTo(80, 8);
  expect(second!.sigma).toBeGreaterThan(0.5);
});

test("one step gives samples of the data's distribution", async () => {
  const run = await train(
    diffusion({ process: "consistency", width: 64, depth: 2, stageSteps: 150 }),
    "toy:8gaussians:4000",
    {
      steps: 900,
      batchSize: 256,
      seed: 0,
      learningRate: 2e-3,
      selectBy: "none",
    },
  );
  const samples = await run.sample(1000, { steps: 1 });
  let near = 0;
  for (let i = 0; i < 1000; i++) {
    const radius = Math.hypot(samples[2 * i]!, samples[2 * i + 1]!);
    if (radius > 1.4 && radius < 2.6) near++;
  }
  expect(near).toBeGreaterThan(600);
  await run.release();
});
