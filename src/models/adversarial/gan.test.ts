import { describe, expect, test } from "vitest";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { samplesOf } from "../../../test/samples-of.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, noise, type Tensor } from "../../graph/tensor.ts";
import { value } from "../../graph/value.ts";
import { conditioned, evaluation } from "../../nn/context.ts";
import { MLP } from "../../nn/mlp.ts";
import { parameters, variables } from "../../nn/module.ts";
import { adam } from "../../optim/adam.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { stream } from "../../random/index.ts";
import { compileStep } from "../../training/compile-step.ts";
import { optimizerFor, trainingSettings } from "../../training/settings.ts";
import { TrainingStep } from "../../training/step.ts";
import { adversarialLosses } from "./losses.ts";
import { gan, type GANConfig } from "./gan.ts";
import { gradientPenalties } from "./penalties.ts";

const configOf = (more: Partial<GANConfig> = {}): GANConfig =>
  gan.config.parse({ hiddenDims: [8], latentDim: 3, ...more });
const real = dataSpec([2], { range: null });
const device = await cpuDevice(1);
const classes = { name: "class", kind: "class", classes: ["a", "b", "c"] } as const;

describe("shapes", () => {
  test.each([[[1, 28, 28]], [[1, 27, 29]], [[3, 20, 33]]])("images of %j, whichever network", (shape) => {
    for (const network of ["mlp", "dcgan", "residual"] as const)
      for (const generatorNorm of ["none", "batch"] as const) {
        const model = gan.build(configOf({ network, channels: [2, 3], generatorNorm }), dataSpec(shape));
        expect(samplesOf(model, 5).shape).toEqual([5, ...shape]);
        expect(model.discriminate!(new Input("x", [5, ...shape]), evaluation).shape).toEqual([5]);
      }
  });

  test("samples of intensities are from 0 to 1, of real numbers as the network gives them", () => {
    const samples = (spec: typeof real): readonly number[] => {
      const model = gan.build(configOf(), spec);
      const drawn = samplesOf(model, 40);
      const held = new Map([...initialValues(model), ...noiseValues([drawn], 1)]);
      return Array.from(evaluate([drawn], held)[0]!.data, Number);
    };
    expect(samples(dataSpec([4])).every((v) => v > 0 && v < 1)).toBe(true);
    expect(samples(real).some((v) => v < 0)).toBe(true);
  });

  test("the class reaches generator and discriminator, whichever way", () => {
    for (const conditioning of ["projection", "concatenation"] as const)
      for (const network of ["mlp", "dcgan"] as const) {
        const shape = [1, 8, 8];
        const model = gan.build(
          configOf({ conditional: true, conditioning, network, channels: [2] }),
          dataSpec(shape, { fields: [classes] }),
        );
        const [x, z] = [new Input("x", [2, ...shape]), new Input("z", [2, 3])];
        const given = (y: number) => conditioned(evaluation, { class: constant([y, y], [2], "int64") });
        const of = (y: number): readonly number[][] => {
          const roots = [model.decode!({ z }, given(y)).mean, model.discriminate!(x, given(y))];
          const held = new Map([...initialValues(model), [x, sines(x, 1)], [z, sines(z, 2)]]);
          return evaluate(roots, held).map(({ data }) => Array.from(data, Number));
        };
        const [first, second] = [of(0), of(2)];
        for (const i of [0, 1]) expect(first[i]).not.toEqual(second[i]);
      }
  });
});

test("each objective changes its own network: the discriminator's on fresh batches, never averaged", () => {
  const model = gan.build(configOf({ discriminatorSteps: 3 }), real);
  const objectives = objectivesOf(model, new Input("x", [4, 2]));
  const [discriminator, generator] = objectives;
  expect(discriminator!.repeat).toEqual({ times: 3, batches: "fresh" });
  expect(discriminator!.ema).toBe(false);
  const names = (one: typeof discriminator) => [...one!.parameters.keys()];
  expect(names(discriminator).every((name) => name.startsWith("discriminator."))).toBe(true);
  expect(names(generator).every((name) => name.startsWith("generator."))).toBe(true);
  expect(names(discriminator).length + names(generator).length).toBe(parameters(model).size);
});

test("the weight of the js penalty falls exponentially from 2 to a hundredth of it", () => {
  const model = gan.build(configOf({ loss: "non-saturating", penalty: "js", annealing: 1000 }), real);
  const x = new Input("x", [6, 2]);
  const at = (step: number): number => {
    const [{ loss, metrics }] = objectivesOf(model, x, { step: constant(step) }) as [
      ReturnType<typeof objectivesOf>[0],
    ];
    const played = objectivesOf(gan.build(configOf({ loss: "non-saturating", penalty: "none" }), real), x);
    expect(played[0]!.metrics["penalty"]).toBeUndefined();
    const held = new Map([...initialValues(model), ...noiseValues([loss], 1), [x, sines(x, 1)]]);
    const [total, omega, onReal, onFake] = evaluate(
      [loss, metrics["penalty"]!, metrics["realScore"]!, metrics["fakeScore"]!],
      held,
    ).map(({ data }) => Number(data[0]));
    expect([onReal, onFake].every(Number.isFinite)).toBe(true);
    return total! / omega!;
  };
  // total = played + weight omega, so differences of the ratio are differences of the weight.
  expect(at(0) - at(500)).toBeCloseTo(2 - 0.2, 4);
  expect(at(0) - at(1000)).toBeCloseTo(2 - 0.02, 4);
  expect(at(1000)).toBeCloseTo(at(5000), 6);
});

test("a critic with the penalty on interpolates measures the Wasserstein-1 distance of two Gaussians within 10 %", async () => {
  const critic = new MLP([2, 64, 64, 1], { activation: "leakyRelu" });
  const f = (x: Tensor): Tensor => critic.apply(x).reshape([-1]);
  // N(0, I) and N((0.6, -0.8), I) are 1 apart: the best transport moves each point by the difference of the means.
  const [fake, shifted] = [noise.normal([256, 2]), noise.normal([256, 2]).add(constant([0.6, -0.8], [2]))];
  const played = adversarialLosses.wasserstein.discriminator(f(shifted), f(fake));
  const penalty = gradientPenalties.interpolates.of(f, { real: shifted, fake });
  const step = new TrainingStep({
    device,
    variables: variables(critic),
    objectives: [
      { name: "critic", loss: played.add(penalty.mul(10)), parameters: parameters(critic), metrics: { played } },
    ],
    optimizer: adam({ learningRate: 1e-3, beta1: 0.5, beta2: 0.9 }),
  });
  await step.initialize(0);
  const distances: number[] = [];
  for (let n = 1; n <= 600; n++) {
    const { played: loss } = await step.run({ inputs: {}, seed: 0, step: n, metrics: n > 400 });
    if (n > 400) distances.push(-loss!);
  }
  await step.release();
  const distance = distances.reduce((a, b) => a + b) / distances.length;
  expect(distance).toBeGreaterThan(0.9);
  expect(distance).toBeLessThan(1.1);
});

/** Trains on batches of points, and gives the metrics of each step and 2,000 samples. */
async function trained(
  config: Partial<GANConfig>,
  options: {
    readonly shape: readonly number[];
    readonly steps: number;
    readonly batchOf: (step: number) => Float32Array;
    readonly learningRate?: number;
  },
) {
  const { shape, steps, batchOf, learningRate = 1e-3 } = options;
  const model = gan.build(configOf(config), dataSpec(shape, { range: null }));
  const settings = trainingSettings.parse({ learningRate, beta1: 0.5, beta2: 0.9 });
  const batchSize = batchOf(1).length / shape[0]!;
  const step = compileStep(model, { device, shape, batchSize, optimizer: (o) => optimizerFor(settings, steps, [], o) });
  await step.initialize(0);
  const metrics: Readonly<Record<string, number>>[] = [];
  for (let n = 1; n <= steps; n++)
    metrics.push(
      await step.run({ inputs: { x: batchOf(n), step: Float32Array.of(n) }, seed: 0, step: n, metrics: true }),
    );
  const weights = new Map<Tensor, ReturnType<typeof value>>();
  for (const v of step.variables.values())
    weights.set(v, value("float32", v.shape, (await step.store.read(v)) as Float32Array));
  await step.release();
  return { model, metrics, weights };
}

test("on a Gaussian the game ends in equilibrium: the discriminator's loss is 2 log 2, the generator's log 2", async () => {
  const random = stream(0, "gaussian");
  const batchOf = (): Float32Array => Float32Array.from({ length: 256 }, () => 1 + 0.5 * random.normal());
  const { metrics, model, weights } = await trained(
    { loss: "non-saturating", penalty: "r1", penaltyWeight: 0.5, hiddenDims: [32, 32], latentDim: 1 },
    { shape: [1], steps: 1500, batchOf },
  );
  const late = (name: string): number => metrics.slice(-300).reduce((s, m) => s + m[name]! / 300, 0);
  expect(Math.abs(late("discriminator") - 2 * Math.log(2))).toBeLessThan(0.02);
  expect(Math.abs(late("generator") - Math.log(2))).toBeLessThan(0.02);
  const drawn = samplesOf(model, 4000);
  const [samples] = evaluate([drawn], new Map([...weights, ...noiseValues([drawn], 5)]));
  const values = Array.from(samples!.data, Number);
  const mean = values.reduce((a, b) => a + b) / 4000;
  expect(Math.abs(mean - 1)).toBeLessThan(0.15);
  expect(Math.abs(Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / 4000) - 0.5)).toBeLessThan(0.15);
});

test("weight clipping bounds every weight of the critic, and none of the generator's", async () => {
  const { model, weights } = await trained(
    { loss: "wasserstein", penalty: "none", clip: 0.01, generatorNorm: "batch" },
    { shape: [2], steps: 20, batchOf: () => Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)) },
  );
  const most = (part: string): number =>
    Math.max(
      ...[...parameters(model)].flatMap(([name, v]) =>
        name.startsWith(part) ? Array.from(weights.get(v)!.data, (w) => Math.abs(w)) : [],
      ),
    );
  expect(most("discriminator.")).toBeLessThanOrEqual(Math.fround(0.01));
  expect(most("generator.")).toBeGreaterThan(0.01);
});

test("categories of a table are sampled as one value each, and learned through their gradient", () => {
  const columns = [
    { name: "age", kind: "number" },
    { name: "color", kind: "category", values: ["red", "green", "blue"] },
    { name: "size", kind: "number" },
  ] as const;
  const model = gan.build(configOf(), dataSpec([5], { kind: "table", range: null, columns }));
  const drawn = samplesOf(model, 50);
  const held = new Map([...initialValues(model), ...noiseValues([drawn], 3)]);
  const rows = Array.from(evaluate([drawn], held)[0]!.data, Number);
  for (let at = 0; at < rows.length; at += 5)
    expect(rows.slice(at + 1, at + 4).toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
  // The logits of the color, rows 1 to 3 of the last layer, get a gradient though samples of them are one-hot.
  const x = new Input("x", [4, 5]);
  const [, { loss, parameters: trained }] = objectivesOf(model, x) as [unknown, ReturnType<typeof objectivesOf>[0]];
  const [slope] = grad(loss, [trained.get("generator.dense.1.bias")!]);
  const [slopes] = evaluate(
    [slope!],
    new Map([...initialValues(model), ...noiseValues([slope!], 3), [x, sines(x, 1)]]),
  );
  expect(Array.from(slopes!.data, Number).filter((v) => Math.abs(v) > 1e-6)).toHaveLength(5);
});

describe("refuses in one line", () => {
  test.each<[Partial<GANConfig>, string]>([
    [
      { loss: "hinge", smoothing: 0.1 },
      "smoothing: the loss hinge has no labels to smooth, got 0.1, expected 0, or one of the losses minimax, non-saturating, least-squares",
    ],
    [
      { penalty: "none", penaltyWeight: 1 },
      "penaltyWeight: there is no penalty, got 1, expected penalty to be one of interpolates, js, r1, r2, r1-r2",
    ],
    [
      { loss: "wasserstein", penalty: "none" },
      "loss: a critic without a bound on its slope has no Wasserstein distance, got neither penalty, clip nor spectralNorm, expected one, such as penalty=interpolates",
    ],
    [
      { network: "dcgan" },
      "network: dcgan needs images, got examples of shape [2], expected [channels, height, width]; use network=mlp",
    ],
    [
      { conditional: true },
      "model: it is conditioned on labels, got data without, expected labeled data, such as digits, or a table with --condition COLUMN, or a folder of images for each class",
    ],
  ])("%j", (config, message) => {
    expect(() => gan.build(configOf(config), real)).toThrow(message);
  });

  test.each([
    [[2, 2, 2, 2], [1, 6, 20], "got 4 of them for images of 20x6, expected at most 2; or use network=mlp"],
    [[2], [3, 1, 9], "got 1 of them for images of 9x1, expected images of at least 2x2; or use network=mlp"],
  ])("images too small for channels %j: %j", (channels, shape, message) => {
    expect(() => gan.build(configOf({ network: "dcgan", channels }), dataSpec(shape))).toThrow(
      `channels: dcgan halves an image at each layer, ${message}`,
    );
    // The smallest that it allows can be built.
    const side = 2 ** channels.length;
    expect(() => gan.build(configOf({ network: "dcgan", channels }), dataSpec([1, side, side]))).not.toThrow();
  });
});
