import { z } from "zod";
import { ConfigError } from "../../errors.ts";
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
import { type CouplingName, couplings } from "./coupling.ts";
import { diffusionEditor, type DiffusionEditorOptions } from "./diffusion-editor.ts";
import { diffusionSampler, type DiffusionSamplerOptions, type Guide, type SamplerParts } from "./diffusion-sampler.ts";
import type { DenoisingNetwork } from "./networks/level-embedding.ts";
import { denoisingNetwork, denoisingNetworkConfig, type DenoisingNetworkConfig } from "./networks/denoising-network.ts";
import { noisy, type NoiseLevel, over } from "./noise-level.ts";
import {
  logNormalNoise,
  type NoisePathName,
  noisePaths,
  type NoiseProcess,
  type TimeDensityName,
  timeDensities,
  timedNoise,
} from "./noise-process.ts";
import { type Denoised, type Prediction, type PredictionName, preconditioned, predictions } from "./prediction.ts";
import { odeDensity } from "./ode-density.ts";
import { diffusionPresets } from "./presets.ts";
import { variationalBound } from "./variational-bound.ts";

export interface DiffusionConfig extends DenoisingNetworkConfig {
  readonly process: "edm" | "ddpm" | "flow";
  readonly path?: NoisePathName | undefined;
  readonly prediction?: PredictionName | undefined;
  readonly logMean: number;
  readonly logStd: number;
  readonly times: TimeDensityName;
  readonly coupling: CouplingName;
  readonly conditional: boolean;
  readonly conditionDropout: number;
}

/** What a process is when nothing else is said. */
const usual = {
  edm: { prediction: "edm", paths: [], solver: "heun", steps: 18 },
  ddpm: { prediction: "epsilon", paths: ["linear", "cosine"], solver: "ancestral", steps: 250 },
  flow: { prediction: "velocity", paths: ["rectified", "trigonometric"], solver: "heun", steps: 18 },
} as const satisfies Record<
  string,
  { prediction: PredictionName; paths: readonly NoisePathName[]; [key: string]: unknown }
>;

/**
 * Diffusion and flow matching: y = alpha x + sigma n with n ~ N(0, I), and a network F that is trained to tell x from n at every noise level,
 *
 *   loss = E |F(input(y); level) - target(x, n)|^2
 *
 * with the levels of a [process](noise-process.ts) and the target of a [prediction](prediction.ts):
 *
 * - `edm`: Karras et al. 2022, arXiv:2206.00364: log-normal sigma, preconditioned, weight lambda(sigma) = 1 / cOut^2.
 * - `ddpm`: Ho et al. 2020, arXiv:2006.11239, eq. 14, in continuous time; predictions epsilon, x0 and v (arXiv:2202.00512).
 * - `flow`: flow matching (Lipman et al. 2023, arXiv:2210.02747) and rectified flow (Liu et al. 2023, arXiv:2209.03003).
 *
 * Whatever it was trained with, samples are made by any [solver](solvers.ts) with any number of steps.
 */
export class Diffusion implements Model {
  readonly network: DenoisingNetwork;
  readonly sampler: Sampler<DiffusionSamplerOptions>;
  readonly editor: Editor<DiffusionEditorOptions>;
  /** Of rows of a table there is none: their categories are no real numbers. */
  readonly density?: DensityLoop;
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
    if (!data.columns) {
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
  #losses(x: Tensor, context: Context): { readonly losses: Tensor; readonly level: NoiseLevel } {
    const level = this.#process.training(x.shape[0]!);
    const n = couplings[this.#config.coupling](x);
    const y = noisy(x, n, level);
    const F = this.network.apply(this.#prediction.input(y, level), this.#prediction.feature(level), context);
    const error = square(F.sub(this.#prediction.target(x, n, level)));
    return { losses: mean(error, x.shape.map((_, axis) => axis).slice(1)), level };
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const context = contextOf("loss");
    const given = context.condition && withoutSome(context.condition, x.shape[0]!, this.#config.conditionDropout);
    const { losses, level } = this.#losses(this.#centered(x), conditioned(context, given));
    return [
      {
        name: "loss",
        loss: mean(losses),
        parameters: parameters(this),
        metrics: this.#byLevel(losses, level),
      },
    ];
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    return { loss: this.#losses(this.#centered(x), context).losses };
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

function processOf({ process, path, times, logMean, logStd, coupling }: DiffusionConfig): NoiseProcess {
  const { paths }: { readonly paths: readonly NoisePathName[] } = usual[process];
  if (path !== undefined && !paths.includes(path))
    throw new ConfigError(
      `path: the process ${process} ${paths.length === 0 ? "has its own" : "does not take it"}, got ${path}, expected ${paths.length === 0 ? "none" : paths.join(" or ")}`,
    );
  if (coupling !== "independent" && process !== "flow")
    throw new ConfigError(`coupling: ${coupling} is for process=flow, got process=${process}, expected independent`);
  if (process === "edm") return logNormalNoise({ logMean, logStd });
  return timedNoise(noisePaths[path ?? paths[0]!], timeDensities[times]);
}

function predictionOf(
  { process, prediction = usual[process].prediction }: DiffusionConfig,
  sigmaData: number,
): Prediction {
  return prediction === "edm" ? preconditioned(sigmaData) : predictions[prediction];
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
  summary: "Diffusion and flow matching: EDM, DDPM, rectified flow, with any sampler",
  paper: "arXiv:2206.00364",
  config: z.strictObject({
    process: z
      .enum(["edm", "ddpm", "flow"])
      .default("edm")
      .describe(
        "noise levels and target in training; edm: log-normal levels, preconditioned; ddpm: variance-preserving in time; flow: flow matching",
      ),
    path: z
      .enum(Object.keys(noisePaths) as [NoisePathName, ...NoisePathName[]])
      .optional()
      .describe(
        "noise in time; ddpm: linear or cosine (default: linear); flow: rectified or trigonometric (default: rectified)",
      ),
    prediction: z
      .enum(["edm", ...(Object.keys(predictions) as (keyof typeof predictions)[])])
      .optional()
      .describe(
        "target of the network; epsilon: the noise; x0: the example; v and velocity: both; edm: preconditioned (default: edm, of ddpm epsilon, of flow velocity)",
      ),
    logMean: z
      .number()
      .min(-20)
      .max(20)
      .default(-1.2)
      .describe("edm: mean of ln sigma in training")
      .meta({ onlyWith: { process: ["edm"] } }),
    logStd: z
      .number()
      .positive()
      .max(20)
      .default(1.2)
      .describe("edm: standard deviation of ln sigma in training")
      .meta({ onlyWith: { process: ["edm"] } }),
    times: z
      .enum(Object.keys(timeDensities) as [TimeDensityName, ...TimeDensityName[]])
      .default("uniform")
      .describe("ddpm, flow: density of times in training")
      .meta({ onlyWith: { process: ["ddpm", "flow"] } }),
    coupling: z
      .enum(Object.keys(couplings) as [CouplingName, ...CouplingName[]])
      .default("independent")
      .describe("flow: pairs of examples and noise; optimal-transport: near ones within a batch"),
    ...denoisingNetworkConfig,
    conditional: z.boolean().default(false).describe("class-conditional: p(x|y) of labeled data"),
    conditionDropout: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe("conditional: probability of training without the class, for guidance; 0: none, no guidance")
      .meta({ onlyWith: { conditional: ["true"] } }),
  }),
  presets: diffusionPresets,
  build: (config, data) => new Diffusion(config, data),
});
