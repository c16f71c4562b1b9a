/**
 * Inversion of a decoder by optimization (Zhu et al. 2016, arXiv:1609.03552; Lipton & Tripathi 2017, arXiv:1702.04782): for each example x
 * of n values the code z of d dimensions that minimizes
 *
 *   J(z) = |x - G(z)|^2 / n + weight |z|^2 / (2 d),   G(z) the mean of p(x|z),
 *
 * by Adam with a cosine rate, from several starts of which the best is kept. With weight = 2 d s^2 / n it is the code of largest
 * posterior density, p(z|x) with p(x|z) = N(G(z), s^2 I) and p(z) = N(0, I).
 */
import { DataError, DivergedError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { grad } from "../graph/grad.ts";
import { Input, noise, type Tensor, Variable } from "../graph/tensor.ts";
import { meanSquaredError } from "../metrics/psnr.ts";
import { completeCodes } from "../models/latent.ts";
import type { Model } from "../models/model.ts";
import { variables } from "../nn/module.ts";
import { square } from "../ops/arithmetic.ts";
import { lessEqual, where } from "../ops/comparison.ts";
import { flatten } from "../ops/movement.ts";
import { mean, sum } from "../ops/reduction.ts";
import { adam } from "../optim/adam.ts";
import { scalarNames } from "../optim/optimizer.ts";
import { schedule } from "../optim/schedule.ts";
import { parseSettings } from "../settings-schema.ts";
import { Program } from "../runtime/program.ts";
import { createVariables, JoinedVariables, type VariableStore } from "../runtime/variables.ts";
import { z } from "zod";
import { has, requireCapabilities } from "./capabilities.ts";
import { type ConditionValues, Given } from "./condition.ts";
import { chunk, countRows } from "./model-on-device.ts";
import type { TrainedModel } from "./trained-model.ts";

/** Settings of an inversion. */
export const inversionSettings = z.strictObject({
  starts: z
    .int()
    .positive()
    .max(1000)
    .default(4)
    .describe("initial codes per example, of which the best result is kept"),
  steps: z.int().positive().max(1_000_000).default(500).describe("optimizer steps"),
  learningRate: z.number().positive().max(1000).default(0.1).describe("step size of Adam, decayed to 0 along a cosine"),
  weight: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .describe("weight of |z|^2 / (2 latentDim), the prior N(0, I), beside the mean squared error"),
  seed: z.int().min(0).default(0).describe("random seed of the initial codes"),
});

export interface InversionOptions extends Partial<z.output<typeof inversionSettings>> {
  /** Place of the first example among all of the seed (0), a multiple of 64: many examples are inverted in pieces. */
  readonly first?: number;
  /** Called with the progress, in steps. */
  readonly onStep?: (step: number, steps: number) => void;
}

export interface Inversion {
  /** [count, latentDim]. */
  readonly codes: Float32Array;
  /** G(z), [count, ...shape]. */
  readonly decoded: Float32Array;
  /** |x - G(z)|^2 / n of each example. */
  readonly errors: Float64Array;
}

/**
 * Codes of examples x, [count, ...shape], that a model which decodes gives them back from. Initial codes are samples of the prior, or of N(0, I)
 * where there is none; the first of a model that encodes is the mean of q(z|x), which the result is never worse than. The result of an
 * example depends on its place, not on how many there are. Throws UnsupportedOpError for a model whose code is not one vector.
 *
 * @example
 * const { trained } = await train(vae({ latentDim: 2 }), await digitsSource({ size: 500 }), { steps: 20 });
 * const images = await trained.sample(4, { mean: true });
 * const { codes, errors } = await invertCodes(trained, images, { steps: 100 });
 * errors.every((error) => error < 1e-3); // true
 * await trained.release();
 */
export async function invertCodes(
  trained: TrainedModel,
  x: Float32Array,
  { first = 0, onStep, ...options }: InversionOptions = {},
): Promise<Inversion> {
  const settings = parseSettings(inversionSettings, options, (name) => `invert: ${name}`);
  const { model, shape } = trained;
  const { starts, weight } = settings;
  requireCapabilities(model, ["decode", "vector", ...(weight > 0 ? (["standardNormal"] as const) : [])], {
    where: "invert",
  });
  const count = countRows("invert", "x", x, shape, "examples");
  const n = sizeOf(shape);
  const wrong = x.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new DataError(
      `invert: example ${first + Math.floor(wrong / n)} is not finite, got ${x[wrong]!}, expected numbers`,
    );
  const encoded = has(model, "encode") ? await trained.encode(x) : undefined;
  const given = new Given(model, repeated(model, trained.condition, starts));
  given.check("invert");
  const descent = trained.kept(`invert ${given.key}`, () => new Descent(trained, given));
  const found = await descent.run(given, { ...settings, x, encoded, count, first, onStep });
  const d = trained.latentDim;
  const codes = new Float32Array(count * d);
  for (let i = 0; i < count; i++) {
    const objectives = found.least.subarray(i * starts, (i + 1) * starts);
    const best = objectives.indexOf(Math.min(...objectives));
    // Infinite from every start: least is replaced by numbers below it only.
    if (objectives[best] === Infinity)
      throw new DivergedError(
        1,
        "error",
        NaN,
        `invert: no code of example ${first + i} has a finite error, got NaN or infinity from ${starts} initial codes, expected a decoder of finite values`,
      );
    codes.set(found.best.subarray((i * starts + best) * d, (i * starts + best + 1) * d), i * d);
  }
  const decoded = await trained.decode(codes);
  const errors = Float64Array.from({ length: count }, (_, i) =>
    meanSquaredError(x.subarray(i * n, (i + 1) * n), decoded.subarray(i * n, (i + 1) * n)),
  );
  return { codes, decoded, errors };
}

/** The condition of each example once for each of its starts. */
const repeated = ({ condition }: Model, values: ConditionValues, starts: number): ConditionValues =>
  Object.fromEntries(
    Object.entries(values).map(([name, rows]) => {
      const field = condition!.fields.find((one) => one.name === name)!;
      const size = field.kind === "class" ? 1 : sizeOf(field.shape);
      const of = (i: number): number => rows[Math.floor(i / (size * starts)) * size + (i % size)]!;
      return [name, Array.from({ length: rows.length * starts }, (_, i) => of(i))];
    }),
  );

interface DescentOptions extends z.output<typeof inversionSettings> {
  /** Examples, [count, ...shape]. */
  readonly x: Float32Array;
  /** Their first initial codes, [count, latentDim]. */
  readonly encoded: Float32Array | undefined;
  readonly count: number;
  readonly first: number;
  readonly onStep: InversionOptions["onStep"];
}

const optimizer = (learningRate: number, steps: number) =>
  adam({ learningRate: schedule("cosine", { learningRate, steps }) });
/** What the graph is made from: its numbers are inputs, so that no setting compiles anything anew. */
const anyOptimizer = optimizer(1, 1);

/** The graphs of an inversion for one chunk of codes, with the variables of its state. */
class Descent {
  readonly #store: VariableStore;
  readonly #initial: Program;
  readonly #step: Program;
  readonly #dim: number;
  readonly #variables: {
    readonly z: Variable;
    readonly x: Variable;
    /** The code of least objective so far, and that objective. */
    readonly best: Variable;
    readonly least: Variable;
    readonly slots: Readonly<Record<string, Variable>>;
  };
  /** The state belongs to one run at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(trained: TrainedModel, given: Given) {
    const { model, code, latentDim: d, store, emaWeights, frozen } = trained;
    const context = given.context(chunk);
    const state = (...shape: number[]): Variable =>
      new Variable([chunk, ...shape], { kind: "constant", value: 0 }, { trainable: false });
    const slots = Object.fromEntries(Object.keys(anyOptimizer.slots).map((name) => [name, state(d)]));
    const [z, x, best, least] = [state(d), state(...trained.shape), state(d), state()];
    this.#variables = { z, x, best, least, slots };
    this.#dim = d;
    const own = [z, x, best, least, ...Object.values(slots)];
    this.#store = createVariables(store.device, own);
    const joined = new JoinedVariables(this.#store, own, store);

    const latents = model.latents!;
    const z0 = has(model, "prior")
      ? completeCodes(latents, {}, { count: chunk, context })[code.name]!
      : noise.normal([chunk, d]);
    this.#initial = new Program(joined, { name: "invert", outputs: new Map([["z", z0]]), emaWeights });

    const codes = completeCodes(latents, { [code.name]: z }, { count: chunk, context, means: true });
    const error = mean(square(flatten(x.sub(model.decode!(codes, context).mean))), 1);
    const objective = error.add(mean(square(z), 1).mul(new Input("weight", []).mul(0.5)));
    // Rows do not depend on each other: the gradient of the sum is that of each.
    const [gradient] = grad(sum(objective), [z]);
    const scalars = Object.fromEntries(scalarNames(anyOptimizer).map((name) => [name, new Input(name, [])]));
    const next = anyOptimizer.update({ parameter: z, gradient: gradient!, slots, scalars });
    // Of equal objectives the later: near a minimum float32 does not tell them apart.
    const better = lessEqual(objective, least);
    const updates = new Map<Variable, Tensor>([
      [z, next.parameter],
      ...Object.entries(slots).map(([name, slot]): [Variable, Tensor] => [slot, next.slots[name]!]),
      [best, where(better.reshape([chunk, 1]), z, best)],
      [least, where(better, objective, least)],
    ]);
    const weights = frozen && new Set(variables(model).values());
    this.#step = new Program(joined, { name: "invert.step", updates, emaWeights, frozen: weights });
  }

  /** The best code of each start, [count * starts, latentDim], and its objective. */
  run(given: Given, options: DescentOptions): Promise<{ readonly best: Float32Array; readonly least: Float32Array }> {
    const found = this.#last.then(() => this.#run(given, options));
    this.#last = found.catch(() => {});
    return found;
  }

  async #run(
    given: Given,
    { x, encoded, count, first, starts, steps, learningRate, weight, seed, onStep }: DescentOptions,
  ): Promise<{ readonly best: Float32Array; readonly least: Float32Array }> {
    const rows = count * starts;
    const d = this.#dim;
    const { z, x: target, best, least, slots } = this.#variables;
    const store = this.#store;
    const ofRun = optimizer(learningRate, steps);
    const n = target.size / chunk;
    const found = { best: new Float32Array(rows * d), least: new Float32Array(rows) };
    const all = Math.ceil(rows / chunk) * steps;
    for (let from = 0; from < rows; from += chunk) {
      const conditions = given.inputs(from, chunk);
      const drawn = await this.#initial.run({
        inputs: conditions,
        outputs: ["z"],
        seed,
        step: (first * starts + from) / chunk,
      });
      const codes = drawn["z"] as Float32Array;
      const examples = new Float32Array(target.size);
      // Rows after the last stand for nothing, and are dropped.
      for (let row = from; row < Math.min(from + chunk, rows); row++) {
        const i = Math.floor(row / starts);
        examples.set(x.subarray(i * n, (i + 1) * n), (row - from) * n);
        if (encoded && row % starts === 0) codes.set(encoded.subarray(i * d, (i + 1) * d), (row - from) * d);
      }
      await store.write(target, examples);
      await store.write(z, codes);
      await store.write(best, codes);
      await store.write(least, new Float32Array(chunk).fill(Infinity));
      for (const slot of Object.values(slots)) await store.write(slot, new Float32Array(slot.size));
      // The rate of the last step is 0: it compares the code before it, and changes nothing.
      for (let step = 1; step <= steps; step++) {
        const numbers = { ...ofRun.scalars({ step, updates: step, decays: false }), weight };
        const inputs = Object.fromEntries(Object.entries(numbers).map(([name, v]) => [name, Float32Array.of(v)]));
        await this.#step.run({ inputs: { ...conditions, ...inputs } });
        onStep?.((from / chunk) * steps + step, all);
      }
      const kept = Math.min(chunk, rows - from);
      found.best.set(((await store.read(best)) as Float32Array).subarray(0, kept * d), from * d);
      found.least.set(((await store.read(least)) as Float32Array).subarray(0, kept), from);
    }
    return found;
  }

  async release(): Promise<void> {
    await this.#initial.release();
    await this.#step.release();
    await this.#store.release();
  }
}
