/** `codes:RUN`: the codes of a trained run as data to train another model on. */
import { classIndices, createDataset, type Field } from "../../data/dataset.ts";
import type { DataSourceOptions } from "../../data/options.ts";
import { createDataSource, type DataSource, type Split, whole } from "../../data/split.ts";
import { ConfigError } from "../../errors.ts";
import { codeOf } from "../../evaluation/capabilities.ts";
import { type LatentCodes, latentCodes } from "../../evaluation/latent-codes.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { Latent } from "../../models/latent.ts";
import { loadRun, type LoadedRun } from "../load-run.ts";
import { type Platform, withLoadProgress } from "../platform.ts";
import { readRunData } from "../run-spec.ts";
import { standardizationOf, standardize } from "./standardization.ts";

/** The form of `--data` for them. */
export const codesForm = {
  spec: "codes:RUN",
  description:
    "codes of a trained run, standardized: means of q(z|x), or samples with --codes samples; codes:RUN#LATENT for one of several latents",
};

/** Whether a source is codes of a run. */
export const isCodes = (spec: string): boolean => spec.startsWith("codes:");

/** `codes:PATH` or `codes:PATH#LATENT`. */
function parseSpec(spec: string): { readonly path: string; readonly latentName?: string } {
  const [, path = "", latentName] = /^codes:(.*?)(?:#([^#]*))?$/s.exec(spec) ?? [];
  if (path === "")
    throw new ConfigError(
      `data: no run is named, got "${spec}", expected codes:RUN, or codes:RUN#LATENT for one of several latents`,
    );
  return { path, ...(latentName !== undefined && { latentName }) };
}

/** Options that codes have a use for: how the run's data are read is the run's business. */
const taken = new Set(["codes", "without", "seed", "like", "whole", "onProgress"]);

/**
 * The codes of a run as a data source with the run's splits and labels: one latent as examples, of mean 0 and standard deviation 1 over
 * the training codes (symbols as they are), the others as fields of their names. Throws CheckpointError where the run is missing or
 * damaged, UnsupportedOpError where its model does not encode.
 */
export async function openCodes(spec: string, options: DataSourceOptions, platform: Platform): Promise<DataSource> {
  const { path, latentName } = parseSpec(spec);
  const { codes: take, onProgress } = options;
  const other = Object.entries(options).find(([key, value]) => value !== undefined && !taken.has(key));
  if (other)
    throw new ConfigError(
      `data: ${spec} has no ${other[0]}, got ${JSON.stringify(other[1])}, expected none: codes are read as the run's own data`,
    );
  // One thread, so that the codes are the same each time.
  const parent = await loadRun(path, await platform.evaluationDevice(), withLoadProgress(platform, onProgress));
  try {
    return await codesSource(parent, await parent.openData(), { spec, latentName, take });
  } finally {
    await parent.trained.release();
    await parent.run.close();
  }
}

/** The same of a run that is loaded, on one thread, whose data are open. `spec`: by what name. */
export async function codesSource(
  parent: LoadedRun,
  source: DataSource,
  {
    spec,
    latentName,
    take = "means",
  }: {
    readonly spec: string;
    readonly latentName?: string | undefined;
    readonly take?: DataSourceOptions["codes"];
  },
): Promise<DataSource> {
  const latent = latentOf(parent, latentName);
  const { binarize } = readRunData(parent.run);
  const of = (split: Split): Promise<LatentCodes> =>
    latentCodes(parent.trained, { split, take, binarize, seed: parent.run.info.seed });
  const training = await of(source.train);
  const standardization = Object.fromEntries(
    parent.trained.model.latents!.map(({ name, shape, dtype }) => [
      name,
      standardizationOf(training[name]!, dtype === "int64" ? 0 : sizeOf(shape)),
    ]),
  );
  const partOf = async (split: Split, codes?: LatentCodes): Promise<Split> => {
    if (split.indices.length === 0) return { ...part, indices: new Uint32Array() };
    return codesSplit({ parent, latent, split, codes: codes ?? (await of(split)), standardization });
  };
  const part = await codesSplit({ parent, latent, split: source.train, codes: training, standardization });
  const description = `codes of ${source.name} by ${parent.run.info.model}: ${take} of q(${latent.name}|x)`;
  const parts = { train: part, validation: await partOf(source.validation), test: await partOf(source.test) };
  return {
    ...(await createDataSource({ name: spec, description, ...parts })),
    parent: {
      path: parent.run.path,
      step: parent.step,
      weights: await parent.run.weightsDigest(parent.step),
      latent: latent.name,
      take,
      standardization,
    },
  };
}

function latentOf({ run, trained: { model } }: LoadedRun, name: string | undefined): Latent {
  const { latents = [] } = model;
  if (name === undefined) {
    const latent = codeOf(model) ?? latents.at(-1);
    if (latent) return latent;
    throw new ConfigError(`codes: ${run.path} has no latents, got a model without codes, expected one that encodes`);
  }
  const latent = latents.find((one) => one.name === name);
  if (latent) return latent;
  throw new ConfigError(
    `codes: ${run.path} has no latent of this name, got ${name}, expected ${latents.map((one) => one.name).join(", ") || "a model with latents"}`,
  );
}

async function codesSplit(options: {
  readonly parent: LoadedRun;
  readonly latent: Latent;
  readonly split: Split;
  readonly codes: LatentCodes;
  readonly standardization: NonNullable<DataSource["parent"]>["standardization"];
}): Promise<Split> {
  const { parent, latent, split, codes, standardization } = options;
  const { dataset, indices } = split;
  const { labels, classNames } = dataset;
  const standardized = (name: string): Float32Array => standardize(codes[name]!, standardization[name]!);
  const others = parent.trained.model.latents!.filter(({ name }) => name !== latent.name);
  const fields = Object.fromEntries(
    others.map(({ name, shape, symbols }): [string, Field] => [
      name,
      { kind: "numbers", shape, ...(symbols !== undefined && { symbols }), values: standardized(name) },
    ]),
  );
  return whole(
    await createDataset({
      name: `codes:${parent.run.path}`,
      description: `codes of ${dataset.name}`,
      kind: "codes",
      shape: latent.shape,
      size: indices.length,
      values: standardized(latent.name),
      range: null,
      ...(latent.symbols !== undefined && { symbols: latent.symbols }),
      ...(labels &&
        classNames && {
          labels: classIndices(classNames.length, indices.length).map((_, row) => labels[indices[row]!]!),
          classNames,
        }),
      ...(others.length > 0 && { fields }),
    }),
  );
}
