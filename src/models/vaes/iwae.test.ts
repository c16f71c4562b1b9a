import { beforeAll, describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { Input, Noise, type Tensor, type Variable } from "../../graph/tensor.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { reshape, stopGradient } from "../../ops/index.ts";
import { logMeanExp } from "../../ops/reduction.ts";
import { stream } from "../../random/index.ts";
import { compute } from "../../runtime/compute.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { IWAE, iwae, importanceGradients, importanceObjectives } from "./iwae.ts";
import { VAE, vae } from "./vae.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const shape = [1, 2, 3];
const networks = { hiddenDims: [4], latentDim: 2, activation: "tanh", likelihood: "gaussian", std: 0.7 };
const modelOf = (settings: object): IWAE => new IWAE(iwae.config.parse({ ...networks, ...settings }), dataSpec(shape));

interface Posed {
  readonly x: Input;
  readonly loss: Tensor;
  readonly metrics: Readonly<Record<string, Tensor>>;
  readonly leaves: Map<Tensor, Value>;
  readonly wrt: readonly Variable[];
}

/** An objective on three examples, with a value for every leaf but noise. */
function pose(model: IWAE | VAE): Posed {
  const x = new Input("x", [3, ...shape]);
  const step = new Input("step", []);
  const { loss, metrics } = objectivesOf(model, x, { step })[0]!;
  const leaves = new Map<Tensor, Value>([
    ...initialValues(model),
    [x, sines(x, 0.3)],
    [step, value("float32", [], [1])],
  ]);
  for (const [v, first] of leaves)
    if (v !== x && v !== step)
      leaves.set(v, { ...first, data: first.data.map((w, k) => 2 * w + 0.3 * Math.sin(k + 1)) });
  return { x, loss, metrics, leaves, wrt: [...parameters(model).values()] };
}

const flat = (values: readonly Value[]): number[] => values.flatMap(({ data }) => [...data]);
const noiseOf = (root: Tensor): Tensor[] => topologicalOrder([root]).filter((t) => t instanceof Noise);

function expectClose(found: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((v, i) => expect(Math.abs(v - expected[i]!) / (1 + Math.abs(expected[i]!))).toBeLessThan(tolerance));
}

/** -1 times the objective of the paper, written by plain automatic differentiation of one set of log-weights. */
function plainLoss(model: IWAE, x: Tensor, { stl = false, beta = 1 } = {}): Tensor {
  const { samples, groups, objective, mix } = model.config;
  const q = model.posterior(x, evaluation);
  const z = q.rsample([samples]);
  const fixed = independent(new Normal(stopGradient(q.base.mean), { logVar: stopGradient(q.base.logVar) }), 1);
  const logRatio = model.latents[0].prior!({}, 3, evaluation)
    .logProb(z)
    .sub((stl ? fixed : q).logProb(z));
  const logWeights = model.logLikelihood(x, z, evaluation).add(logRatio.mul(beta));
  const tight = logMeanExp(logWeights, 0).mean();
  const grouped = logMeanExp(reshape(logWeights, [groups, samples / groups, 3]), 1).mean();
  if (objective === "miwae") return grouped.neg();
  return objective === "iwae"
    ? tight.neg()
    : logWeights
        .mean()
        .mul(mix)
        .add(tight.mul(1 - mix))
        .neg();
}

/** The same noise for two graphs that each have one noise leaf of the same size. */
const sameNoise = (a: Tensor, b: Tensor, seed: number): Map<Tensor, Value> => {
  const [one, other] = [noiseOf(a), noiseOf(b)];
  expect([one.length, other.length]).toEqual([1, 1]);
  const [[, drawn]] = [...noiseValues([a], seed)] as [[Tensor, Value]];
  return new Map([
    [one[0]!, drawn],
    [other[0]!, { ...drawn, shape: other[0]!.shape }],
  ]);
};

describe("the gradient", () => {
  test.each([
    ["iwae", "standard"],
    ["miwae", "standard"],
    ["ciwae", "standard"],
    ["iwae", "stl"],
    ["miwae", "stl"],
  ])("of %s, %s, is that of the plain bound, value and all", (objective, gradient) => {
    const model = modelOf({ objective, gradient, samples: 6, groups: 2, mix: 0.25 });
    const { x, loss, leaves, wrt } = pose(model);
    const plain = plainLoss(model, x, { stl: gradient === "stl" });
    const all = new Map([...leaves, ...sameNoise(loss, plain, 3)]);
    expectClose(
      flat(evaluate([loss, ...grad(loss, wrt)], all)),
      flat(evaluate([plain, ...grad(plain, wrt)], all)),
      1e-7,
    );
  });

  // Log-weights log p(x|z) + beta (log p(z) - log q(z|x)) with the beta of step 1: 1/4 and 1.
  test.each([
    ["iwae", "standard", 4, 1 / 4],
    ["iwae", "stl", 4, 1 / 4],
    ["miwae", "standard", 4, 1 / 4],
    ["ciwae", "standard", 4, 1 / 4],
    ["iwae", "standard", 1, 1],
  ])("of %s, %s, in step 1 of a warm-up of %d is that of the bound with %d of the rate", (...given) => {
    const [objective, gradient, warmup, beta] = given;
    const model = modelOf({ objective, gradient, warmup, samples: 6, groups: 2 });
    const { x, loss, leaves, wrt } = pose(model);
    const [plain, whole] = [beta, 1].map((b) => plainLoss(model, x, { stl: gradient === "stl", beta: b })) as [
      Tensor,
      Tensor,
    ];
    const all = new Map([...leaves, ...sameNoise(loss, plain, 3), ...sameNoise(loss, whole, 3)]);
    expectClose(flat(evaluate(grad(loss, wrt), all)), flat(evaluate(grad(plain, wrt), all)), 1e-7);
    // What is reported is the bound itself.
    expectClose(flat(evaluate([loss], all)), flat(evaluate([whole], all)), 1e-7);
  });

  test("of one sample is the VAE's with its rate estimated by that sample", () => {
    const model = modelOf({ samples: 1, gradient: "standard" });
    const { x, loss, leaves, wrt } = pose(model);
    const q = model.posterior(x, evaluation);
    const z = q.rsample([1]);
    const rate = q
      .logProb(z)
      .sub(model.latents[0].prior!({}, 3, evaluation).logProb(z))
      .mean();
    const plain = model.logLikelihood(x, z, evaluation).mean().neg().add(rate);
    const all = new Map([...leaves, ...sameNoise(loss, plain, 4)]);
    expectClose(
      flat(evaluate([loss, ...grad(loss, wrt)], all)),
      flat(evaluate([plain, ...grad(plain, wrt)], all)),
      1e-9,
    );
  });

  test("of piwae is iwae's in the decoder and miwae's in the encoder", () => {
    const settings = { samples: 6, groups: 3 };
    const partial = modelOf({ ...settings, objective: "piwae" });
    const { loss, leaves, wrt } = pose(partial);
    const found = evaluate(grad(loss, wrt), new Map([...leaves, ...noiseValues([loss], 5)]));
    for (const [objective, part] of [
      ["iwae", "decoder"],
      ["miwae", "encoder"],
    ] as const) {
      const whole = pose(modelOf({ ...settings, objective }));
      const expected = evaluate(
        grad(whole.loss, whole.wrt),
        new Map([...whole.leaves, ...noiseValues([whole.loss], 5)]),
      );
      [...parameters(partial).keys()].forEach((name, i) => {
        if (name.startsWith(part)) expectClose([...found[i]!.data], [...expected[i]!.data], 1e-9);
      });
    }
  });

  /** Mean gradients and their standard errors over many samples of the noise. */
  function gradientMoments(settings: object, runs: number, seed: number) {
    const { loss, leaves, wrt } = pose(modelOf(settings));
    const gradients = grad(loss, wrt);
    const noise = noiseOf(loss)[0]!;
    const random = stream(seed, "runs");
    const [sums, squares]: [number[], number[]] = [[], []];
    for (let r = 0; r < runs; r++) {
      const drawn = value(
        "float32",
        noise.shape,
        Float64Array.from({ length: noise.size }, () => random.normal()),
      );
      flat(evaluate(gradients, new Map(leaves).set(noise, drawn))).forEach((g, i) => {
        sums[i] = (sums[i] ?? 0) + g;
        squares[i] = (squares[i] ?? 0) + g * g;
      });
    }
    const mean = sums.map((s) => s / runs);
    const variance = squares.map((s, i) => Math.max(0, s / runs - mean[i]! ** 2));
    return {
      mean,
      variance,
      encoders: [...parameters(modelOf(settings)).entries()].flatMap(([name, v]) =>
        Array.from({ length: v.size }, () => name.startsWith("encoder")),
      ),
    };
  }

  // The step of `pose` is 1: with a warm-up of 2 the rate has half its weight.
  test.each([
    ["iwae", 0],
    ["miwae", 0],
    ["ciwae", 0],
    ["iwae", 2],
    ["ciwae", 2],
  ])(
    "of %s has the same mean by standard and by dreg, and less variance in the encoder by dreg, warmed up over %d steps",
    (objective, warmup) => {
      const settings = { objective, warmup, samples: 6, groups: 2 };
      const runs = 700;
      const standard = gradientMoments({ ...settings, gradient: "standard" }, runs, 1);
      const dreg = gradientMoments({ ...settings, gradient: "dreg" }, runs, 2);
      const z = standard.mean.map(
        (m, i) => (m - dreg.mean[i]!) / Math.sqrt((standard.variance[i]! + dreg.variance[i]!) / runs + 1e-20),
      );
      // Of some 60 entries none is five standard errors off, and together they are as far off as chance has it.
      z.forEach((each) => expect(Math.abs(each)).toBeLessThan(5));
      expect(z.reduce((s, each) => s + each * each, 0) / z.length).toBeLessThan(2);
      const total = ({ variance, encoders }: typeof dreg): number =>
        variance.reduce((s, v, i) => s + (encoders[i] ? v : 0), 0);
      expect(total(dreg)).toBeLessThan(0.8 * total(standard));
    },
  );
});

test("the bound grows with k, and that of one sample is the ELBO", () => {
  const draws = (samples: number): number => {
    const { metrics, leaves } = pose(modelOf({ samples }));
    const { negBound, negElbo } = metrics;
    let bound = 0;
    const apart: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const [b, e] = flat(
        evaluate([negBound!, negElbo!], new Map([...leaves, ...noiseValues([negBound!, negElbo!], seed)])),
      );
      bound += b! / 200;
      apart.push(b! - e!);
    }
    if (samples === 1) {
      const mean = apart.reduce((sum, d) => sum + d / 200, 0);
      const variance = apart.reduce((sum, d) => sum + (d - mean) ** 2 / 199, 0);
      expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / 200));
    }
    return bound;
  };
  const [one, five, fifty] = [draws(1), draws(5), draws(50)] as [number, number, number];
  expect(five).toBeLessThan(one - 0.05);
  expect(fifty).toBeLessThan(five - 0.02);
});

test.each(
  importanceObjectives.flatMap((objective) => importanceGradients.map((gradient) => [objective, gradient] as const)),
)("%s, %s: ONNX Runtime has the reference's gradient, to 1e-4", async (objective, gradient) => {
  const { loss, leaves, wrt } = pose(modelOf({ objective, gradient, samples: 4, groups: 2, likelihood: "bernoulli" }));
  const roots = [loss, ...grad(loss, wrt)];
  const all = new Map([...leaves, ...noiseValues(roots, 6)]);
  expectClose(flat(await compute(cpu, roots, all)), flat(evaluate(roots, all)), 1e-4);
});

test("samples that do not divide into groups are refused", () => {
  expect(() => modelOf({ samples: 5, groups: 2 })).toThrow(
    "groups: samples do not divide evenly, got 5 samples in 2 groups",
  );
});

test("costs the backward pass of a VAE with as many samples, not two", () => {
  const products = (model: IWAE | VAE): number => {
    const { loss, wrt } = pose(model);
    return topologicalOrder(grad(loss, wrt)).filter(({ op }) => op.name === "MatMul").length;
  };
  const base = products(new VAE(vae.config.parse({ ...networks, samples: 6 }), dataSpec(shape)));
  expect(products(modelOf({ samples: 6, gradient: "dreg" }))).toBe(base);
  expect(products(modelOf({ samples: 6, gradient: "standard" }))).toBe(base);
});
