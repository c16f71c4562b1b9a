import { sizeOf } from "../../graph/shape.ts";
import { constant, noise, type Tensor } from "../../graph/tensor.ts";
import { conditioned, type Condition, type Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { clamp, square } from "../../ops/arithmetic.ts";
import { and, cast, greaterEqual, less, where } from "../../ops/comparison.ts";
import { oneHot } from "../../ops/indexing.ts";
import { concat, slice } from "../../ops/movement.ts";
import { argmax, mean, sum } from "../../ops/reduction.ts";
import { defineModel } from "../definition.ts";
import type { Batch, DataSpec, Elbo, FieldSpec, Model, Objective } from "../model.ts";
import { centeredOf, isIntensity } from "../parts/centered.ts";
import { columnRuns } from "../parts/column-runs.ts";
import { fieldsOf } from "../parts/fields.ts";
import { type DensityLoop, type Editor, guided, type Sampler } from "../sampler.ts";
import { diffusionEditor, type DiffusionEditorOptions } from "./sampling/diffusion-editor.ts";
import { codesModels } from "./codes-models.ts";
import { consistencyLosses, stageOf } from "./consistency.ts";
import { couplings } from "./noise/coupling.ts";
import { diffusionConfig, type DiffusionConfig, predictionOf, processOf, usual } from "./diffusion-settings.ts";
import {
  diffusionSampler,
  type DiffusionSamplerOptions,
  type Guide,
  type SamplerParts,
} from "./sampling/diffusion-sampler.ts";
import type { DenoisingNetwork } from "./networks/level-embedding.ts";
import { denoisingNetwork } from "./networks/denoising-network.ts";
import { noisy, type NoiseLevel, over } from "./noise/noise-level.ts";
import type { NoiseProcess } from "./noise/noise-process.ts";
import type { Denoised, Prediction } from "./noise/prediction.ts";
import { odeDensity } from "./likelihood/ode-density.ts";
import { diffusionPresets } from "./presets.ts";
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
 * - `consistency`: D itself is trained to be the same along the paths of the ODE ([consistency.ts](consistency.ts)): samples of one step.
 * - `flow`: flow matching (Lipman et al. 2023, arXiv:2210.02747) and rectified flow (Liu et al. 2023, arXiv:2209.03003).
 *
 * Whatever else it was trained with, samples are made by any [solver](sampling/solvers.ts) but `renoise`, with any number of steps; a consistency model
 * is for `renoise`, since its D is not E[x|y].
 */
export class Diffusion implements Model {
  readonly network: DenoisingNetwork;
  readonly sampler: Sampler<DiffusionSamplerOptions>;
  readonly editor: Editor<DiffusionEditorOptions>;
  /** Of rows of a table there is none: their categories are no real numbers. */
  readonly density?: DensityLoop;
  readonly validation?: NonNullable<Model["validation"]>;
  readonly elbo?: (x: Tensor, context: Context) => Elbo;
  readonly condition?: { readonly fields: readonly FieldSpec[]; readonly required: boolean };
  readonly #config: DiffusionConfig;
  readonly #process: NoiseProcess;
  readonly #prediction: Prediction;
  readonly #centered: (x: Tensor) => Tensor;
  readonly #sigmaData: number;

  constructor(config: DiffusionConfig, data: DataSpec) {
    const { process, conditional, conditionDropout } = config;
    const fields = conditional ? fieldsOf(data, ["class"]) : [];
    if (conditional) this.condition = { fields, required: conditionDropout === 0 };
    this.#config = config;
    this.#centered = centeredOf(data);
    this.#sigmaData = isIntensity(data) ? 0.5 : 1;
    this.#process = processOf(config);
    this.#prediction = predictionOf(config, this.#sigmaData);
    this.network = denoisingNetwork(config, data.shape, fields);
    const bounded = isIntensity(data);
    // D of a consistency model is where a path ends, not E[x|y].
    if (process !== "consistency")
      this.validation = (x, context) => ({ loss: this.#losses(this.#centered(x), context).losses });
    if (!data.columns && process !== "consistency") {
      const denoise = (y: Tensor, at: NoiseLevel, context: Context): Denoised => this.denoise(y, at, context);
      const centered = this.#centered;
      const logVolume = bounded ? sizeOf(data.shape) * Math.LN2 : 0;
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
      guides: conditional && conditionDropout > 0,
    };
    this.sampler = diffusionSampler(sampling);
    this.editor = diffusionEditor(sampling, this.#centered);
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
    const F = (given: Context): Tensor => this.network.apply(z, feature, given);
    const predicted = guide && context.condition ? guided(F, over(y, guide(level)), context) : F(context);
    const denoised = this.#prediction.denoised(predicted, y, level);
    if (!bounded) return denoised;
    const x = clamp(denoised.x, -1, 1);
    return { x, n: y.sub(x.mul(over(y, level.alpha))).div(over(y, level.sigma)) };
  }

  /** |F - target|^2 per value, [batch], with the noise levels it was taken at. */
  #losses(x: Tensor, context: Context): LevelLosses {
    const level = this.#process.training(x.shape[0]!);
    const n = couplings[this.#config.coupling](x);
    const y = noisy(x, n, level);
    const F = this.network.apply(this.#prediction.input(y, level), this.#prediction.feature(level), context);
    const error = square(F.sub(this.#prediction.target(x, n, level)));
    return { losses: mean(error, x.shape.map((_, axis) => axis).slice(1)), level };
  }

  objectives({ x, step }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const context = contextOf("loss");
    const given = context.condition && withoutSome(context.condition, x.shape[0]!, this.#config.conditionDropout);
    const { losses, level } = this.#trainingLosses(this.#centered(x), step, conditioned(context, given));
    return [
      {
        name: "loss",
        loss: mean(losses),
        parameters: parameters(this),
        metrics: this.#byLevel(losses, level),
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

  /** Means of the loss where examples are mostly signal, mostly noise, and between. */
  #byLevel(losses: Tensor, { alpha, sigma }: NoiseLevel): Readonly<Record<string, Tensor>> {
    const [low, high] = [sigma.sub(alpha.mul(this.#sigmaData / 4)), sigma.sub(alpha.mul(this.#sigmaData * 4))];
    const among = (inside: Tensor): Tensor => {
      const weight = cast(inside, "float32");
      return sum(losses.mul(weight)).div(sum(weight).add(1e-6));
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
}

/** Each example without its condition with this probability: classes become -1, numbers 0. */
function withoutSome(condition: Condition, batch: number, probability: number): Condition {
  if (probability === 0) return condition;
  const dropped = less(noise.uniform([batch]), probability);
  return Object.fromEntries(
    Object.entries(condition).map(([name, given]) => [
      name,
      given.dtype === "int64"
        ? where(dropped, constant(-1, [], "int64"), given)
        : where(over(given, dropped), constant(0), given),
    ]),
  );
}

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
