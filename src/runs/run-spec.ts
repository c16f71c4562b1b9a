import type { DataSource } from "../data/split.ts";
import { CheckpointError, DataError } from "../errors.ts";
import { findModel } from "../models/registry.ts";
import { matching } from "../serialization/json.ts";
import type { Platform } from "./platform.ts";
import type { Run } from "./run.ts";
import type { RunInfo } from "./run-info.ts";
import { trainingSettings } from "../training/settings.ts";
import { givenDataOptions, runDataOptions } from "../data/options.ts";

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

export interface RunDataOptions {
  /** Examples of the classes too that the run was trained without. */
  readonly everyClass?: boolean;
}

/** The data a run was trained on. Throws DataError where its content is no longer the same. */
export async function openRunData(
  run: Run,
  { openData }: Pick<Platform, "openData">,
  { everyClass = false }: RunDataOptions = {},
): Promise<DataSource> {
  const where = run.store.pathOf("run.json");
  const { data } = readRunSpec(run.info, where);
  const { without, ...options } = givenDataOptions(data);
  const source = await openData(data.source, { ...options, without });
  if (source.fingerprint !== run.info.data.fingerprint)
    throw new DataError(
      `${data.source}: not the data the run was trained on, got fingerprint ${short(source.fingerprint)}, expected ${short(run.info.data.fingerprint)}`,
    );
  const { shape } = source.train.dataset;
  if (shape.join() !== run.info.data.shape.join())
    throw new CheckpointError(
      `${where}: "data.shape" is not that of its data, got [${run.info.data.shape.join(", ")}], expected [${shape.join(", ")}]`,
    );
  return everyClass && without ? openData(data.source, options) : source;
}

/** Other data, read as that of a run was: images in its form, tables by its columns and classes. */
export function openDataLike(run: Run, { openData }: Pick<Platform, "openData">, spec: string): Promise<DataSource> {
  const where = run.store.pathOf("run.json");
  const { data } = readRunSpec(run.info, where);
  return openData(spec, { like: { ...run.info.data, options: givenDataOptions(data) } });
}

const short = (fingerprint: string): string => fingerprint.slice(0, 12);
