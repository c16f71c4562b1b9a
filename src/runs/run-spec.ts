import type { DataSource } from "../data/split.ts";
import { CheckpointError, DataError } from "../errors.ts";
import type { ModelDefinition, Remedies } from "../models/definition.ts";
import { matching } from "../serialization/json.ts";
import type { Platform } from "./platform.ts";
import type { Run } from "./run.ts";
import { runClassNames } from "./run-info.ts";
import { trainingSettings, type TrainingSettings } from "../training/settings.ts";
import { givenDataOptions, runDataOptions } from "../data/options.ts";

/** How a run was trained, read from its run.json by the schemas that know each part. Throws CheckpointError. */
export async function readRunSpec(
  { info, store }: Pick<Run, "info" | "store">,
  { findModel }: Pick<Platform, "findModel">,
): Promise<RunSpec> {
  const where = store.pathOf("run.json");
  const definition = await findModel(info);
  const config = matching(definition.config, info.config, `${where}: config`);
  return {
    definition,
    config,
    remedies: definition.remedies?.(config) ?? {},
    settings: matching(trainingSettings, info.training, `${where}: training`),
    seed: info.seed,
  };
}

export interface RunSpec {
  readonly definition: ModelDefinition;
  readonly config: object;
  readonly remedies: Remedies;
  readonly settings: TrainingSettings;
  readonly seed: number;
}

/** How a run reads its data. Throws CheckpointError. */
export const readRunData = ({ info, store }: Pick<Run, "info" | "store">) => ({
  source: info.data.source,
  ...matching(runDataOptions, info.data.options, `${store.pathOf("run.json")}: data.options`),
});

export interface RunDataOptions {
  /** Examples of the classes too that the run was trained without. */
  readonly everyClass?: boolean;
}

/** The data a run was trained on. Throws DataError where its content is no longer the same. */
export async function openRunData(
  run: Run,
  platform: Platform,
  { everyClass = false }: RunDataOptions = {},
): Promise<DataSource> {
  const where = run.store.pathOf("run.json");
  const data = readRunData(run);
  const { without, ...options } = givenDataOptions(data);
  const source = await platform.openData(data.source, { ...options, without }).catch((error: unknown) => {
    if (!(run.info.parent && error instanceof CheckpointError)) throw error;
    throw new CheckpointError(
      `${run.path}: its parent run cannot be opened: ${error.message}; a relative path starts where training was started`,
      { cause: error },
    );
  });
  refuseOtherParent(run, source);
  if (source.fingerprint !== run.info.data.fingerprint)
    throw new DataError(
      `${data.source}: not the data the run was trained on, got fingerprint ${short(source.fingerprint)}, expected ${short(run.info.data.fingerprint)}`,
    );
  const { shape } = source.train.dataset;
  if (shape.join() !== run.info.data.shape.join())
    throw new CheckpointError(
      `${where}: "data.shape" is not that of its data, got [${run.info.data.shape.join(", ")}], expected [${shape.join(", ")}]`,
    );
  return everyClass && without ? platform.openData(data.source, options) : source;
}

/** Other data, read as that of a run was: images in its form, tables by its columns and classes. */
export function openDataLike(run: Run, platform: Platform, spec: string): Promise<DataSource> {
  const { shape, columns } = run.info.data;
  const classNames = runClassNames(run.info);
  const like = {
    shape,
    columns,
    options: givenDataOptions(readRunData(run)),
    ...(classNames.length > 0 && { classNames }),
  };
  return platform.openData(spec, { like });
}

/** Codes of other weights are other data. */
function refuseOtherParent({ info, path }: Run, { parent }: DataSource): void {
  if (info.parent && parent && parent.weights !== info.parent.weights)
    throw new DataError(
      `${path}: its parent run ${info.parent.path} has changed, got weights ${short(parent.weights)}, expected ${short(info.parent.weights)} of step ${info.parent.step}`,
    );
}

const short = (fingerprint: string): string => fingerprint.slice(0, 12);
