import "../ops/methods.ts";
import type { Binarization } from "../data/binarize.ts";
import type { Split } from "../data/split.ts";
import { ConfigError, UnsupportedOpError } from "../errors.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { Input, type Tensor, type Variable } from "../graph/tensor.ts";
import { ratePerDimension } from "../latent/rate-per-dimension.ts";
import type { Latents, Model } from "../models/model.ts";
import { Program } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";
import { overSplit } from "./map-split.ts";

/** Examples a run of a graph. The i-th draw of a seed is the same whatever the number asked for. */
export const chunk = 64;

// A type, not an interface: only that fits a record of tensors.
type PosteriorTensors = { readonly means: Tensor; readonly draws: Tensor; readonly rates?: Tensor };

/** Whether `TrainedModel.draw` can: of a model with p(z) and p(x|z). */
export const drawsExamples = (
  model: Model,
): model is Model & { readonly latents: Latents; readonly decode: NonNullable<Model["decode"]> } =>
  model.latents?.prior !== undefined && model.decode !== undefined;

/** What `TrainedModel.codes` gives, [examples, latentDim] each. */
export interface SplitCodes {
  readonly means: Float32Array;
  readonly draws: Float32Array;
  readonly rates?: Float32Array;
}

/**
 * A model with weights on a device: its capabilities as functions of arrays. Each throws UnsupportedOpError naming the
 * capability where the model lacks it.
 */
export class TrainedModel {
  readonly model: Model;
  readonly store: VariableStore;
  /** Of one example. */
  readonly shape: Shape;
  readonly #readInstead: ReadonlyMap<Variable, Variable>;
  /** For a model given labels: row i has the one at i, and the first follows on the last. */
  readonly #labels: BigInt64Array | undefined;
  /** The model that was given those labels. */
  readonly #ungiven: TrainedModel;

  constructor(
    model: Model,
    options: {
      readonly store: VariableStore;
      readonly shape: Shape;
      /** Averaged weights to use in place of the last ones. */
      readonly readInstead?: ReadonlyMap<Variable, Variable>;
      /** For a model of p(x | label) given its "label" input. */
      readonly labels?: BigInt64Array;
      /** The model that was given the labels. */
      readonly ungiven?: TrainedModel;
    },
  ) {
    this.model = model;
    this.store = options.store;
    this.shape = options.shape;
    this.#readInstead = options.readInstead ?? new Map();
    this.#labels = options.labels;
    this.#ungiven = options.ungiven ?? this;
  }

  /**
   * The model of p(x | label) for rows of these labels: row i has the one at i, and the first follows on the last. Throws
   * UnsupportedOpError where the model takes none, ConfigError for one that is not among its classes.
   */
  given(labels: ArrayLike<number>): TrainedModel {
    const { model, store, shape } = this;
    const { classes = 0 } = model;
    if (!model.given)
      throw new UnsupportedOpError("label: the model takes none, got a label, expected a model of p(x | label)");
    const wrong = Array.from(labels).find((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
    if (labels.length === 0 || wrong !== undefined)
      throw new ConfigError(`label: not a class of the model, got ${wrong ?? "none"}, expected 0 to ${classes - 1}`);
    return new TrainedModel(model.given(new Input("label", [chunk], "int64")), {
      store,
      shape,
      readInstead: this.#readInstead,
      labels: BigInt64Array.from(Array.from(labels), BigInt),
      ungiven: this,
    });
  }

  /** What the model can do, with a label where it takes one. */
  get abilities(): Model {
    return this.model.given ? this.given([0]).model : this.model;
  }

  /** Numbers in a code. Throws UnsupportedOpError for codes that are not one list of numbers. */
  get latentDim(): number {
    const shape = this.model.latents?.shape;
    if (shape?.length !== 1) throw this.#lacking("one list of latent numbers");
    return shape[0]!;
  }

  /** New examples, [count, ...shape]. */
  sample(count: number, { seed = 0, temperature = 1 } = {}): Promise<Float32Array> {
    const { model } = this;
    if (!model.sample) throw this.#lacking("sampling");
    return this.#run(
      "sample",
      count,
      new Float32Array(),
      (size) => ({ output: model.sample!(size, { temperature }) }),
      seed,
    );
  }

  /** New examples with the noise of p(x|z) that `sample` leaves out, [count, ...shape]. */
  draw(count: number, { seed = 0 } = {}): Promise<Float32Array> {
    const { model } = this;
    if (!drawsExamples(model)) throw this.#lacking("p(z) and p(x|z)");
    return this.#run(
      "draw",
      count,
      new Float32Array(),
      (size) => ({ output: model.decode(model.latents.prior(size).sample()).sample() }),
      seed,
    );
  }

  /** Codes of new examples, draws of p(z): [count, ...latent shape]. */
  drawCodes(count: number, { seed = 0 } = {}): Promise<Float32Array> {
    const { latents } = this.model;
    const prior = latents?.prior?.bind(latents);
    if (!prior) throw this.#lacking("p(z)");
    return this.#run("draw-codes", count, new Float32Array(), (size) => ({ output: prior(size).sample() }), seed);
  }

  /** Reconstructions of examples x, [count, ...shape], as they come out of the model. */
  reconstruct(x: Float32Array): Promise<Float32Array> {
    const { model } = this;
    if (!model.reconstruct) throw this.#lacking("reconstruction");
    return this.#ofExamples("reconstruct", x, (input) => model.reconstruct!(input));
  }

  /** Examples x, [count, ...shape], with the noise that the model learns to remove. */
  corrupt(x: Float32Array, { seed = 0 } = {}): Promise<Float32Array> {
    const { model } = this;
    if (!model.corrupt) throw this.#lacking("noise to remove");
    return this.#ofExamples("corrupt", x, (input) => model.corrupt!(input), seed);
  }

  /** Means of q(z|x), [count, ...latent shape]. */
  encode(x: Float32Array): Promise<Float32Array> {
    const { model } = this;
    if (!model.encode) throw this.#lacking("encoding");
    return this.#ofExamples("encode", x, (input) => model.encode!(input).mean);
  }

  /**
   * Of every example of a split, [examples, latentDim] each: the mean of q(z|x), one draw of it, and the rate of each dimension
   * in nats where it has one. The model is given each example's own label where it learns from labels. The examples are never in
   * memory together.
   */
  async codes(
    split: Split,
    { binarize = "none", seed = 0 }: { readonly binarize?: Binarization; readonly seed?: number } = {},
  ): Promise<SplitCodes> {
    const { model, store, latentDim } = this.#ungiven;
    const codes = await overSplit(
      { model, store, split, binarize, seed, readInstead: this.#readInstead },
      (given, x): PosteriorTensors | undefined => {
        const q = given.encode?.(x);
        const shape = [x.shape[0]!, latentDim];
        if (!q) return undefined;
        const rates = ratePerDimension(given, x);
        const codes = { means: q.mean.broadcastTo(shape), draws: q.sample().broadcastTo(shape) };
        return rates ? { ...codes, rates: rates.broadcastTo(shape) } : codes;
      },
    );
    if (!codes) throw this.#lacking("encoding");
    return codes;
  }

  /** Means of p(x|z) for codes z, [count, latentDim]: examples, [count, ...shape]. */
  decode(z: Float32Array): Promise<Float32Array> {
    const { model, latentDim } = this;
    if (!model.decode) throw this.#lacking("decoding");
    return this.#run("decode", z.length / latentDim, z, (size) => {
      const input = new Input("in", [size, latentDim]);
      return { input, output: model.decode!(input).mean };
    });
  }

  #ofExamples(name: string, x: Float32Array, f: (input: Tensor) => Tensor, seed = 0): Promise<Float32Array> {
    const build = (size: number): { readonly input: Input; readonly output: Tensor } => {
      const input = new Input("in", [size, ...this.shape]);
      return { input, output: f(input) };
    };
    return this.#run(name, x.length / sizeOf(this.shape), x, build, seed);
  }

  /** Runs one graph over `count` rows, a chunk at a time; what a short last chunk lacks is computed from zeros and dropped. */
  async #run(
    name: string,
    count: number,
    rows: Float32Array,
    build: (size: number) => { readonly input?: Input; readonly output: Tensor },
    seed = 0,
  ): Promise<Float32Array> {
    const { input, output } = build(chunk);
    const program = new Program(this.store, {
      name,
      outputs: new Map([["out", output]]),
      readInstead: this.#readInstead,
    });
    try {
      const rowSize = output.size / chunk;
      const out = new Float32Array(count * rowSize);
      const fed = input && new Float32Array(input.size);
      const labels = this.#labels;
      const label = labels && new BigInt64Array(chunk);
      for (let first = 0; first < count; first += chunk) {
        fed?.fill(0).set(rows.subarray((first * fed.length) / chunk, ((first + chunk) * fed.length) / chunk));
        if (labels) label!.forEach((_, i) => (label![i] = labels[(first + i) % labels.length]!));
        const found = await program.run({
          inputs: { ...(fed && { in: fed }), ...(label && { label }) },
          outputs: ["out"],
          seed,
          step: first / chunk,
        });
        out.set((found["out"] as Float32Array).subarray(0, (count - first) * rowSize), first * rowSize);
      }
      return out;
    } finally {
      await program.release();
    }
  }

  #lacking(capability: string): UnsupportedOpError {
    const { model } = this;
    const { classes = 0 } = model;
    return new UnsupportedOpError(
      model.given
        ? `model: it is of p(x | label), got no label for ${capability}, expected one from 0 to ${classes - 1}`
        : `model: it cannot do this, got a model without ${capability}, expected one that has it`,
    );
  }
}
