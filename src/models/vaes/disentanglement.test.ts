import { beforeAll, describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, noise, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { MLP } from "../../nn/mlp.ts";
import { parameters } from "../../nn/module.ts";
import { logSumExp, reshape, sum } from "../../ops/index.ts";
import { adam } from "../../optim/adam.ts";
import { scalarNames } from "../../optim/optimizer.ts";
import { sgd } from "../../optim/sgd.ts";
import { stream } from "../../random/index.ts";
import { compute } from "../../runtime/compute.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { compileStep } from "../../training/compile-step.ts";
import { betaTCVAE, logFractions } from "./beta-tcvae.ts";
import { dipVAE } from "./dip-vae.ts";
import { discriminatorLoss, factorVAE, shuffledDimensions } from "./factor-vae.ts";
import { infoVAE } from "./info-vae.ts";
import { takeMean } from "../latent.ts";
import type { Model, Objective } from "../model.ts";
import { vae } from "./vae.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const shape = [1, 2, 3];
const networks = { hiddenDims: [4], latentDim: 3, activation: "tanh", likelihood: "gaussian", std: 0.7 };
const definitions = { vae, betaTCVAE, dipVAE, infoVAE, factorVAE };
const modelOf = (name: keyof typeof definitions, settings: object = {}, size?: number): Model => {
  const definition = definitions[name];
  const data = dataSpec(shape, size === undefined ? {} : { size });
  // Each schema gives its own model's settings.
  return definition.build(definition.config.parse({ ...networks, ...settings }) as never, data);
};

/** A model's objectives on a batch with a value for every leaf. */
function pose(model: Model, { batch = 5, step = 1, seed = 5 } = {}) {
  const x = new Input("x", [batch, ...shape]);
  const at = new Input("step", []);
  const objectives = objectivesOf(model, x, { step: at });
  const leaves = new Map<Tensor, Value>();
  for (const [v, first] of initialValues(model))
    leaves.set(v, { ...first, data: first.data.map((w, k) => 2 * w + 0.3 * Math.sin(k + 1)) });
  leaves.set(x, sines(x, 0.3)).set(at, value("float32", [], [step]));
  const roots = objectives.flatMap(({ loss, metrics }) => [loss, ...Object.values(metrics)]);
  for (const [leaf, drawn] of noiseValues(roots, seed)) leaves.set(leaf, drawn);
  return { objectives, leaves };
}
function results({ loss, metrics }: Objective, leaves: ReadonlyMap<Tensor, Value>): Record<string, number> {
  const all = { loss, ...metrics };
  const found = evaluate(Object.values(all), leaves);
  return Object.fromEntries(Object.keys(all).map((name, i) => [name, found[i]!.data[0]!]));
}
const first = (name: keyof typeof definitions, settings: object = {}, options = {}): Record<string, number> => {
  const { objectives, leaves } = pose(modelOf(name, settings), options);
  return results(objectives[0]!, leaves);
};

test.each([
  ["betaTCVAE", { estimator: "weighted" }],
  ["betaTCVAE", { estimator: "stratified" }],
  ["dipVAE", { covariance: "means" }],
  ["dipVAE", { covariance: "codes" }],
  ["infoVAE", { alpha: 0.5 }],
  ["factorVAE", { discriminatorDims: [4] }],
] as const)("%s, %j: ONNX Runtime has the reference's losses and gradients, to 1e-4", async (name, settings) => {
  const { objectives, leaves } = pose(modelOf(name, settings, 50));
  for (const { loss, parameters: changed } of objectives) {
    const roots = [loss, ...grad(loss, [...changed.values()])];
    const expected = evaluate(roots, leaves).flatMap(({ data }) => Array.from(data));
    const found = (await compute(cpu, roots, leaves)).flatMap(({ data }) => Array.from(data));
    found.forEach((v, i) => expect(Math.abs(v - expected[i]!) / (1 + Math.abs(expected[i]!))).toBeLessThan(1e-4));
  }
});

describe("a VAE with a capacity", () => {
  test.each([
    [1, 0.5],
    [5, 2.5],
    [10, 5],
    [1000, 5],
  ])("in step %i is penalized for the distance of its rate from %d nats", (step, capacity) => {
    const { loss, rate, distortion } = first("vae", { capacity: 5, capacitySteps: 10, beta: 3 }, { step });
    expect(loss).toBeCloseTo(distortion! + 3 * Math.abs(rate! - capacity), 9);
  });
});

describe("beta-TCVAE", () => {
  test("with all weights 1 minimizes the negative bound, its rate estimated by the sample", () => {
    for (const estimator of ["weighted", "stratified"]) {
      const model = modelOf("betaTCVAE", { beta: 1, estimator });
      const { objectives, leaves } = pose(model);
      const found = results(objectives[0]!, leaves);
      const rate = found["mutualInformation"]! + found["totalCorrelation"]! + found["dimensionwiseKl"]!;
      expect(found["loss"]).toBeCloseTo(found["distortion"]! + rate, 9);
      // The same sample's log q(z|x) - log p(z), averaged over many samples, is the rate in closed form.
      const { loss, metrics } = objectives[0]!;
      const estimate = loss.sub(metrics["distortion"]!);
      let total = 0;
      for (let seed = 0; seed < 200; seed++)
        total += evaluate([estimate], new Map([...leaves, ...noiseValues([loss], seed)]))[0]!.data[0]! / 200;
      expect(Math.abs(total - found["rate"]!)).toBeLessThan(0.1);
    }
  });

  test("weighs the parts of the rate", () => {
    const { loss, distortion, mutualInformation, totalCorrelation, dimensionwiseKl } = first("betaTCVAE", {
      alpha: 0.5,
      beta: 4,
      gamma: 2,
    });
    expect(loss).toBeCloseTo(distortion! + 0.5 * mutualInformation! + 4 * totalCorrelation! + 2 * dimensionwiseKl!, 9);
  });

  // Appendix C, with plain numbers: 5 examples of 50.
  test.each([
    ["stratified", (code: number, n: number) => (n === code ? 1 / 50 : n === (code + 4) % 5 ? 46 / (50 * 4) : 1 / 4)],
    ["weighted", () => 1 / 5],
  ] as const)("%s estimates q(z) and its marginals by weighted sums of the batch's posteriors", (estimator, weight) => {
    const model = modelOf("betaTCVAE", { estimator, alpha: 0.5, beta: 4, gamma: 2 }, 50);
    const { objectives, leaves } = pose(model);
    const found = results(objectives[0]!, leaves);
    const x = [...leaves.keys()].find((t): t is Input => t instanceof Input && t.name === "x")!;
    const q = model.encode!(x, evaluation, takeMean)["z"] as ReturnType<typeof independent<Normal>>;
    const [means, variances] = evaluate([q.base.mean, q.base.variance], leaves).map(({ data }) => data) as [
      Float64Array,
      Float64Array,
    ];
    const [drawn] = noiseValues([objectives[0]!.loss], 5).values();
    const z = means.map((m, i) => m + Math.sqrt(variances[i]!) * drawn!.data[i]!);
    const logNormal = (at: number, mean: number, variance: number): number =>
      -0.5 * ((at - mean) ** 2 / variance + Math.log(2 * Math.PI * variance));
    /** log q(z_j of a code | an example). */
    const pair = (code: number, n: number, j: number): number =>
      logNormal(z[3 * code + j]!, means[3 * n + j]!, variances[3 * n + j]!);
    const rows = [0, 1, 2, 3, 4];
    const dims = [0, 1, 2];
    const logMixture = (code: number, of: readonly number[]): number =>
      Math.log(
        rows.reduce((sum, n) => sum + weight(code, n) * Math.exp(of.reduce((s, j) => s + pair(code, n, j), 0)), 0),
      );
    const average = (f: (code: number) => number): number => rows.reduce((sum, code) => sum + f(code) / 5, 0);
    const total = (f: (j: number) => number): number => dims.reduce((sum, j) => sum + f(j), 0);
    const expected = {
      mutualInformation: average((i) => total((j) => pair(i, i, j)) - logMixture(i, dims)),
      totalCorrelation: average((i) => logMixture(i, dims) - total((j) => logMixture(i, [j]))),
      dimensionwiseKl: average((i) => total((j) => logMixture(i, [j]) - logNormal(z[3 * i + j]!, 0, 1))),
    };
    for (const [name, value_] of Object.entries(expected)) expect(found[name], name).toBeCloseTo(value_, 6);
  });

  test.each([2, 4, 7])("stratified shares of a batch of %i add up to one for each code", (batch) => {
    for (const size of [batch, 10, 60_000]) {
      const [shares] = evaluate([logSumExp(logFractions(batch, size, "stratified"), 1)]);
      for (const total of shares!.data) expect(total).toBeCloseTo(0, 5);
    }
  });

  // All ordered batches that begin with the code's own example, sampled without replacement from N.
  test("stratified shares are without bias: averaged over batches, every example has 1/N", () => {
    const [n, batch] = [5, 3];
    const [logs] = evaluate([logFractions(batch, n, "stratified")]);
    const average = new Float64Array(n);
    let count = 0;
    for (let a = 1; a < n; a++)
      for (let b = 1; b < n; b++) {
        if (a === b) continue;
        [0, a, b].forEach((example, i) => (average[example]! += Math.exp(logs!.data[i]!)));
        count += 1;
      }
    for (const weight of average) expect(weight / count).toBeCloseTo(1 / n, 6);
  });

  test("equal shares are those of a batch that is all the data", () => {
    const [logs] = evaluate([logFractions(4, 100, "weighted")]);
    for (const logWeight of logs!.data) expect(logWeight).toBeCloseTo(-Math.log(4), 6);
  });

  test("finds no total correlation in independent Gaussian codes, and a Gaussian's in correlated ones", () => {
    // With posteriors N(m, v) around means m ~ N(0, C), q(z) = N(0, C + v I).
    const [n, v] = [300, 0.5];
    const found = (correlation: number): number => {
      const random = stream(3, "means");
      const means: number[] = [];
      for (let i = 0; i < n; i++) {
        const a = random.normal();
        means.push(a, correlation * a + Math.sqrt(1 - correlation ** 2) * random.normal());
      }
      const q = independent(new Normal(constant(means, [n, 2]), { variance: v }), 1);
      const z = q.base.rsample();
      const pairs = q.base.logProb(reshape(z, [n, 1, 2]));
      const logs = logFractions(n, n, "stratified");
      const joint = logSumExp(sum(pairs, 2).add(logs), 1);
      const product = sum(logSumExp(pairs.add(reshape(logs, [n, n, 1])), 1), 1);
      const tc = joint.sub(product).mean();
      return evaluate([tc], noiseValues([tc], 4))[0]!.data[0]!;
    };
    expect(Math.abs(found(0))).toBeLessThan(0.04);
    const exact = -0.5 * Math.log(1 - (0.9 / (1 + v)) ** 2);
    expect(Math.abs(found(0.9) - exact)).toBeLessThan(0.08);
  });
});

describe("DIP-VAE", () => {
  test.each(["means", "codes"] as const)("penalizes the covariance of %s as written", (covariance) => {
    const model = modelOf("dipVAE", { covariance, offDiagonal: 3, diagonal: 7 });
    const { objectives, leaves } = pose(model);
    const found = results(objectives[0]!, leaves);
    const x = [...leaves.keys()].find((t): t is Input => t instanceof Input && t.name === "x")!;
    const q = model.encode!(x, evaluation, takeMean)["z"] as ReturnType<typeof independent<Normal>>;
    const [m, s] = evaluate([q.base.mean, q.base.variance], leaves).map(({ data }) => data) as [
      Float64Array,
      Float64Array,
    ];
    const mean = (f: (row: number) => number): number => [0, 1, 2, 3, 4].reduce((t, row) => t + f(row) / 5, 0);
    const center = [0, 1, 2].map((j) => mean((row) => m[row * 3 + j]!));
    let [off, on] = [0, 0];
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        const c = mean((row) => (m[row * 3 + i]! - center[i]!) * (m[row * 3 + j]! - center[j]!));
        if (i !== j) off += c * c;
        else on += (c + (covariance === "codes" ? mean((row) => s[row * 3 + i]!) : 0) - 1) ** 2;
      }
    expect(found["offDiagonal"]).toBeCloseTo(off, 9);
    expect(found["diagonal"]).toBeCloseTo(on, 9);
    expect(found["loss"]).toBeCloseTo(found["negElbo"]! + 3 * off + 7 * on, 9);
  });
});

describe("InfoVAE", () => {
  test.each([
    [0, 1],
    [1, 50],
    [0.25, 8],
  ])("with alpha %d and lambda %d weighs rate and discrepancy as written", (alpha, lambda) => {
    const { loss, distortion, rate, mmd } = first("infoVAE", { alpha, lambda });
    expect(loss).toBeCloseTo(distortion! + (1 - alpha) * rate! + (alpha + lambda - 1) * mmd!, 6);
  });

  test("its discrepancy is that of the batch's codes from as many samples of N(0, I)", () => {
    const model = modelOf("infoVAE", { kernel: "rbf" });
    const { objectives, leaves } = pose(model);
    const { mmd } = results(objectives[0]!, leaves);
    const x = [...leaves.keys()].find((t): t is Input => t instanceof Input && t.name === "x")!;
    const q = model.encode!(x, evaluation, takeMean)["z"] as ReturnType<typeof independent<Normal>>;
    const [means, stds] = evaluate([q.base.mean, q.base.std], leaves).map(({ data }) => data) as [
      Float64Array,
      Float64Array,
    ];
    // The noise of the codes, [1, 5, 3], and the samples of the prior, [5, 3].
    const noises = [...noiseValues([objectives[0]!.loss], 5).values()];
    const own = noises.find(({ shape: s }) => s.length === 3)!.data;
    const prior = noises.find(({ shape: s }) => s.length === 2)!.data;
    const codes = own.map((e, i) => means[i]! + stds[i]! * e);
    const rows = [0, 1, 2, 3, 4];
    const k = (a: Float64Array, i: number, b: Float64Array, l: number): number => {
      const squared = [0, 1, 2].reduce((sum, j) => sum + (a[3 * i + j]! - b[3 * l + j]!) ** 2, 0);
      return [0.1, 0.2, 0.5, 1, 2, 5, 10].reduce((sum, s) => sum + Math.exp(-squared / (2 * 3 * s)), 0);
    };
    let expected = 0;
    for (const i of rows)
      for (const l of rows) {
        if (i !== l) expected += (k(codes, i, codes, l) + k(prior, i, prior, l)) / (5 * 4);
        expected -= (2 * k(codes, i, prior, l)) / 25;
      }
    expect(mmd).toBeCloseTo(expected, 6);
  });

  test.each([
    [0.5, 0.2],
    [-1, 1.9],
  ])("refuses alpha %d and lambda %d, which would maximize the discrepancy", (alpha, lambda) => {
    expect(() => modelOf("infoVAE", { alpha, lambda })).toThrow(
      `info-vae: the discrepancy would be maximized, got alpha ${alpha} and lambda ${lambda}, expected a sum of at least 1`,
    );
  });

  test("refuses a batch of one", () => {
    expect(() => pose(modelOf("infoVAE"), { batch: 1 })).toThrow("a maximum mean discrepancy needs two codes");
  });
});

describe("FactorVAE", () => {
  test("shuffles each dimension by itself and loses nothing", () => {
    const [n, d] = [50, 3];
    const z = constant(
      Array.from({ length: n * d }, (_, i) => i),
      [n, d],
    );
    const shuffled = shuffledDimensions(z);
    const [{ data }] = evaluate([shuffled], noiseValues([shuffled], 1)) as [Value];
    const column = (j: number): number[] => Array.from({ length: n }, (_, i) => data[i * d + j]!);
    for (let j = 0; j < d; j++)
      expect(column(j).toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i * d + j));
    const together = column(0).filter((v, i) => column(1)[i] === v + 1 || column(2)[i] === v + 2).length;
    expect(together).toBeLessThan(10);
  });

  test("has each of its parameters changed by one objective", () => {
    const model = modelOf("factorVAE", { discriminatorDims: [4] });
    const { objectives, leaves } = pose(model);
    const [own, other] = objectives.map((objective) => [...objective.parameters.keys()]) as [string[], string[]];
    expect([...own, ...other].toSorted()).toEqual([...parameters(model).keys()].toSorted());
    expect(other.every((name) => name.startsWith("discriminator."))).toBe(true);
    const { loss, negElbo, totalCorrelation } = results(objectives[0]!, leaves);
    expect(loss).toBeCloseTo(negElbo! + 10 * totalCorrelation!, 9);
    // Algorithm 2: the discriminator learns from a second batch.
    expect(objectives.map(({ repeat }) => repeat)).toEqual([undefined, { times: 1, batches: "separate" }]);
    // The paper's appendix: the discriminator's Adam differs from the model's.
    const [theirs, discriminators] = objectives.map(({ optimizer }) => optimizer);
    expect(theirs).toBeUndefined();
    const scheduled = (peak: number) => (step: number) => peak / step;
    const made = discriminators!({
      optimizer: sgd({ learningRate: 1 }),
      scheduled,
      atRate: () => sgd({ learningRate: 2 }),
    });
    const expected = adam({ learningRate: scheduled(1e-4), beta1: 0.5, beta2: 0.9 });
    expect(made.name).toBe("adam");
    for (const at of [1, 2, 50].map((step) => ({ step, updates: step, decays: true })))
      expect(made.scalars(at)).toEqual(expected.scalars(at));
    const given = { parameter: constant(0), gradient: constant(1), slots: { m: constant(2), v: constant(4) } };
    const scalars = Object.fromEntries(scalarNames(made).map((name) => [name, constant(1)]));
    const [found, wanted] = [made, expected].map((each) => {
      const next = each.update({ ...given, scalars });
      return evaluate([next.parameter, next.slots["m"]!, next.slots["v"]!]).map(({ data }) => data[0]);
    });
    expect(found).toEqual(wanted);
    expect(found![1]).toBe(1.5);
  });

  test("its discriminator learns the log-ratio: the total correlation of Gaussian codes", async () => {
    const correlation = 0.8;
    const codes = (n: number): Tensor => {
      const [a, b] = [noise.normal([n, 1]), noise.normal([n, 1])];
      const both = constant([1, 0], [2])
        .mul(a)
        .add(constant([0, 1], [2]).mul(a.mul(correlation).add(b.mul(Math.sqrt(1 - correlation ** 2)))));
      return both;
    };
    const discriminator = new MLP([2, 32, 32, 1], { activation: "leakyRelu" });
    const model: Model & { readonly discriminator: MLP } = {
      discriminator,
      objectives: () => [
        {
          name: "discriminator",
          loss: discriminatorLoss(discriminator, codes(256)),
          parameters: parameters({ discriminator }),
          metrics: {},
        },
      ],
    };
    const optimizer = adam({ learningRate: 3e-3 });
    const step = compileStep(model, { device: cpu, shape: [1], batchSize: 1, optimizer });
    await step.initialize(1);
    const inputs = { x: new Float32Array(1), step: new Float32Array(1) };
    for (let i = 1; i <= 700; i++) await step.run({ inputs, seed: 1, step: i, metrics: false });
    const learned = new Map<Tensor, Value>();
    for (const v of step.variables.values())
      learned.set(v, value("float32", v.shape, Float64Array.from((await step.store.read(v)) as Float32Array)));
    await step.release();
    const tc = discriminator.apply(codes(10_000)).mean();
    const [{ data }] = evaluate([tc], new Map([...learned, ...noiseValues([tc], 2)])) as [Value];
    expect(Math.abs(data[0]! + 0.5 * Math.log(1 - correlation ** 2))).toBeLessThan(0.06);
  });
});

describe("the score-function estimator", () => {
  /** Means and variances of the encoder's gradient over many samples. */
  function moments(gradient: string, runs: number) {
    const model = modelOf("vae", { gradient });
    const { objectives, leaves } = pose(model);
    const { loss } = objectives[0]!;
    const encoder = [...parameters(model)].filter(([name]) => name.startsWith("encoder")).map(([, v]) => v);
    const gradients = grad(loss, encoder);
    const [sums, squares]: [number[], number[]] = [[], []];
    for (let r = 0; r < runs; r++) {
      const drawn = noiseValues([loss], r + (gradient === "score" ? 0 : 100_000));
      evaluate(gradients, new Map([...leaves, ...drawn]))
        .flatMap(({ data }) => Array.from(data))
        .forEach((g, i) => {
          sums[i] = (sums[i] ?? 0) + g / runs;
          squares[i] = (squares[i] ?? 0) + (g * g) / runs;
        });
    }
    return { mean: sums, variance: squares.map((s, i) => Math.max(0, s - sums[i]! ** 2)) };
  }

  test("has the mean of the reparameterized one, and many times its variance", () => {
    const [runs, many] = [500, 2000];
    const through = moments("reparameterized", runs);
    const score = moments("score", many);
    const z = score.mean.map(
      (m, i) => (m - through.mean[i]!) / Math.sqrt(score.variance[i]! / many + through.variance[i]! / runs + 1e-20),
    );
    z.forEach((each) => expect(Math.abs(each)).toBeLessThan(5));
    expect(z.reduce((s, each) => s + each * each, 0) / z.length).toBeLessThan(2.5);
    const total = (v: readonly number[]): number => v.reduce((a, b) => a + b);
    expect(total(score.variance)).toBeGreaterThan(5 * total(through.variance));
  });

  test("leaves the decoder's gradient and the value as they are", () => {
    const decoders = ["reparameterized", "score"].map((gradient) => {
      const model = modelOf("vae", { gradient });
      const { objectives, leaves } = pose(model);
      const { loss } = objectives[0]!;
      const decoder = [...parameters(model)].filter(([name]) => name.startsWith("decoder")).map(([, v]) => v);
      return evaluate([loss, ...grad(loss, decoder)], leaves).flatMap(({ data }) => Array.from(data));
    });
    decoders[0]!.forEach((v, i) => expect(decoders[1]![i]).toBeCloseTo(v, 9));
  });

  test("needs a rate in closed form", () => {
    expect(() => modelOf("vae", { gradient: "score", prior: "mixture" })).toThrow(
      "gradient: the score-function estimator",
    );
  });
});
