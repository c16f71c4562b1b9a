import { z } from "zod";
import { fieldNames } from "../parts/fields.ts";
import { ConfigError } from "../../errors.ts";
import { codesModels } from "./codes-models.ts";
import { consistencyNoise } from "./consistency.ts";
import { type CouplingName, couplings } from "./noise/coupling.ts";
import { denoisingNetworkConfig, type DenoisingNetworkConfig } from "./networks/denoising-network.ts";
import {
  logNormalNoise,
  type NoisePathName,
  noisePaths,
  type NoiseProcess,
  type TimeDensityName,
  timeDensities,
  timedNoise,
} from "./noise/noise-process.ts";
import { type Prediction, type PredictionName, preconditioned, predictions } from "./noise/prediction.ts";

export interface DiffusionConfig extends DenoisingNetworkConfig {
  /** Read where a run is started: the model itself is of whatever it is given. */
  readonly codes: "none" | keyof typeof codesModels;
  readonly process: "edm" | "ddpm" | "flow" | "consistency";
  readonly path?: NoisePathName | undefined;
  readonly prediction?: PredictionName | undefined;
  readonly logMean: number;
  readonly logStd: number;
  readonly times: TimeDensityName;
  readonly variance: "fixed" | "learned";
  readonly coupling: CouplingName;
  readonly stageSteps: number;
  readonly conditional: boolean;
  readonly fields?: readonly string[] | undefined;
  readonly superResolution?: number | undefined;
  readonly source?: string | undefined;
  readonly conditionDropout: number;
}

/** What a process is when nothing else is said. */
export const usual = {
  edm: { prediction: "edm", paths: [], solver: "heun", steps: 18 },
  ddpm: { prediction: "epsilon", paths: ["linear", "cosine"], solver: "ancestral", steps: 250 },
  flow: { prediction: "velocity", paths: ["rectified", "trigonometric"], solver: "heun", steps: 18 },
  consistency: { prediction: "edm", paths: [], solver: "renoise", steps: 2 },
} as const satisfies Record<
  string,
  { prediction: PredictionName; paths: readonly NoisePathName[]; [key: string]: unknown }
>;

export function processOf(config: DiffusionConfig): NoiseProcess {
  const { process, path, prediction, source, times, logMean, logStd, coupling, variance } = config;
  const { paths }: { readonly paths: readonly NoisePathName[] } = usual[process];
  if (path !== undefined && !paths.includes(path))
    throw new ConfigError(
      `path: the process ${process} ${paths.length === 0 ? "has its own" : "does not take it"}, got ${path}, expected ${paths.length === 0 ? "none" : paths.join(" or ")}`,
    );
  if (variance !== "fixed" && process !== "ddpm")
    throw new ConfigError(`variance: ${variance} is for process=ddpm, got process=${process}, expected fixed`);
  if (coupling !== "independent" && process !== "flow")
    throw new ConfigError(`coupling: ${coupling} is for process=flow, got process=${process}, expected independent`);
  if (source !== undefined && process !== "flow")
    throw new ConfigError(`source: it is for process=flow, got process=${process}, expected flow, or no source`);
  if (source === undefined && coupling === "paired")
    throw new ConfigError("coupling: noise is in no pairs, got paired without a source, expected source too");
  if (source !== undefined && ((path ?? "rectified") !== "rectified" || (prediction ?? "velocity") !== "velocity"))
    throw new ConfigError(
      `source: samples go in a straight line from it, got ${path === undefined || path === "rectified" ? `prediction=${prediction}` : `path=${path}`}, expected path=rectified and prediction=velocity`,
    );
  if (process === "consistency") return consistencyNoise;
  if (process === "edm") return logNormalNoise({ logMean, logStd });
  return timedNoise(noisePaths[path ?? paths[0]!], timeDensities[times]);
}

export function predictionOf(
  { process, prediction = usual[process].prediction }: DiffusionConfig,
  sigmaData: number,
): Prediction {
  if (process === "consistency" && prediction !== "edm")
    throw new ConfigError(
      `prediction: a consistency model needs one whose D is the example itself without noise, got ${prediction}, expected edm`,
    );
  return prediction === "edm" ? preconditioned(sigmaData) : predictions[prediction];
}

/** Settings of a diffusion model. */
/** Of a model that is given nothing, any other is refused. */
export const usualDropout = 0.1;

export const diffusionConfig = z.strictObject({
  codes: z
    .enum(["none", ...(Object.keys(codesModels) as (keyof typeof codesModels)[])])
    .default("none")
    .describe(
      "latent diffusion: the model whose codes it is trained on, which is trained first, with its settings as codes.KEY; none: the data themselves",
    ),
  process: z
    .enum(["edm", "ddpm", "flow", "consistency"])
    .default("edm")
    .describe(
      "noise levels and target in training; edm: log-normal levels, preconditioned; ddpm: variance-preserving in time; flow: flow matching; consistency: for samples of one or two steps",
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
  variance: z
    .enum(["fixed", "learned"])
    .default("fixed")
    .describe(
      "ddpm: noise of ancestral sampling; fixed: the posterior variance; learned: between that and the forward variance, by a second output of the network",
    )
    .meta({ onlyWith: { process: ["ddpm"] } }),
  coupling: z
    .enum(Object.keys(couplings) as [CouplingName, ...CouplingName[]])
    .default("independent")
    .describe(
      "flow: pairs of examples and noise, or what there is in its place; optimal-transport: near ones within a batch; paired: with source, as the data have them",
    ),
  source: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      "flow: field of the data that samples start from in place of noise, such as source of --data pairs:SOURCE,TARGET, for latentkit translate",
    )
    .meta({ onlyWith: { process: ["flow"] } }),
  stageSteps: z
    .int()
    .positive()
    .max(10_000_000)
    .default(1000)
    .describe("consistency: steps after which the noise levels that are compared are half as far apart")
    .meta({ onlyWith: { process: ["consistency"] } }),
  ...denoisingNetworkConfig,
  conditional: z.boolean().default(false).describe("class-conditional: p(x|y) of labeled data"),
  fields: fieldNames
    .optional()
    .describe("fields of the data to condition on, each of which may be left out in sampling"),
  superResolution: z
    .int()
    .min(2)
    .max(64)
    .optional()
    .describe("images: a model of an image given the same image so many times smaller, for latentkit upscale"),
  conditionDropout: z
    .number()
    .min(0)
    .max(1)
    .default(usualDropout)
    .describe(
      "conditional, fields: probability of training without them, for guidance; of several also without each by itself; 0: none, no guidance",
    ),
});
