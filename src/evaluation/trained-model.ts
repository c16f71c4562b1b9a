import type { Binarization } from "../data/binarize.ts";
import { kindOfShape } from "../data/spec.ts";
import type { Column } from "../data/tables/column.ts";
import type { Split } from "../data/split.ts";
import { UnsupportedOpError } from "../errors.ts";
import type { Shape } from "../graph/shape.ts";
import { Input, type Tensor, type Variable } from "../graph/tensor.ts";
import { completeCodes, type Latent, takeMean } from "../models/latent.ts";
import type { Model } from "../models/model.ts";
import type { Context } from "../nn/context.ts";
import { Program, type ProgramSpec } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";
import { codeOf, orBijection, requireCapabilities } from "./capabilities.ts";
import { type ConditionValues, Given } from "./condition.ts";
import { type DecodeOptions, decodeLatents, type LatentCodes, priorCodes } from "./latent-codes.ts";
import { mapSplit } from "./map-split.ts";
import { checkCount, chunk, countRows, type ModelOnDevice, type Releasable } from "./model-on-device.ts";
import { ratePerDimension } from "./rate-per-dimension.ts";
import { mapped } from "./samples/bijection.ts";
import { drain, type SampledMarginals, type SampleOptions, sampling } from "./samples/sampling.ts";
import type { SamplingProgress } from "./samples/sampling-loop.ts";
import { tableRows, tableSampling } from "./samples/table-sampling.ts";
import { runInto } from "./run-into.ts";

// A type, not an interface: only that fits a record of tensors.
type PosteriorTensors = { readonly means: Tensor; readonly samples: Tensor; readonly rates?: Tensor };

/** Codes of examples, [examples, latentDim] each. */
export interface SplitCodes {
  readonly means: Float32Array;
  /** One sample of each posterior. */
  readonly samples: Float32Array;
  /** KL(q(z_i|x) || p(z_i)) in nats, where it has a closed form. */
  readonly rates?: Float32Array;
}

/**
 * A model with weights on a device: its capabilities as functions of arrays. Each throws UnsupportedOpError naming the
 * capability where the model lacks it. Graphs are compiled once and kept until `release`.
 *
 * @example
 * const { trained } = await train(vae({ latentDim: 2 }), await digitsSource({ size: 500 }), { steps: 20 });
 * const images = await trained.sample(64, { temperature: 0.8, seed: 1 }); // [64, 1, 28, 28]
 * const codes = await trained.encode(images); // [64, 2]
 * const means = await trained.decode(codes); // [64, 1, 28, 28]
 * await trained.release();
 */
export class TrainedModel implements ModelOnDevice {
  readonly model: Model;
  readonly store: VariableStore;
  /** Of one example. */
  readonly shape: Shape;
  /** The kind of example: see kinds/registry.ts. */
  readonly kind: string;
  /** Read in place of the parameters they average. */
  readonly emaWeights: ReadonlyMap<Variable, Variable>;
  readonly frozen: boolean;
  /** Of the table that the model was trained on. */
  readonly columns: readonly Column[] | undefined;
  readonly #given: Given;
  readonly #compiled: Map<string, Releasable>;

  constructor(
    model: Model,
    options: {
      readonly store: VariableStore;
      readonly shape: Shape;
      /** That of the shape when missing. */
      readonly kind?: string;
      readonly columns?: readonly Column[] | undefined;
      /** Whether the weights no longer change, so that graphs of few rows may have them compiled in. */
      readonly frozen?: boolean;
      readonly emaWeights?: ReadonlyMap<Variable, Variable>;
    },
    view: { readonly given?: Given; readonly compiled?: Map<string, Releasable> } = {},
  ) {
    this.model = model;
    this.store = options.store;
    this.shape = options.shape;
    this.kind = options.kind ?? kindOfShape(options.shape);
    this.frozen = options.frozen ?? false;
    this.columns = options.columns;
    this.emaWeights = options.emaWeights ?? new Map();
    this.#given = view.given ?? new Given(model, {});
    this.#compiled = view.compiled ?? new Map();
  }

  /**
   * The model of p(x | condition), by field: a class as its index, numbers in the field's shape; row i has the i-th of each, and the
   * first follows the last. Throws UnsupportedOpError where the model takes none, ConfigError where a value does not fit.
   */
  given(condition: ConditionValues): TrainedModel {
    return new TrainedModel(this.model, this, { given: new Given(this.model, condition), compiled: this.#compiled });
  }

  /** What has been given, by field. */
  get condition(): ConditionValues {
    return this.#given.values;
  }

  /** Whether a condition has been given. */
  get isGiven(): boolean {
    return this.#given.key !== "";
  }

  /** The latent that represents an example. Throws UnsupportedOpError where it is not one vector. */
  get code(): Latent {
    const { model } = this;
    if (model.bijection) return model.bijection.latent;
    requireCapabilities(model, ["vector"]);
    return codeOf(model)!;
  }

  /** Latent dimensions. Throws UnsupportedOpError for codes that are not one vector. */
  get latentDim(): number {
    return this.code.shape[0]!;
  }

  /**
   * New examples, [count, ...shape]: samples of p(x), or with `mean` means of p(x|z). Rows of a table have the data's marginals, see
   * withDataMarginals, unless a condition or an option of the sampler is given, or `marginals` says which.
   */
  async sample(count: number, options: SampleOptions = {}): Promise<Float32Array> {
    return drain(this.sampling(count, options));
  }

  /** The same, step by step with previews where the model samples in many steps. */
  sampling(count: number, options: SampleOptions = {}): AsyncGenerator<SamplingProgress, Float32Array> {
    this.#given.check("sample");
    checkCount("sample", count);
    return tableSampling(this, { count, options }, (of, rest) => sampling(this, this.#given, of, rest));
  }

  /** New examples of codes, as samples of p(x|z). Rows of a table have the data's marginals, unless a condition is given or `marginals` says which. */
  async sampleCodes(
    count: number,
    codes: (count: number, first: number) => Promise<LatentCodes>,
    {
      seed = 0,
      first = 0,
      marginals,
    }: { readonly seed?: number; readonly first?: number; readonly marginals?: SampledMarginals | undefined },
  ): Promise<Float32Array> {
    return tableRows(this, { count, first, seed, marginals }, async (of, at) =>
      this.decodeLatents(await codes(of, at), { mean: false, seed, first: at }),
    );
  }

  /** Codes of new examples from the prior, [count, latentDim]: those that `sample` decodes with this seed, where p(x|z) adds no noise. */
  async samplePrior(count: number, { seed = 0 } = {}): Promise<Float32Array> {
    requireCapabilities(this.model, orBijection(this.model, ["prior"]));
    checkCount("samplePrior", count);
    const { code, model } = this;
    return this.#run("sample the prior", { program: "sample", count, seed }, (size, context) => ({
      output: completeCodes(model.latents ?? [code], {}, { count: size, context })[code.name]!,
    }));
  }

  /** Reconstructions of examples x, [count, ...shape], as they come out of the model. */
  async reconstruct(x: Float32Array): Promise<Float32Array> {
    if (this.model.bijection) return this.decode(await this.encode(x));
    requireCapabilities(this.model, ["reconstruct"]);
    return this.#ofExamples("reconstruct", x, (input, context) => this.model.reconstruct!(input, context));
  }

  /** Examples x, [count, ...shape], with the noise that the model learns to remove. */
  async corrupt(x: Float32Array, { seed = 0 } = {}): Promise<Float32Array> {
    requireCapabilities(this.model, ["denoise"]);
    return this.#ofExamples("corrupt", x, (input, context) => this.model.corrupt!(input, context), seed);
  }

  /** The discriminator's logit or critic's score of examples x [count, ...shape]: [count]. */
  async discriminate(x: Float32Array): Promise<Float32Array> {
    requireCapabilities(this.model, ["discriminate"]);
    return this.#ofExamples("discriminate", x, (input, context) => this.model.discriminate!(input, context));
  }

  /** Means of q(z|x), or the codes of a bijection, [count, latentDim]. */
  async encode(x: Float32Array): Promise<Float32Array> {
    if (this.model.bijection) return mapped(this, this.#given, "encode", x);
    requireCapabilities(this.model, ["encode"]);
    const { name } = this.code;
    return this.#ofExamples("encode", x, (input, context) => this.model.encode!(input, context, takeMean)[name]!.mean);
  }

  /**
   * Of every example of a split, [examples, latentDim] each: the mean of q(z|x), one sample of it, and the rate of each dimension
   * in nats where it has one. The model is given each example's own condition. The examples are never in memory together.
   */
  async codes(
    split: Split,
    { binarize = "none", seed = 0 }: { readonly binarize?: Binarization; readonly seed?: number } = {},
  ): Promise<SplitCodes> {
    const { model, latentDim } = this;
    requireCapabilities(model, ["encode"]);
    const { name } = this.code;
    return mapSplit(this, { split, binarize, seed, key: "codes" }, (x, context): PosteriorTensors => {
      const q = model.encode!(x, context, takeMean)[name]!;
      const shape = [x.shape[0]!, latentDim];
      const rates = ratePerDimension(model, x, context);
      const codes = { means: q.mean.broadcastTo(shape), samples: q.sample().broadcastTo(shape) };
      return rates ? { ...codes, rates: rates.broadcastTo(shape) } : codes;
    });
  }

  /** Means of p(x|z) for codes z, [count, latentDim]: examples, [count, ...shape]. Latents below are at their prior's mean. */
  async decode(z: Float32Array): Promise<Float32Array> {
    if (this.model.bijection) return mapped(this, this.#given, "decode", z);
    requireCapabilities(this.model, ["decode"]);
    const { latentDim, model, code } = this;
    const count = countRows("decode", "z", z, [latentDim], "codes");
    return this.#run("decode", { count, rows: z }, (size, context) => {
      const input = new Input("in", [size, latentDim]);
      const codes = completeCodes(model.latents!, { [code.name]: input }, { count: size, context, means: true });
      return { input, output: model.decode!(codes, context).mean };
    });
  }

  /** Means of p(x|z) for codes of some latents by name, [count, ...shape] each, those below at their prior's mean; or samples of both. */
  async decodeLatents(codes: LatentCodes, options: DecodeOptions = {}): Promise<Float32Array> {
    return decodeLatents(this, codes, { ...options, given: this.#given });
  }

  /** Codes of every latent from the prior, [count, ...shape] each by name. */
  async priorCodes(count: number, { seed = 0 } = {}): Promise<LatentCodes> {
    return priorCodes(this, { count, seed, given: this.#given });
  }

  program(key: string, make: () => Omit<ProgramSpec, "emaWeights">): Program {
    return this.kept(key, () => new Program(this.store, { ...make(), emaWeights: this.emaWeights }));
  }

  kept<T extends Releasable>(key: string, make: () => T): T {
    let held = this.#compiled.get(key);
    if (!held) this.#compiled.set(key, (held = make()));
    // The same key always comes with the same maker.
    return held as T;
  }

  /** Compiled graphs so far: what a second call adds nothing to. */
  get compiledCount(): number {
    return this.#compiled.size;
  }

  /** Frees the compiled graphs, and the weights unless they belong to someone else. */
  async release({ weights = true } = {}): Promise<void> {
    for (const held of this.#compiled.values()) await held.release();
    this.#compiled.clear();
    if (weights) await this.store.release();
  }

  #ofExamples(
    name: string,
    x: Float32Array,
    f: (input: Tensor, context: Context) => Tensor,
    seed = 0,
  ): Promise<Float32Array> {
    const count = countRows(name, "x", x, this.shape, "examples");
    return this.#run(name, { count, rows: x, seed }, (size, context) => {
      const input = new Input("in", [size, ...this.shape]);
      return { input, output: f(input, context) };
    });
  }

  /** Runs one graph over `count` rows, a chunk at a time; what a short last chunk lacks is computed from zeros and dropped. */
  async #run(
    key: string,
    options: {
      readonly count: number;
      readonly rows?: Float32Array;
      readonly seed?: number;
      /** Keys the noise; the capability's name where missing. */
      readonly program?: string;
    },
    build: (size: number, context: Context) => { readonly input?: Input; readonly output: Tensor },
  ): Promise<Float32Array> {
    const { count, rows, seed = 0, program: name = key } = options;
    const given = this.#given;
    given.check(key);
    const program = this.program(`${key} ${given.key}`, () => {
      const { output } = build(chunk, given.context(chunk));
      return { name, outputs: new Map([["out", output]]), frozen: this.frozen };
    });
    const { size: outSize, dtype } = program.output("out");
    if (dtype !== "float32")
      throw new UnsupportedOpError(
        `${key}: its values are no real numbers, got ${dtype}, expected a model of real codes`,
      );
    const rowSize = outSize / chunk;
    const out = new Float32Array(count * rowSize);
    const fed = rows && new Float32Array(program.inputs.get("in")?.size ?? 0);
    for (let first = 0; first < count; first += chunk) {
      fed?.fill(0).set(rows!.subarray((first * fed.length) / chunk, ((first + chunk) * fed.length) / chunk));
      const inputs = { ...(fed && { in: fed }), ...given.inputs(first, chunk) };
      await runInto(out, first * rowSize, program, { inputs, seed, step: first / chunk });
    }
    return out;
  }
}
