import { createDataset } from "../../data/dataset.ts";
import { whole } from "../../data/split.ts";
import { ConfigError, DataError, UnsupportedOpError } from "../../errors.ts";
import { has, requireCapabilities } from "../../evaluation/capabilities.ts";
import type { ConditionValues } from "../../evaluation/condition.ts";
import type { LatentCodes } from "../../evaluation/latent-codes.ts";
import { mapSplit } from "../../evaluation/map-split.ts";
import { sizeOf } from "../../graph/shape.ts";
import { isDensity } from "../../latent/density.ts";
import type { GaussianMixture } from "../../latent/gaussian-mixture.ts";
import { stream } from "../../random/index.ts";
import { type DensityFit, runDensity } from "../density.ts";
import { loadRun, type LoadedRun } from "../load-run.ts";
import { standardize, unstandardize } from "./standardization.ts";

export interface PriorSampleOptions {
  readonly seed?: number | undefined;
  /** Place of the first code among all of the seed (0): many are sampled in pieces. */
  readonly first?: number | undefined;
  readonly temperature?: number | undefined;
  /** Of a Gaussian mixture, in place of a temperature: Mahalanobis distance of the codes from the means. */
  readonly radius?: number | undefined;
  /** For a prior that takes one: classes and the like. */
  readonly condition?: ConditionValues;
  /** The prior's own sampler options. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A density of a run's codes: a Gaussian mixture fitted to them, or another run that was trained on them. */
export interface CodePrior {
  readonly name: string;
  /** Codes of new examples, by latent. */
  sample(count: number, options?: PriorSampleOptions): Promise<LatentCodes>;
  /** log p of codes [count, dim] of the run's code, in nats; absent where the prior has no likelihood. */
  readonly logProb?: (codes: Float32Array) => Promise<Float64Array>;
  /** Where it is one. */
  readonly mixture?: GaussianMixture;
  readonly fit?: DensityFit;
  release(): Promise<void>;
}

/**
 * The prior of a name: a density's (`gaussian`, `gmm:10`), fitted to the codes of training examples and kept in the run, or the folder of a run
 * that was trained on `codes:` of this one; several runs with commas between, one a latent, each given those above it. `onFit` is called before
 * a density is fitted. Throws UnsupportedOpError for a run that was trained on something else, DataError for one of other weights.
 */
export async function openPrior(loaded: LoadedRun, name: string, onFit?: () => void): Promise<CodePrior> {
  if (isDensity(name)) return mixturePrior(loaded, name, onFit);
  const priors: LoadedRun[] = [];
  for (const path of name.split(",")) {
    const prior = await trainedPrior(loaded, path);
    const { latent } = prior.run.info.parent!;
    const other = priors.find(({ run }) => run.info.parent!.latent === latent);
    if (other)
      throw new ConfigError(
        `--prior: two priors of one latent, got ${other.run.path} and ${path} of ${latent}, expected one for each latent`,
      );
    priors.push(prior);
  }
  return runPrior(loaded, name, priors);
}

async function mixturePrior(loaded: LoadedRun, name: string, onFit?: () => void): Promise<CodePrior> {
  const { mixture, fit } = await runDensity(loaded, name, onFit);
  return { ...gaussianPrior(loaded.trained.code.name, mixture), name, fit };
}

/** A Gaussian mixture as the prior of a latent. */
export function gaussianPrior(code: string, mixture: GaussianMixture): CodePrior {
  return {
    name: "gaussian",
    mixture,
    sample: async (count, { seed = 0, first = 0, temperature, radius } = {}) => ({
      [code]: mixture.sample(count, first === 0 ? stream(seed, "sample") : stream(seed, "sample", first), {
        ...(temperature !== undefined && { temperature }),
        radius,
      }),
    }),
    logProb: async (codes) => mixture.logProb(codes),
    release: () => Promise.resolve(),
  };
}

/** Loads a run that is to be the prior of another, and checks that it was trained on its codes. */
async function trainedPrior({ run, step, trained, platform }: LoadedRun, path: string): Promise<LoadedRun> {
  const prior = await loadRun(path, trained.store.device, platform);
  const { parent } = prior.run.info;
  if (!parent)
    throw new UnsupportedOpError(
      `--prior: ${path} is no prior of codes, got a run trained on ${prior.run.info.data.source}, expected one trained on --data codes:${run.path}`,
    );
  const weights = await run.weightsDigest(step);
  if (parent.weights !== weights)
    throw new DataError(
      `--prior: ${path} is of other codes, got those of weights ${parent.weights.slice(0, 12)}, expected those of ${run.path}, ${weights.slice(0, 12)}`,
    );
  requireCapabilities(prior.trained.model, ["sample"], { where: path });
  return prior;
}

function runPrior({ trained }: LoadedRun, name: string, priors: readonly LoadedRun[]): CodePrior {
  const order = (trained.model.latents ?? []).map((latent) => latent.name);
  const byLatent = priors
    .map((prior) => ({ prior, parent: prior.run.info.parent! }))
    .toSorted((a, b) => order.indexOf(a.parent.latent) - order.indexOf(b.parent.latent));
  const only = byLatent.length === 1 ? byLatent[0] : undefined;
  return {
    name,
    async sample(count, { seed = 0, first = 0, temperature, condition = {}, options = {} } = {}) {
      const standardized: Record<string, Float32Array> = {};
      const codes: Record<string, Float32Array> = {};
      for (const { prior, parent } of byLatent) {
        const fields = prior.trained.model.condition?.fields.map((field) => field.name) ?? [];
        const known: ConditionValues = { ...condition, ...standardized };
        const given = Object.fromEntries(fields.flatMap((field) => (known[field] ? [[field, known[field]]] : [])));
        const model = fields.length === 0 ? prior.trained : prior.trained.given(given);
        standardized[parent.latent] = await model.sample(count, {
          seed,
          first,
          ...(temperature !== undefined && { temperature }),
          ...options,
        });
        codes[parent.latent] = unstandardize(standardized[parent.latent]!, parent.standardization[parent.latent]!);
      }
      return codes;
    },
    ...(only &&
      has(only.prior.trained.model, "likelihood") && {
        logProb: (codes: Float32Array) => logProbOf(only.prior, codes),
      }),
    async release() {
      for (const { prior } of byLatent) await prior.trained.release();
    },
  };
}

/** log p of codes by a run's exact likelihood, in the codes' own units. */
async function logProbOf({ run, trained }: LoadedRun, codes: Float32Array): Promise<Float64Array> {
  const { parent } = run.info;
  const { mean, std } = parent!.standardization[parent!.latent]!;
  const { model, shape } = trained;
  if (!model.logProb)
    throw new UnsupportedOpError(
      `--prior: ${run.path} has no exact likelihood of codes, got a bound, expected a flow, an autoregressive model, or gmm:K`,
    );
  const dataset = await createDataset({
    name: "codes",
    description: "codes to score",
    shape,
    size: codes.length / sizeOf(shape),
    values: standardize(codes, { mean, std }),
    range: null,
  });
  const split = whole(dataset);
  const { logProb } = await mapSplit(trained, { split, key: "log p of codes" }, (x, context) => ({
    logProb: model.logProb!(x, context),
  }));
  const logScale = std.reduce((sum, s) => sum + Math.log(s), 0);
  return Float64Array.from(logProb, (log) => log - logScale);
}
