/**
 * Densities fitted to a run's codes, kept in the run: `densities/step-<n>-<name>/{density.safetensors, density.json}`. They can be
 * fitted again at any time, so a folder of other weights is replaced, and a damaged one may be deleted.
 */
import { z } from "zod";
import { CheckpointError, ConfigError } from "../errors.ts";
import { has, requireCapabilities } from "../evaluation/capabilities.ts";
import { fitDensity, parseDensity } from "../latent/density.ts";
import { GaussianMixture } from "../latent/gaussian-mixture.ts";
import { matching, parseJsonObject, refuseNewerFormat } from "../serialization/json.ts";
import type { SafetensorsTensor } from "../serialization/safetensors.ts";
import { safetensorsChunks } from "../serialization/safetensors.ts";
import { sha256Hex } from "../sha256.ts";
import { version } from "../version.ts";
import { readDigestedTensors } from "./storage/checkpoints.ts";
import type { LoadedRun } from "./load-run.ts";
import { readRunData } from "./run-spec.ts";
import { type FileContent, readText, type RunStore } from "./storage/store.ts";

const densitiesFolder = "densities";
const formatVersion = 1;
const maxJsonBytes = 100_000;
const digest = z.string().regex(/^[0-9a-f]{64}$/, { error: "expected 64 hexadecimal digits" });

const densitySchema = z.strictObject({
  formatVersion: z.literal(formatVersion),
  latentkit: z.string().max(100),
  /** The name given: gmm:10. */
  density: z.string().max(100),
  covariance: z.enum(["diagonal", "full"]),
  components: z.int().positive().max(999),
  latentDim: z.int().positive(),
  /** Number of codes that it was fitted to, one sample of q(z|x) for each training example. */
  codes: z.int().positive(),
  /** Nats per code. */
  meanLogProb: z.number(),
  bic: z.number(),
  /** Whether the likelihood had stopped rising. */
  converged: z.boolean(),
  sha256: z.strictObject({
    /** Of density.safetensors. */
    density: digest,
    /** Of the weights that the codes are of. */
    weights: digest,
  }),
});

/** The goodness of fit of a density. */
export type DensityFit = Readonly<
  Pick<z.infer<typeof densitySchema>, "density" | "components" | "codes" | "meanLogProb" | "bic" | "converged">
>;

export interface RunDensity {
  readonly mixture: GaussianMixture;
  readonly fit: DensityFit;
}

/** As kept in the run, with the SHA-256 of the weights that the codes are of. */
type KeptDensity = RunDensity & { readonly weights: string };

/**
 * The density `name` (gaussian, full-gaussian, gmm:10 and so on) of a run's codes: the one kept in the run, or else fitted to one
 * sample of q(z|x) for each training example, and kept. `onFit` is called before the latter. Throws UnsupportedOpError for a model
 * that does not encode and decode, CheckpointError where what is kept is damaged.
 */
export async function runDensity(loaded: LoadedRun, name: string, onFit?: () => void): Promise<RunDensity> {
  const form = parseDensity(name);
  const { run, trained, step } = loaded;
  requireCapabilities(trained.model, ["encode", "decode", "vector"], {
    where: run.path,
    ...(has(trained.model, "sample") && { remedy: "no density of codes: the model samples its own p(z)" }),
  });
  const { latentDim } = trained;
  const weights = await run.weightsDigest(step);
  const folder = `${densitiesFolder}/step-${step}-${name.replace(":", "-")}`;
  const kept = await readDensity(run.store, folder, latentDim);
  if (kept && kept.weights === weights && kept.fit.density === name) return kept;
  const { binarize } = readRunData(run);
  const { train } = await loaded.openData();
  if (typeof form.components === "number" && form.components > train.indices.length)
    throw new ConfigError(
      `density: more Gaussians than training examples, got ${name} for ${train.indices.length} examples, expected fewer`,
    );
  onFit?.();
  const { samples } = await trained.codes(train, { binarize });
  const { mixture, meanLogProbs, bic, converged } = fitDensity(samples, { form, dim: latentDim, seed: run.info.seed });
  const fit: DensityFit = {
    density: name,
    components: mixture.components,
    codes: train.indices.length,
    meanLogProb: meanLogProbs.at(-1)!,
    bic,
    converged,
  };
  await writeDensity(run.store, folder, { mixture, fit, weights });
  return { mixture, fit };
}

async function writeDensity(store: RunStore, folder: string, { mixture, fit, weights }: KeptDensity): Promise<void> {
  const tensors = safetensorsChunks(
    new Map<string, SafetensorsTensor>(
      [...shapesOf(mixture)].map(([part, shape]) => [part, { dtype: "F64", shape, data: mixture[part] }]),
    ),
  );
  const { covariance, dim: latentDim } = mixture;
  const digests = { density: await sha256Hex(tensors), weights };
  const about = { formatVersion, latentkit: version, ...fit, covariance, latentDim, sha256: digests };
  await store.makeFolder(densitiesFolder);
  // What another process has just put in its place is replaced by the same.
  if ((await store.kindOf(folder)) !== "nothing") await store.removeFolder(folder);
  await store.writeFolder(
    folder,
    new Map<string, FileContent>([
      ["density.safetensors", tensors],
      ["density.json", `${JSON.stringify(about, null, 2)}\n`],
    ]),
  );
}

async function readDensity(store: RunStore, folder: string, dim: number): Promise<KeptDensity | undefined> {
  if ((await store.kindOf(folder)) === "nothing") return undefined;
  try {
    const name = `${folder}/density.json`;
    const where = store.pathOf(name);
    const file = parseJsonObject(await readText(store, name, maxJsonBytes), where);
    refuseNewerFormat(file, formatVersion, where);
    const about = matching(densitySchema, file, where);
    const { density, codes, meanLogProb, bic, converged, covariance, components, latentDim, sha256: digests } = about;
    if (latentDim !== dim)
      throw new CheckpointError(`${where}: "latentDim" is not the model's, got ${latentDim}, expected ${dim}`);
    const shapes = shapesOf({ covariance, components, dim });
    const tensors = await readDigestedTensors(store, `${folder}/density.safetensors`, {
      digest: digests.density,
      digestFile: "density.json",
      expected: new Map([...shapes].map(([part, shape]) => [part, { dtype: "F64", shape }])),
    });
    // Held against these dtypes above.
    const part = (name: string): Float64Array => tensors.get(name)!.data as Float64Array;
    const mixture = new GaussianMixture({
      covariance,
      weights: part("weights"),
      means: part("means"),
      factors: part("factors"),
    });
    return { mixture, fit: { density, components, codes, meanLogProb, bic, converged }, weights: digests.weights };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new CheckpointError(`${error.message}; delete ${store.pathOf(folder)} to have it fitted again`, {
      cause: error,
    });
  }
}

const shapesOf = ({
  covariance,
  components,
  dim,
}: Pick<GaussianMixture, "covariance" | "components" | "dim">): ReadonlyMap<
  "weights" | "means" | "factors",
  number[]
> =>
  new Map([
    ["weights", [components]],
    ["means", [components, dim]],
    ["factors", covariance === "full" ? [components, dim, dim] : [components, dim]],
  ]);
