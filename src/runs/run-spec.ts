import type { DataSource } from "../data/split.ts";
import { CheckpointError, DataError } from "../errors.ts";
import { findModel } from "../models/registry.ts";
import { matching } from "../serialization/json.ts";
import type { RunInfo } from "./run-info.ts";
import { trainingSettings } from "../training/settings.ts";
import { givenDataOptions, runDataOptions } from "../node/data/options.ts";
import { openDataSource } from "../node/data/source.ts";

/** What a run is, read from its run.json by the schemas that know each part. Throws CheckpointError. */
export function readRunSpec(info: RunInfo, where: string) {
  const definition = findModel(info.model);
  const config = matching(definition.config, info.config, `${where}: config`);
  return {
    definition,
    config,
    remedies: definition.remedies?.(config) ?? {},
    settings: matching(trainingSettings, info.training, `${where}: training`),
    data: { source: info.data.source, ...matching(runDataOptions, info.data.options, `${where}: data.options`) },
    seed: info.seed,
  };
}

/**
 * The data a run was trained on, with `everyClass` those of the classes too that it was trained without. Throws DataError where its
 * content is no longer the same.
 */
export async function openRunData(
  info: RunInfo,
  where: string,
  { everyClass = false }: { readonly everyClass?: boolean } = {},
): Promise<DataSource> {
  const { data } = readRunSpec(info, where);
  const { without, ...options } = givenDataOptions(data);
  const source = await openDataSource(data.source, { ...options, without });
  if (source.fingerprint !== info.data.fingerprint)
    throw new DataError(
      `${data.source}: not the data the run was trained on, got fingerprint ${short(source.fingerprint)}, expected ${short(info.data.fingerprint)}`,
    );
  const { shape } = source.train.dataset;
  if (shape.join() !== info.data.shape.join())
    throw new CheckpointError(
      `${where}: "data.shape" is not that of its data, got [${info.data.shape.join(", ")}], expected [${shape.join(", ")}]`,
    );
  return everyClass && without ? openDataSource(data.source, options) : source;
}

/** Other data, read as that of a run was: images in its form, tables by its columns and classes. */
export function openDataLike(info: RunInfo, where: string, spec: string): Promise<DataSource> {
  const { data } = readRunSpec(info, where);
  return openDataSource(spec, { like: { ...info.data, options: givenDataOptions(data) } });
}

const short = (fingerprint: string): string => fingerprint.slice(0, 12);
