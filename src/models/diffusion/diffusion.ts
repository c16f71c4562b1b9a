import { ConfigError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import { type Tensor } from "../../graph/tensor.ts";
import { conditioned, type Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { clamp, square } from "../../ops/arithmetic.ts";
import { and, cast, greaterEqual, less } from "../../ops/comparison.ts";
import { oneHot } from "../../ops/indexing.ts";
import { stopGradient } from "../../ops/elementwise.ts";
import { concat, slice, split } from "../../ops/movement.ts";
import { argmax, mean, sum } from "../../ops/reduction.ts";
import { type Conditioning, requiredFields } from "../conditioning.ts";
import { defineModel } from "../definition.ts";
import type { Batch, DataSpec, Elbo, Model, Objective } from "../model.ts";
import { centeredOf, isIntensity } from "../parts/centered.ts";
import { columnRuns } from "../parts/column-runs.ts";
import { type AnySampler, type Bijection, type DensityLoop, type Editor, guided, type Sampler } from "../sampler.ts";
import { diffusionEditor, type DiffusionEditorOptions } from "./sampling/diffusion-editor.ts";
import { codesModels } from "./codes-models.ts";
import { consistencyLosses, stageOf } from "./consistency.ts";
import { couplings } from "./noise/coupling.ts";
import { conditioningOf, conditionInput, withoutOptional, withoutSome } from "./diffusion-conditions.ts";
import { diffusionConfig, type DiffusionConfig, predictionOf, processOf, usual } from "./diffusion-settings.ts";
import { diffusionSampler, type DiffusionSamplerOptions } from "./sampling/diffusion-sampler.ts";
import { autoguided, type Guide } from "./sampling/guidance.ts";
import type { SamplerParts } from "./sampling/sampler-parts.ts";
import { transportSampler } from "./sampling/transport-sampler.ts";
import type { DenoisingNetwork } from "./networks/level-embedding.ts";
import { denoisingNetwork } from "./networks/denoising-network.ts";
import { noisy, type NoiseLevel, over } from "./noise/noise-level.ts";
import { type NoiseProcess, TIMESTEPS } from "./noise/noise-process.ts";
import { reverseDivergence } from "./noise/reverse-variance.ts";
import type { Denoised, Prediction } from "./noise/prediction.ts";
import { odeDensity } from "./likelihood/ode-density.ts";
import { diffusionPresets } from "./presets.ts";
import { probabilityFlow } from "./likelihood/probability-flow.ts";
import { variationalBound } from "./likelihood/variational-bound.ts";

/**
 * Diffusion and flow matching: y = alpha x + sigma n with n ~ N(0, I), and a network F that is trained to tell x from n at every noise level,
 *
 *   loss = E |F(input(y); level) - target(x, n)|^2
 *
 * with the levels of a [process](noise/noise-process.ts) and the target of a [prediction](noise/prediction.ts):
 *
 * - `edm`: Karras et al. 2022, arXiv:2206.00364: log-normal sigma, preconditioned, weight lambda(sigma) = 1 / cOut^2.
 * - `ddpm`: Ho et al. 2020, arXiv:2006.11239, eq. 14, in continuous time; predictions epsilon, x0 and v (arXiv:2202.00512).
 *   With `variance: learned` + 0.001 L_vlb, from which the variance of each step of ancestral sampling is learned (arXiv:2102.09672, eq. 15 and 16).
 * - `consistency`: D itself is trained to be the same along the paths of the ODE ([consistency.ts](consistency.ts)): samples of one step.
 * - `flow`: flow matching (Lipman et al. 2023, arXiv:2210.02747) and rectified flow (Liu et al. 2023, arXiv:2209.03003); with `source`, n is an
 *   example of other data (there, section 2: from pi_0 to pi_1), paired in each batch by a [coupling](noise/coupling.ts).
 *
 * Whatever else it was trained with, samples are made by any [solver](sampling/solvers.ts) but `renoise`, with any number of steps; a consistency model
 * is for `renoise`, since its D is not E[x|y].
 */
export class Diffusion implements Model {
  readonly network: DenoisingNetwork;
  readonly sampler: AnySampler;
  /** From noise alone. */
  readonly editor?: Editor<DiffusionEditorOptions>;
  /** Of rows of a table there are none: their categories are no real numbers. Nor are there where samples start from other data. */
  readonly density?: DensityLoop;
  readonly bijection?: Bijection;
  readonly validation?: NonNullable<Model["validation"]>;
  readonly elbo?: (x: Tensor, context: Context) => Elbo;
  readonly condition?: Conditioning;
  readonly #config: DiffusionConfig;
  readonly #process: NoiseProcess;
  readonly #prediction: Prediction;
  readonly #centered: (x: Tensor) => Tensor;
  readonly #sigmaData: number;
  readonly #sampling: SamplerParts;
  readonly #bounded: boolean;

  constructor(config: DiffusionConfig, data: DataSpec) {
    const { process } = config;
    const condition = conditioningOf(config, data);
    if (condition) this.condition = condition;
    this.#config = config;
    this.#centered = centeredOf(data);
    this.#sigmaData = isIntensity(data) ? 0.5 : 1;
    this.#process = processOf(config);
    this.#prediction = predictionOf(config, this.#sigmaData);
    this.network = denoisingNetwork(
      config,
      data.shape,
      conditionInput(condition, data),
      config.variance === "learned" ? 2 : 1,
    );
    const bounded = isIntensity(data);
    // D of a consistency model is where a path ends, not E[x|y].
    if (process !== "consistency")
      this.validation = (x, context) => ({ loss: this.#losses(this.#centered(x), context).losses });
    const fromNoise = condition?.start === undefined;
    if (!data.columns && process !== "consistency" && fromNoise) {
      const denoise = (y: Tensor, at: NoiseLevel, context: Context): Denoised => this.denoise(y, at, context);
      const centered = this.#centered;
      const logVolume = bounded ? sizeOf(data.shape) * Math.LN2 : 0;
      this.bijection = probabilityFlow({ shape: data.shape, denoise, centered, finish: finishOf(data) });
      this.density = odeDensity({ shape: data.shape, denoise, centered, logVolume });
      this.elbo = (x, context) => variationalBound(centered(x), denoise, { context, logVolume });
    }
    const sampling: SamplerParts = {
      shape: data.shape,
      process: this.#process,
      // E[x|y] is no intensity beyond black and white.
      denoise: (y, level, context, guide) => this.denoise(y, level, context, { guide, bounded }),
      finish: finishOf(data),
      defaults: usual[process],
      guidedFrom:
        condition !== undefined && requiredFields({ condition }).length < condition.fields.length
          ? "no condition"
          : undefined,
      ends: process === "consistency",
    };
    if (fromNoise) this.editor = diffusionEditor(sampling, this.#centered);
    this.sampler = fromNoise
      ? diffusionSampler(sampling)
      : transportSampler(sampling, (context) => this.#source(context)!);
    this.#sampling = sampling;
    this.#bounded = bounded;
  }

  /** Its samples by autoguidance, away from those of a worse model of the same data. Throws ConfigError for a model of another kind. */
  guidedBy(other: Model): Sampler<DiffusionSamplerOptions> {
    const guides = (model: Model): model is Diffusion =>
      model instanceof Diffusion && !model.#sampling.ends && model.condition?.start === undefined;
    if (!guides(this) || !guides(other))
      throw new ConfigError(
        "guide: predictions of E[x|y] guide each other, got a model without, expected two diffusion models that start from noise, neither a consistency model",
      );
    return diffusionSampler({
      ...this.#sampling,
      guidedFrom: "another model",
      denoise: (y, level, context, guide) => {
        const { x, v } = this.denoise(y, level, context);
        const weighted = guide ? autoguided(x, other.denoise(y, level, context).x, over(y, guide(level))) : x;
        return { ...this.#observed(y, level, this.#bounded ? clamp(weighted, -1, 1) : weighted), ...(v && { v }) };
      },
    });
  }

  /** x of y with the noise that y then has. */
  #observed(y: Tensor, { alpha, sigma }: NoiseLevel, x: Tensor): Denoised {
    return { x, n: y.sub(x.mul(over(y, alpha))).div(over(y, sigma)) };
  }

  /**
   * x and n of y [batch, ...shape], centered as networks see it, at a level of scalars or [batch]. `guide`: the weight of classifier-free
   * guidance (Ho & Salimans 2022, arXiv:2207.12598, eq. 6), where a condition is given.
   */
  denoise(
    y: Tensor,
    { alpha, sigma }: NoiseLevel,
    context: Context,
    { guide, bounded = false }: { readonly guide?: Guide | undefined; readonly bounded?: boolean } = {},
  ): Denoised {
    const batch = y.shape[0]!;
    const level = { alpha: alpha.broadcastTo([batch]), sigma: sigma.broadcastTo([batch]) };
    const [z, feature] = [this.#prediction.input(y, level), this.#prediction.feature(level)];
    const of = (given: Context): Outputs => this.#outputs(z, feature, given);
    const { F, v } = of(context);
    const predicted = guide
      ? guided((given) => of(given).F, over(y, guide(level)), context, withoutOptional(this.condition, context))
      : F;
    const denoised = this.#prediction.denoised(predicted, y, level);
    return { ...(bounded ? this.#observed(y, level, clamp(denoised.x, -1, 1)) : denoised), ...(v && { v }) };
  }

  /** What samples start from in place of noise, as networks see examples. */
  #source({ condition }: Context): Tensor | undefined {
    const { start } = this.condition ?? {};
    return start === undefined ? undefined : this.#centered(condition![start]!);
  }

  /** What the network gives: F, and v where the variance is learned. */
  #outputs(z: Tensor, feature: Tensor, context: Context): Outputs {
    const out = this.network.apply(z, feature, context);
    if (this.#config.variance === "fixed") return { F: out };
    const [F, raw] = split(out, 1, 2);
    // From about -1 to 1, and not held there, as in the paper.
    return { F, v: raw.add(1).mul(0.5) };
  }

  /** |F - target|^2 per value, [batch], with the noise levels it was taken at; and the bound's part where the variance is learned. */
  #losses(x: Tensor, context: Context): LevelLosses {
    const level = this.#process.training(x.shape[0]!);
    const n = couplings[this.#config.coupling](x, this.#source(context));
    const y = noisy(x, n, level);
    const { F, v } = this.#outputs(this.#prediction.input(y, level), this.#prediction.feature(level), context);
    const error = square(F.sub(this.#prediction.target(x, n, level)));
    const perValue = (t: Tensor): Tensor => mean(t, x.shape.map((_, axis) => axis).slice(1));
    if (!v || !level.before) return { losses: perValue(error), level };
    const found = stopGradient(this.#prediction.denoised(F, y, level).n);
    return {
      losses: perValue(error),
      level,
      bound: perValue(reverseDivergence({ here: level, next: level.before, v }, found.sub(n))),
    };
  }

  objectives({ x, step }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const context = contextOf("loss");
    const [batch, probability] = [x.shape[0]!, this.#config.conditionDropout];
    const given =
      this.condition && context.condition && withoutSome(this.condition, context.condition, { batch, probability });
    const { losses, level, bound } = this.#trainingLosses(this.#centered(x), step, conditioned(context, given));
    const byLevel = this.#byLevel(losses, level);
    return [
      {
        name: "loss",
        loss: bound ? mean(losses.add(bound.mul(TIMESTEPS * BOUND_WEIGHT))) : mean(losses),
        parameters: parameters(this),
        metrics: { ...byLevel, ...(bound && { lossVariance: mean(bound).mul(TIMESTEPS) }) },
        partial: Object.keys(byLevel),
      },
    ];
  }

  #trainingLosses(x: Tensor, step: Tensor, context: Context): LevelLosses {
    const { process, stageSteps } = this.#config;
    if (process !== "consistency") return this.#losses(x, context);
    const level = this.#process.training(x.shape[0]!);
    const D = (y: Tensor, at: NoiseLevel): Tensor => this.denoise(y, at, context).x;
    return { losses: consistencyLosses(x, D, { t: level.sigma, stage: stageOf(step, stageSteps) }), level };
  }

  /** Means of the loss where examples are mostly signal, mostly noise, and between; not a number of none. */
  #byLevel(losses: Tensor, { alpha, sigma }: NoiseLevel): Readonly<Record<string, Tensor>> {
    const [low, high] = [sigma.sub(alpha.mul(this.#sigmaData / 4)), sigma.sub(alpha.mul(this.#sigmaData * 4))];
    const among = (inside: Tensor): Tensor => {
      const weight = cast(inside, "float32");
      return sum(losses.mul(weight)).div(sum(weight));
    };
    return {
      lossLowNoise: among(less(low, 0)),
      lossMiddleNoise: among(and(greaterEqual(low, 0), less(high, 0))),
      lossHighNoise: among(greaterEqual(high, 0)),
    };
  }
}

/** Losses of examples, [batch], and the noise levels they were taken at. */
interface LevelLosses {
  readonly losses: Tensor;
  readonly level: NoiseLevel;
  /** KL of one step of the reverse process, per value, in which only the variance is learned. */
  readonly bound?: Tensor;
}

interface Outputs {
  readonly F: Tensor;
  readonly v?: Tensor;
}

/** lambda of L_hybrid = L_simple + lambda L_vlb (Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 16). */
const BOUND_WEIGHT = 0.001;

/** What D becomes at the end: intensities from 0 to 1, of each category of a row its likeliest value. */
function finishOf(data: DataSpec): (x: Tensor) => Tensor {
  const { columns } = data;
  if (isIntensity(data)) return (x) => x.add(1).mul(0.5);
  if (!columns) return (x) => x;
  return (x) => {
    let at = 0;
    return concat(
      columnRuns(columns).map(({ width, numbers }) => {
        const part = slice(x, 1, at, (at += width));
        return numbers ? part : oneHot(argmax(part, -1), width);
      }),
      1,
    );
  };
}

/** The registered model. */
export const diffusion = defineModel<DiffusionConfig>({
  name: "diffusion",
  summary: "Diffusion and flow matching: EDM, DDPM, rectified flow, consistency models, with any sampler",
  paper: "arXiv:2206.00364",
  config: diffusionConfig,
  presets: diffusionPresets,
  codes: codesModels,
  build: (config, data) => new Diffusion(config, data),
});
