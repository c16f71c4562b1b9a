import { beforeAll, describe, expect, test } from "vitest";
import { createDataset } from "../../data/dataset.ts";
import { whole } from "../../data/split.ts";
import { independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { stream } from "../../random/index.ts";
import type { Model } from "../../models/model.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { type LikelihoodEstimate, LikelihoodEvaluator } from "./likelihood.ts";
import { TrainedModel } from "../trained-model.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

// x = w z + noise of variance v, z ~ N(0, 1): x ~ N(0, w w' + v I), and z given x is Gaussian too.
const w = [1, -0.5];
const v = 0.3;
const scale = w.reduce((sum, a) => sum + a * a, 0) + v;
const rows = Array.from({ length: 7 }, (_, i) => {
  const random = stream(i, "rows");
  const z = random.normal();
  return w.map((a) => Math.fround(a * z + Math.sqrt(v) * random.normal()));
});
const exact =
  rows.reduce((sum, x) => {
    const along = x.reduce((dot, a, k) => dot + a * w[k]!, 0);
    const squares = x.reduce((total, a) => total + a * a, 0);
    return sum + (squares - along ** 2 / scale) / v + Math.log(v * scale) + 2 * Math.log(2 * Math.PI);
  }, 0) /
  (2 * rows.length);

/** The linear-Gaussian model with the exact posterior shifted and widened. */
function model({ shift, widen }: { readonly shift: number; readonly widen: number }): Model {
  const weights = constant(w, [2, 1]);
  const encode = (x: Tensor) =>
    independent(new Normal(x.matmul(weights).div(scale).add(shift), Math.sqrt(v / scale) * widen), 1);
  const decode = (z: Tensor) => independent(new Normal(z.mul(constant(w, [2])), Math.sqrt(v)), 1);
  return {
    objectives: () => [],
    encode: (x) => ({ z: encode(x) }),
    logWeights: (x, samples) => {
      const q = encode(x);
      const z = q.rsample([samples]);
      const prior = independent(new Normal(0, constant(1).broadcastTo([1])), 1);
      return decode(z).logProb(x).add(prior.logProb(z)).sub(q.logProb(z));
    },
  };
}

async function metricsOf(tested: Model, samples: number, seed = 0): Promise<LikelihoodEstimate> {
  const values = Float32Array.from(rows.flat());
  const dataset = await createDataset({ name: "rows", description: "", shape: [2], size: 7, values, range: [0, 1] });
  const trained = new TrainedModel(tested, { store: createVariables(cpu, []), shape: [2] });
  const evaluator = new LikelihoodEvaluator(trained, { split: whole(dataset), binarize: "none", samples, seed });
  const progress = evaluator.run();
  let next = await progress.next();
  while (!next.done) next = await progress.next();
  await trained.release();
  return next.value;
}

describe("the likelihood of a linear-Gaussian model", () => {
  test.each([1, 3, 250])("is exact from %i samples of the exact posterior: every weight is p(x)", async (samples) => {
    const { nll, curve } = await metricsOf(model({ shift: 0, widen: 1 }), samples);
    expect(nll).toBeCloseTo(exact, 4);
    curve.forEach((at) => expect(at.nll).toBeCloseTo(exact, 4));
  });

  test("is approached from above with the number of samples of another posterior", async () => {
    const { nll, curve, examples } = await metricsOf(model({ shift: 0.3, widen: 1.5 }), 5000);
    expect(examples).toBe(7);
    curve.forEach((at, i) => expect(at.nll).toBeLessThanOrEqual(curve[i - 1]?.nll ?? Infinity));
    expect(curve[0]!.nll).toBeGreaterThan(exact + 0.2);
    expect(Math.abs(nll - exact)).toBeLessThan(0.01);
  });

  test("starts at the bound itself: KL(q || p(z|x)) above it", async () => {
    const [shift, widen] = [0.3, 1.5];
    const gap = (widen ** 2 - 1 + shift ** 2 / (v / scale)) / 2 - Math.log(widen);
    const { curve } = await metricsOf(model({ shift, widen }), 20_000);
    expect(Math.abs(curve[0]!.nll - exact - gap)).toBeLessThan(0.03);
  });

  test("depends on the seed alone", async () => {
    const tested = model({ shift: 0.3, widen: 1.5 });
    const first = await metricsOf(tested, 30, 1);
    expect(await metricsOf(tested, 30, 1)).toEqual(first);
    expect((await metricsOf(tested, 30, 2)).nll).not.toBe(first.nll);
  });
});

test("is log p(x) itself where the model knows it, from any number of samples", async () => {
  const logProb = (x: Tensor) => x.sum(1).neg();
  const expected = rows.reduce((sum, [a, b]) => sum + a! + b!, 0) / rows.length;
  for (const samples of [1, 3, 250]) {
    const { nll, curve } = await metricsOf({ ...model({ shift: 0.3, widen: 1.5 }), logProb }, samples);
    expect(nll).toBeCloseTo(expected, 5);
    curve.forEach((at) => expect(at.nll).toBeCloseTo(expected, 5));
  }
});

test("a model without importance weights is refused", async () => {
  await expect(metricsOf({ objectives: () => [] }, 1)).rejects.toThrow(
    /^evaluate: [^\n]*, got a model that has no likelihood: neither log p\(x\) nor importance weights, expected [^\n]+$/,
  );
});
