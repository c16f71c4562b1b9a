import { expect, test } from "vitest";
import { createDataset } from "../../../data/dataset.ts";
import { dataSpec, type FieldSpec } from "../../../data/spec.ts";
import { has } from "../../../evaluation/capabilities.ts";
import type { SampleOptions } from "../../../evaluation/samples/sampling.ts";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, type Tensor } from "../../../graph/tensor.ts";
import { evaluation } from "../../../nn/context.ts";
import { train } from "../../../node/index.ts";
import { stream } from "../../../random/index.ts";
import { diffusion } from "../diffusion.ts";
import type { DiffusionConfig } from "../diffusion-settings.ts";
import { over } from "../noise/noise-level.ts";
import { noisePaths, timeDensities, timedNoise } from "../noise/noise-process.ts";
import { transportSampler } from "./transport-sampler.ts";

/** From N(0, diag(1, 0.25)) to N((1, 0), R diag(1, 0.25) R^T), R a turn by 45 degrees: two covariances that do not commute. */
const [A, B, C] = [0.625, 0.375, 0.625];
/**
 * The optimal map is s -> mean + M s with M = S0^-1/2 (S0^1/2 S1 S0^1/2)^1/2 S0^-1/2 (Dowson & Landau 1982), where of a 2 x 2 matrix
 * K^1/2 = (K + sqrt(det K) I) / sqrt(tr K + 2 sqrt(det K)).
 */
function optimal([s, t]: readonly [number, number]): readonly [number, number] {
  const [k, l, m] = [A, B * 0.5, C * 0.25];
  const root = Math.sqrt(k * m - l * l);
  const scale = 1 / Math.sqrt(k + m + 2 * root);
  return [1 + scale * ((k + root) * s + (l / 0.5) * t), scale * ((l / 0.5) * s + ((m + root) / 0.25) * t)];
}

const at = (sampler: ReturnType<typeof transportSampler>, y: Tensor, steps: number, solver: "heun" | "euler") => {
  const options = { ...sampler.options.parse({ steps, solver }) } as never;
  let state = sampler.start(y.shape[0]!, options, evaluation);
  for (const point of sampler.schedule({ steps, solver, guidanceFrom: 0, guidanceTo: 1e6 }))
    state = sampler.step!(
      state,
      Object.fromEntries(Object.entries(point).map(([name, v]) => [name, constant(v)])),
      options,
      evaluation,
    );
  return Array.from(evaluate([sampler.finish(state, options, evaluation)])[0]!.data, Number);
};

test("is the end of the path from the source: along lines, whatever the steps", () => {
  // v(y, t) of the map s -> 3 s - 1: y = (1 - t) (3 s - 1) + t s.
  const y = constant([0, 1, -2], [3, 1]);
  const sampler = transportSampler(
    {
      shape: [1],
      process: timedNoise(noisePaths.rectified, timeDensities.uniform),
      denoise(z, level) {
        const alpha = over(z, level.alpha);
        const s = z.add(alpha).div(alpha.mul(2).add(1));
        return { x: s.mul(3).sub(1), n: s };
      },
      finish: (x) => x,
      defaults: { solver: "heun", steps: 18 },
    },
    () => y,
  );
  for (const [steps, solver] of [
    [1, "euler"],
    [5, "euler"],
    [4, "heun"],
  ] as const)
    at(sampler, y, steps, solver).forEach((v, i) => expect(v).toBeCloseTo([-1, 2, -7][i]!, 4));
  expect(sampler.options.safeParse({ solver: "ancestral" }).success).toBe(false);
  expect(sampler.options.safeParse({ churn: 3 }).success).toBe(false);
  expect(sampler.options.safeParse({ temperature: 1 }).success).toBe(false);
});

test("optimal-transport pairs learn the optimal map between Gaussians, in one step nearly", async () => {
  const random = stream(0, "two Gaussians");
  const size = 4000;
  const [half, normal] = [Math.SQRT1_2, (): number => random.normal()];
  const source = Float32Array.from({ length: 2 * size }, (_, i) => normal() * (i % 2 === 0 ? 1 : 0.5));
  const values = new Float32Array(2 * size);
  for (let i = 0; i < size; i++) {
    const [u, v] = [normal(), 0.5 * normal()];
    values.set([1 + half * (u - v), half * (u + v)], 2 * i);
  }
  const field = { kind: "numbers", shape: [2], values: source } as const;
  const data = {
    name: "turned",
    description: "Gaussians",
    shape: [2],
    size,
    values,
    range: null,
    fields: { source: field },
  };
  const choice = diffusion({ process: "flow", source: "source", coupling: "optimal-transport", width: 64, depth: 2 });
  const run = await train(choice, await createDataset(data), {
    steps: 500,
    batchSize: 128,
    seed: 0,
    learningRate: 3e-3,
  });
  const tried = source.subarray(0, 400);
  const errorOf = async (options: SampleOptions): Promise<number> => {
    const found = await run.trained.given({ source: tried }).sample(200, options);
    let total = 0;
    for (let i = 0; i < 200; i++) {
      const [x, y] = optimal([tried[2 * i]!, tried[2 * i + 1]!]);
      total += (found[2 * i]! - x) ** 2 + (found[2 * i + 1]! - y) ** 2;
    }
    return Math.sqrt(total / 200);
  };
  const [many, one] = [await errorOf({}), await errorOf({ steps: 1, solver: "euler" })];
  // The spread of the data is 1.1.
  expect(many).toBeLessThan(0.25);
  expect(one).toBeLessThan(0.35);
  const again = await run.trained.given({ source: tried }).sample(8, { seed: 5 });
  expect(again).toEqual(await run.trained.given({ source: tried }).sample(8, { seed: 6 }));
  await expect(run.trained.sample(2)).rejects.toThrow(
    "model: it is of p(x | source), got no source to sample with, expected numbers of shape [2], by latentkit translate or given()",
  );
  await run.release();
});

const fields: readonly FieldSpec[] = [
  { name: "source", kind: "numbers", shape: [2] },
  { name: "light", kind: "numbers", shape: [3] },
  { name: "class", kind: "class", classes: ["a", "b"] },
];
const build = (more: Partial<DiffusionConfig>) =>
  diffusion.build(
    diffusion.config.parse({ process: "flow", source: "source", width: 32, depth: 1, ...more }),
    dataSpec([2], { range: null, fields }),
  );

test("the network sees the class, and not what samples start from", () => {
  const model = build({ conditional: true });
  expect(model.condition).toMatchObject({ required: true, optional: ["class"], start: "source" });
  expect((["edit", "likelihood", "elbo"] as const).filter((name) => has(model, name))).toEqual([]);
  expect(model).toMatchObject({ network: { embedding: { condition: { weight: { shape: [32, 2] } } } } });
});

test.each([
  [{ source: "dark" }, "fields: the data have none of this name, got dark, expected one of source, light, class"],
  [
    { source: "light" },
    "source: samples start from an example of their shape, got light, numbers of shape [3], expected [2]",
  ],
  [{ source: "class" }, "source: samples start from an example of their shape, got class, a class, expected [2]"],
  [{ fields: ["source"] }, "source: the network does not see it, got source among fields too, expected it once"],
  [{ process: "edm" }, "source: it is for process=flow, got process=edm, expected flow, or no source"],
  [
    { superResolution: 2 },
    "source: a model starts from other data or makes images of smaller ones, got superResolution too, expected one of them",
  ],
  [
    { path: "trigonometric" },
    "source: samples go in a straight line from it, got path=trigonometric, expected path=rectified and prediction=velocity",
  ],
  [
    { prediction: "x0" },
    "source: samples go in a straight line from it, got prediction=x0, expected path=rectified and prediction=velocity",
  ],
  [
    { source: undefined, coupling: "paired" },
    "coupling: noise is in no pairs, got paired without a source, expected source too",
  ],
] as const)("wrong: %j", (more, message) => {
  expect(() => build(more as Partial<DiffusionConfig>)).toThrow(message);
});
