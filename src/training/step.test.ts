import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError, ShapeError, UnsupportedOpError } from "../errors.ts";
import { constant, Input, noise, type Tensor, Variable } from "../graph/tensor.ts";
import type { Objective } from "../models/model.ts";
import type { StepObjective } from "./objective-graph.ts";
import { MLP } from "../nn/mlp.ts";
import { variables } from "../nn/module.ts";
import { argmax, cast, clamp, exp, floor, greater, mean, square, stopGradient, sub, sum } from "../ops/index.ts";
import { adam, trackEma, clipByNorm, type Optimizer, sgd, skipAbove } from "../optim/index.ts";
import { fillNormal, streamKey } from "../random/index.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { Program } from "../runtime/program.ts";
import { TrainingStep } from "./step.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const zero = { kind: "constant", value: 0 } as const;
const startingAt = (value: number, shape: readonly number[] = []): Variable =>
  new Variable(shape, { kind: "constant", value });
const statistic = (shape: readonly number[] = []): Variable => new Variable(shape, zero, { trainable: false });
const objective = (name: string, loss: Tensor, parameters: Record<string, Variable>): Objective => ({
  name,
  loss,
  parameters: new Map(Object.entries(parameters)),
  metrics: {},
});

/** A step over the objectives' own parameters and further variables, with its initial values sampled. */
async function stepOf(options: {
  readonly objectives: readonly Objective[];
  readonly optimizer?: Optimizer | ((objective: Objective) => Optimizer);
  readonly device?: Device;
  readonly statistics?: Readonly<Record<string, Variable>>;
}): Promise<TrainingStep> {
  const { objectives, optimizer = sgd({ learningRate: 1 }), device = cpu, statistics = {} } = options;
  const all = new Map([...objectives.flatMap((o) => [...o.parameters]), ...Object.entries(statistics)]);
  const step = new TrainingStep({ device, variables: all, objectives, optimizer });
  await step.initialize(0);
  return step;
}
const numbersOf = async (step: TrainingStep, v: Variable): Promise<number[]> =>
  Array.from((await step.store.read(v)) as Float32Array);

// The CPU stands in for a device that keeps its own state and updates it in the graph.
describe.each(["host", "device"] as const)("a step with its state on the %s", (residency) => {
  const device = (): Device => ({ ...cpu, residency });

  test("leaves out a metric over a part of the batch that there is none of, and no other", async () => {
    const w = startingAt(5);
    const x = new Input("x", [2]);
    const positive = cast(greater(x, 0), "float32");
    const mean = sum(x.mul(positive)).div(sum(positive));
    const half = { ...objective("half", square(sub(w, 1)), { w }), metrics: { ofPositive: mean, other: mean } };
    const step = await stepOf({ device: device(), objectives: [{ ...half, partial: ["ofPositive"] }] });
    const metrics = (...values: readonly number[]) =>
      step.run({ inputs: { x: Float32Array.from(values) }, seed: 0, step: 1, metrics: true });
    expect(await metrics(3, -1)).toMatchObject({ ofPositive: 3, other: 3 });
    const without = await metrics(-3, -1);
    expect(without).not.toHaveProperty("ofPositive");
    expect(without["other"]).toBeNaN();
    await step.release();
  });

  test("descends: w - c shrinks by 1 - rate a step, and the loss is the one before the update", async () => {
    const w = startingAt(5);
    const loss = square(sub(w, 1)).mul(0.5);
    const step = await stepOf({
      device: device(),
      objectives: [objective("half", loss, { w })],
      optimizer: sgd({ learningRate: 0.5 }),
    });
    const seen: unknown[] = [];
    for (let n = 1; n <= 3; n++) seen.push(await step.run({ inputs: {}, seed: 0, step: n, metrics: true }));
    expect(seen).toEqual([
      { half: 8, gradientNorm: 4 },
      { half: 2, gradientNorm: 2 },
      { half: 0.5, gradientNorm: 1 },
    ]);
    expect(await numbersOf(step, w)).toEqual([1.5]);
    await step.release();
  });

  test("objectives run in order, each on what the one before has made of the weights", async () => {
    const [a, b] = [startingAt(3), startingAt(10)];
    const first = objective("first", a.mul(1), { a });
    const second = { ...objective("second", b.mul(stopGradient(a)), { b }), metrics: { a } };
    const step = await stepOf({ device: device(), objectives: [first, second] });
    expect(await step.run({ inputs: {}, seed: 0, step: 1, metrics: true })).toEqual({
      first: 3,
      "first.gradientNorm": 1,
      second: 20,
      a: 2,
      "second.gradientNorm": 2,
    });
    expect(await numbersOf(step, b)).toEqual([8]);
    await step.release();
  });

  // With a constant gradient each update of Adam moves by exactly the rate: its bias corrections count updates, not steps.
  test("an objective runs in every n-th step, or several times in one, and its optimizer counts what it did", async () => {
    const [rare, often, both] = [startingAt(0), startingAt(0), startingAt(0)];
    const step = await stepOf({
      device: device(),
      optimizer: adam({ learningRate: 1 }),
      objectives: [
        { ...objective("rare", rare.mul(2), { rare }), every: 3 },
        { ...objective("often", often.mul(2), { often }), repeat: { times: 4, batches: "same" } },
        { ...objective("both", both.mul(2), { both }), every: 2, repeat: { times: 3, batches: "same" } },
      ],
    });
    const after: number[][] = [];
    for (let n = 1; n <= 6; n++) {
      await step.run({ inputs: {}, seed: 0, step: n });
      after.push([
        ...(await numbersOf(step, rare)),
        ...(await numbersOf(step, often)),
        ...(await numbersOf(step, both)),
      ]);
    }
    const expected = Array.from({ length: 6 }, (_, i) => [
      Math.floor((i + 1) / 3),
      4 * (i + 1),
      3 * Math.floor((i + 1) / 2),
    ]);
    after.forEach((row, i) => row.forEach((v, k) => expect(v, `step ${i + 1}`).toBeCloseTo(-expected[i]![k]!, 4)));
    await step.release();
  });

  // Adam's first update is its rate whatever the gradient; sgd's is the rate times the gradient.
  test("an objective may have an optimizer of its own, with slots of its own", async () => {
    const [a, b] = [startingAt(0), startingAt(0)];
    const plain = sgd({ learningRate: 1 });
    const own = adam({ learningRate: 0.25, beta1: 0.5, beta2: 0.9 });
    const step = await stepOf({
      device: device(),
      objectives: [objective("run", a.mul(4), { a }), { ...objective("own", b.mul(4), { b }), optimizer: () => own }],
      optimizer: ({ optimizer }) =>
        optimizer?.({ optimizer: plain, scheduled: (rate) => rate, atRate: () => plain }) ?? clipByNorm(plain, 2),
    });
    await step.run({ inputs: {}, seed: 0, step: 1 });
    const [byNorm] = await numbersOf(step, a);
    expect(byNorm).toBeCloseTo(-2, 6);
    const [byRate] = await numbersOf(step, b);
    expect(byRate).toBeCloseTo(-0.25, 6);
    expect([...step.optimizerVariables.keys()]).toEqual(["own.b.m", "own.b.v"]);
    const second = step.optimizerVariables.get("own.b.v")!;
    expect((await numbersOf(step, second))[0]).toBeCloseTo(0.1 * 4 ** 2, 6);
    await step.release();
  });

  test("a repeated objective sees fresh noise each time, keyed by the seed", async () => {
    const w = startingAt(0, [4]);
    const step = await stepOf({
      device: device(),
      objectives: [
        { ...objective("noisy", sum(w.mul(noise.normal([4]))), { w }), repeat: { times: 2, batches: "same" } },
      ],
    });
    await step.run({ inputs: {}, seed: 11, step: 1 });
    await step.run({ inputs: {}, seed: 11, step: 2 });
    const expected = new Float32Array(4);
    for (const run of [2, 3, 4, 5]) {
      const sampled = new Float32Array(4);
      fillNormal(sampled, streamKey(11, "noise", "noisy", run, 0));
      sampled.forEach((v, i) => (expected[i]! -= v));
    }
    expect(await numbersOf(step, w)).toEqual([...expected]);
    await step.release();
  });

  test.each([1, 2])(
    "an objective repeats with fresh batches, the others see the first, in %i parts each",
    async (accumulate) => {
      const x = new Input("x", [4 / accumulate]);
      const [critic, generator] = [startingAt(0), startingAt(0)];
      const step = new TrainingStep({
        device: device(),
        variables: new Map([
          ["critic", critic],
          ["generator", generator],
        ]),
        objectives: [
          {
            ...objective("critic", critic.mul(mean(x)), { critic }),
            repeat: { times: 3, batches: "fresh" },
            metrics: { seen: mean(x) },
          },
          objective("generator", generator.mul(mean(x)), { generator }),
        ],
        optimizer: sgd({ learningRate: 1 }),
        accumulate,
      });
      await step.initialize(0);
      expect(step.batchesPerStep).toBe(3);
      // Means of the batches: 1, 10 and 100.
      const inputs = { x: Float32Array.of(0, 1, 1, 2, 4, 16, 8, 12, 50, 150, 90, 110) };
      const { seen } = await step.run({ inputs, seed: 0, step: 1, metrics: true });
      // Metrics are those of the last run.
      expect(seen).toBe(100);
      expect(await numbersOf(step, critic)).toEqual([-111]);
      expect(await numbersOf(step, generator)).toEqual([-1]);
      await step.release();
    },
  );

  test("an objective with separate batches sees none of the others'", async () => {
    const x = new Input("x", [2]);
    const [own, other] = [startingAt(0), startingAt(0)];
    const step = new TrainingStep({
      device: device(),
      variables: new Map([
        ["own", own],
        ["other", other],
      ]),
      objectives: [
        objective("own", own.mul(mean(x)), { own }),
        { ...objective("other", other.mul(mean(x)), { other }), repeat: { times: 2, batches: "separate" } },
      ],
      optimizer: sgd({ learningRate: 1 }),
    });
    await step.initialize(0);
    expect(step.batchesPerStep).toBe(3);
    // Means of the batches: 1, 10 and 100.
    await step.run({ inputs: { x: Float32Array.of(0, 2, 8, 12, 90, 110) }, seed: 0, step: 1 });
    expect(await numbersOf(step, own)).toEqual([-1]);
    expect(await numbersOf(step, other)).toEqual([-110]);
    await step.release();
  });

  test("parameters of an objective that is not averaged have no EMA weights", async () => {
    const [a, b] = [startingAt(4), startingAt(2)];
    const step = await stepOf({
      device: device(),
      objectives: [objective("kept", a.mul(1), { a }), { ...objective("critic", b.mul(1), { b }), ema: false }],
      optimizer: ({ ema }) => (ema === false ? sgd({ learningRate: 1 }) : trackEma(sgd({ learningRate: 1 }), 0)),
    });
    await step.run({ inputs: {}, seed: 0, step: 1 });
    expect([...step.emaWeights().keys()]).toEqual([a]);
    expect(await numbersOf(step, step.emaWeights().get(a)!)).toEqual([3]);
    await step.release();
  });

  test("the graph's own updates are made from the values before the step, in every step", async () => {
    const x = new Input("x", [8]);
    const [w, runningMean, count] = [startingAt(0), statistic(), statistic()];
    const batchMean = mean(x);
    const centred = {
      ...objective("centred", w.mul(mean(x.sub(runningMean))), { w }),
      metrics: { runningMean: runningMean.mul(1) },
      updates: new Map([
        [runningMean, runningMean.mul(0.75).add(batchMean.mul(0.25))],
        [count, count.add(1)],
      ]),
    };
    const step = await stepOf({ device: device(), objectives: [centred], statistics: { runningMean, count } });
    let expected = 0;
    let weight = 0;
    for (let n = 1; n <= 5; n++) {
      const metrics = n % 2 === 0;
      const found = await step.run({ inputs: { x: new Float32Array(8).fill(n) }, seed: 0, step: n, metrics });
      if (metrics) expect(found["runningMean"]).toBeCloseTo(expected, 6);
      weight -= n - expected;
      expected = 0.75 * expected + 0.25 * n;
      expect((await numbersOf(step, runningMean))[0]).toBeCloseTo(expected, 6);
      expect((await numbersOf(step, w))[0]).toBeCloseTo(weight, 5);
    }
    expect(await numbersOf(step, count)).toEqual([5]);
    await step.release();
  });

  test("a skipped update leaves weights, moments, EMA weights and running statistics bit for bit, and is counted", async () => {
    const [w, seen] = [startingAt(3, [2]), statistic()];
    const factor = new Input("factor", []);
    const loss = objective("loss", sum(square(w)).mul(factor), { w });
    const step = await stepOf({
      device: device(),
      objectives: [Object.assign(loss, { updates: new Map([[seen, seen.add(1)]]) })],
      optimizer: skipAbove(trackEma(adam({ learningRate: 0.1 }), 0.9), 100),
      statistics: { seen },
    });
    const run = (n: number, by: number, metrics = false) =>
      step.run({ inputs: { factor: Float32Array.of(by) }, seed: 0, step: n, metrics });
    const state = async (): Promise<number[][]> => {
      const all = [...step.variables, ...step.optimizerVariables].filter(([name]) => !name.endsWith("skippedUpdates"));
      return Promise.all(all.map(([, v]) => numbersOf(step, v)));
    };
    await run(1, 1);
    const before = await state();
    expect(await numbersOf(step, seen)).toEqual([1]);
    // A norm of 1e3 times 8.4, one that is infinite, and one that is no number.
    expect((await run(2, 1e3, true))["skippedUpdates"]).toBe(1);
    await run(3, Infinity);
    await run(4, NaN);
    expect(await state()).toEqual(before);
    expect((await run(5, 1, true))["skippedUpdates"]).toBe(3);
    expect((await state()).every((values, i) => values[0] !== before[i]![0])).toBe(true);
    expect(await numbersOf(step, step.optimizerVariables.get("loss.skippedUpdates")!)).toEqual([3]);
  });

  test("averaged weights are found by the parameter they stand for", async () => {
    const w = startingAt(4);
    const step = await stepOf({
      device: device(),
      objectives: [objective("loss", w.mul(1), { w })],
      optimizer: trackEma(sgd({ learningRate: 1 }), 0),
    });
    const emaWeights = step.emaWeights();
    expect([...emaWeights.keys()]).toEqual([w]);
    expect(step.optimizerVariables.get("loss.w.ema")).toBe(emaWeights.get(w));
    const scoring = new Program(step.store, { name: "score", outputs: new Map([["w", w.mul(10)]]), emaWeights });
    expect(await scoring.run({ outputs: ["w"] })).toEqual({ w: Float32Array.of(40) });
    await step.run({ inputs: {}, seed: 0, step: 1 });
    expect(await scoring.run({ outputs: ["w"] })).toEqual({ w: Float32Array.of(30) });
    await scoring.release();
    await step.release();
  });
});

/**
 * A noisy regression whose products are large enough to be split among threads. They sum at most 128 terms: beyond that
 * ONNX Runtime 1.30 cuts the sum in blocks that depend on the columns a thread gets, and with them the rounding.
 */
function regression(optimizer: Optimizer, device: Device): { readonly step: TrainingStep; readonly network: MLP } {
  const network = new MLP([48, 128, 100, 3], { activation: "tanh" });
  const x = new Input("x", [96, 48]);
  const blurred = x.add(noise.normal([96, 48]).mul(0.1));
  const error = mean(square(sub(network.apply(blurred), x.reshape([96, 16, 3]).sum(1))));
  const all = variables(network);
  const step = new TrainingStep({
    device,
    variables: all,
    objectives: [{ name: "loss", loss: error, parameters: all, metrics: { bits: error.mul(Math.LOG2E) } }],
    optimizer,
  });
  return { step, network };
}
const batch = Float32Array.from({ length: 96 * 48 }, (_, i) => Math.sin(i * i));
const clippedAdam = trackEma(clipByNorm(adam({ learningRate: 3e-3 }), 0.8), 0.99);

/** A digest of the bytes of all weights and all the optimizer keeps. */
async function stateOf(step: TrainingStep): Promise<string> {
  const digest = createHash("sha256");
  for (const v of [...step.variables.values(), ...step.optimizerVariables.values()])
    digest.update(await step.store.read(v));
  return digest.digest("hex");
}
async function trained(
  device: Device,
  {
    steps = 12,
    metrics = () => false,
    seed = 5,
  }: { steps?: number; metrics?: (n: number) => boolean; seed?: number } = {},
): Promise<{ readonly state: string; readonly losses: number[] }> {
  const { step } = regression(clippedAdam, device);
  await step.initialize(seed);
  const losses: number[] = [];
  for (let n = 1; n <= steps; n++) {
    const found = await step.run({ inputs: { x: batch }, seed, step: n, metrics: metrics(n) });
    if (metrics(n)) losses.push(found["loss"]!);
    else expect(found).toEqual({});
  }
  const state = await stateOf(step);
  await step.release();
  return { state, losses };
}

describe("training is a function of the seed alone", () => {
  test("two runs give the same bytes, another seed others, and the loss falls", async () => {
    const { state, losses } = await trained(cpu, { metrics: () => true });
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]!);
    expect(await trained(cpu, { metrics: () => true })).toEqual({ state, losses });
    expect((await trained(cpu, { seed: 6 })).state).not.toEqual(state);
  });

  test("computing metrics in all, some or none of the steps leaves the weights bit for bit", async () => {
    const { state } = await trained(cpu);
    expect((await trained(cpu, { metrics: () => true })).state).toEqual(state);
    expect((await trained(cpu, { metrics: (n) => n % 5 === 0 })).state).toEqual(state);
  });

  test("one thread and two give the same bytes", async () => {
    expect((await trained(await cpuDevice(2))).state).toEqual((await trained(cpu)).state);
  });

  test("12 steps are 5 steps, a copy of the state into a new step, and 7 more", async () => {
    const first = regression(clippedAdam, cpu).step;
    await first.initialize(5);
    for (let n = 1; n <= 5; n++) await first.run({ inputs: { x: batch }, seed: 5, step: n });
    const second = regression(clippedAdam, cpu).step;
    for (const kind of ["variables", "optimizerVariables"] as const)
      for (const [name, v] of first[kind]) await second.store.write(second[kind].get(name)!, await first.store.read(v));
    for (let n = 6; n <= 12; n++) await second.run({ inputs: { x: batch }, seed: 5, step: n });
    expect(await stateOf(second)).toEqual((await trained(cpu)).state);
    await Promise.all([first.release(), second.release()]);
  });

  test("initializing again forgets everything learned", async () => {
    const { step } = regression(clippedAdam, cpu);
    await step.initialize(5);
    const start = await stateOf(step);
    await step.run({ inputs: { x: batch }, seed: 5, step: 1 });
    expect(await stateOf(step)).not.toEqual(start);
    await step.initialize(5);
    expect(await stateOf(step)).toEqual(start);
    await step.release();
  });
});

describe("gradients accumulated over batches", () => {
  const examples = 96;
  const accumulating = (optimizer: Optimizer, device: Device, accumulate: number) => {
    const model = new MLP([48, 64, 1], { activation: "tanh" });
    const x = new Input("x", [examples / accumulate, 48]);
    const loss = mean(square(sub(model.apply(x), mean(x, -1, true))));
    const all = variables(model);
    return new TrainingStep({
      device,
      variables: all,
      objectives: [{ name: "loss", loss, parameters: all, metrics: {} }],
      optimizer,
      accumulate,
    });
  };

  // The CPU stands in for a device that keeps its own state and updates it in the graph.
  test.each(["host", "device"] as const)(
    "are those of one batch of them all, with state on the %s",
    async (residency) => {
      const after = async (accumulate: number) => {
        const step = accumulating(clippedAdam, { ...cpu, residency }, accumulate);
        await step.initialize(5);
        const seen = [];
        for (let n = 1; n <= 5; n++)
          seen.push(await step.run({ inputs: { x: batch }, seed: 5, step: n, metrics: true }));
        const weights = [];
        for (const v of step.variables.values()) weights.push(...((await step.store.read(v)) as Float32Array));
        await step.release();
        return { seen, weights };
      };
      const whole = await after(1);
      for (const accumulate of [2, 3]) {
        const parts = await after(accumulate);
        // Sums in another order: float32 keeps 7 digits, and Adam divides by the root of small numbers.
        parts.weights.forEach((w, i) => expect(Math.abs(w - whole.weights[i]!)).toBeLessThan(1e-5));
        parts.seen.forEach(({ loss, gradientNorm }, i) => {
          expect(loss).toBeCloseTo(whole.seen[i]!["loss"]!, 5);
          expect(gradientNorm).toBeCloseTo(whole.seen[i]!["gradientNorm"]!, 5);
        });
      }
    },
  );

  test("each batch has noise of its own", async () => {
    const w = startingAt(0, [4]);
    const step = new TrainingStep({
      device: cpu,
      variables: new Map([["w", w]]),
      objectives: [objective("loss", sum(w.mul(noise.normal([4]))), { w })],
      optimizer: sgd({ learningRate: 1 }),
      accumulate: 3,
    });
    await step.initialize(0);
    await step.run({ inputs: {}, seed: 7, step: 2 });
    const expected = new Float64Array(4);
    for (const step of [6, 7, 8]) {
      const data = new Float32Array(4);
      fillNormal(data, streamKey(7, "noise", "loss", step, 0));
      data.forEach((v, i) => (expected[i]! -= v / 3));
    }
    (await numbersOf(step, w)).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 6));
    await step.release();
  });
});

describe("refusals", () => {
  const w = startingAt(1, [3]);
  const refused = (o: Partial<StepObjective>, more: Readonly<Record<string, Variable>> = {}) => {
    const whole = { ...objective("loss", sum(exp(w)), { w }), ...o };
    return () =>
      new TrainingStep({
        device: cpu,
        variables: new Map(Object.entries({ w, ...more })),
        objectives: [whole],
        optimizer: sgd({ learningRate: 1 }),
      });
  };

  test("an op without a derivative is named", () => {
    expect(refused({ loss: sum(floor(w)) })).toThrow(UnsupportedOpError);
    expect(refused({ loss: sum(floor(w)) })).toThrow(/^grad: Floor has no derivative/);
  });

  test.each([
    ["is cut off by stopGradient", sum(stopGradient(w))],
    ["passes through integers", cast(argmax(w, 0), "float32")],
    ["does not reach the parameters", constant(2).mul(1)],
  ])("a loss that %s is refused by its objective's name", (_, loss) => {
    expect(refused({ loss })).toThrow(ConfigError);
    expect(refused({ loss })).toThrow(/^step: objective loss cannot learn, got a loss without a gradient/);
  });

  test("a loss that reaches some parameters only is taken", () => {
    const idle = startingAt(1);
    expect(refused({ parameters: new Map(Object.entries({ w, idle })) }, { idle })).not.toThrow();
    expect(refused({ loss: sum(clamp(w, 5, 6)) })).not.toThrow();
  });

  test("a loss that is not a scalar", () => {
    expect(refused({ loss: exp(w) })).toThrow(ShapeError);
    expect(refused({ loss: exp(w) })).toThrow("grad: the loss is not a scalar, got shape [3], expected []");
  });

  test("parameters that are missing, strange, of another dtype, or changed twice", () => {
    const double = new Variable([3], zero, { dtype: "float64" });
    const stranger = startingAt(0, [3]);
    expect(refused({ parameters: new Map() })).toThrow(
      new ConfigError("step: objective loss has no parameters, got none, expected at least one to optimize"),
    );
    expect(refused({ loss: cast(sum(exp(double)), "float32"), parameters: new Map([["d", double]]) })).toThrow(
      new ConfigError("step: d cannot be optimized, got float64[3], expected float32"),
    );
    expect(refused({ loss: sum(exp(stranger)), parameters: new Map([["s", stranger]]) })).toThrow(
      "step: s of objective loss has no initial value, got a variable that is not the model's",
    );
    expect(refused({ updates: new Map([[w, w.mul(2)]]) })).toThrow("step: objective loss changes w twice");
  });

  test("an input of a batch that does not fit", async () => {
    const { step } = regression(sgd({ learningRate: 1 }), cpu);
    await step.initialize(0);
    await expect(step.run({ inputs: { x: batch.subarray(48) }, seed: 0, step: 1 })).rejects.toThrow(
      "program loss: input x does not fit, got a Float32Array of 4560, expected a Float32Array of 4608 for float32[96,48]",
    );
    await step.release();
  });
});
