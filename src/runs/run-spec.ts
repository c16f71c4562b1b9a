import type { DataSource } from "../data/split.ts";
import { CheckpointError, ConfigError, DataError } from "../errors.ts";
import { buildModel } from "../models/build-model.ts";
import type { ModelDefinition, Remedies } from "../models/definition.ts";
import type { Model } from "../models/model.ts";
import { matching } from "../serialization/json.ts";
import type { Platform } from "./platform.ts";
import { codesFolder, type Run } from "./run.ts";
import { runClassNames, runDataSpec, type RunInfo } from "./run-info.ts";
import { trainingSettings, type TrainingSettings } from "../training/settings.ts";
import { givenDataOptions, runDataOptions } from "../data/options.ts";

/** A definition that a person has named for a run, of a file that may have moved or changed since. */
export interface NamedDefinition {
  readonly definition: ModelDefinition;
  readonly modelFile?: NonNullable<RunInfo["modelFile"]>;
}

/**
 * How a run was trained, read from its run.json by the schemas that know each part. Throws CheckpointError, and ConfigError where
 * what is `named` is another model.
 */
export async function readRunSpec(
  { info, store }: Pick<Run, "info" | "store">,
  { findModel }: Pick<Platform, "findModel">,
  named?: NamedDefinition,
): Promise<RunSpec> {
  const where = store.pathOf("run.json");
  if (named) refuseOtherModel(info, named, store.path);
  const definition = named?.definition ?? (await findModel(info, store.path));
  const config = matching(definition.config, info.config, `${where}: config`);
  return {
    definition,
    config,
    remedies: definition.remedies?.(config) ?? {},
    settings: matching(trainingSettings, info.training, `${where}: training`),
    seed: info.seed,
  };
}

function refuseOtherModel({ model, modelFile }: RunInfo, named: NamedDefinition, run: string): void {
  const { name } = named.definition;
  if (name !== model) throw new ConfigError(`${run}: is of model ${model}, got ${name}, expected a file of ${model}`);
  if (named.modelFile && !modelFile)
    throw new ConfigError(`${run}: is of the built-in model ${model}, got ${named.modelFile.path}, expected no file`);
}

/** The model of a run, and where messages say that it is from. */
export const runModelOf = (info: RunInfo, { definition, config }: RunSpec, named?: NamedDefinition): Model =>
  buildModel(definition, config, runDataSpec(info), modelPlace(info, named));

/** The file of a run's model, or its name where it is built in. */
export const modelPlace = (info: RunInfo, named?: NamedDefinition): string =>
  (named?.modelFile ?? info.modelFile)?.path ?? info.model;

/** Whether two model files are one, with the same content. */
export const sameFile = (a: RunInfo["modelFile"], b: RunInfo["modelFile"]): boolean =>
  a?.path === b?.path && a?.sha256 === b?.sha256;

export interface RunSpec {
  readonly definition: ModelDefinition;
  readonly config: object;
  readonly remedies: Remedies;
  readonly settings: TrainingSettings;
  readonly seed: number;
}

/** Where the run is whose codes a run was trained on: in its own folder, wherever that is, or at a path of its own. */
export const parentPath = ({ info, store }: Pick<Run, "info" | "store">): string =>
  info.parent!.inside ? store.pathOf(codesFolder) : info.parent!.path;

/** How a run reads its data. Throws CheckpointError. */
export const readRunData = ({ info, store }: Pick<Run, "info" | "store">) => ({
  source: info.parent?.inside ? `codes:${store.pathOf(codesFolder)}` : info.data.source,
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
    throw parentError(run, error);
  });
  if (source.parent) refuseOtherParent(run, source.parent);
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

export interface LikeOptions {
  /** Whether nothing is held out: every example is there, in file order. */
  readonly whole?: boolean;
  /** Of an example, where it is another than the run's. */
  readonly shape?: readonly number[];
}

/** Other data, read as that of a run was: images in its form, arrays by its range, tables by its columns and classes. */
export function openDataLike(
  run: Pick<Run, "info" | "store">,
  platform: Platform,
  spec: string,
  { whole = false, shape = run.info.data.shape }: LikeOptions = {},
): Promise<DataSource> {
  const { columns, range, standardization } = run.info.data;
  const classNames = runClassNames(run.info);
  const like = {
    shape,
    columns,
    range,
    standardization,
    options: givenDataOptions(readRunData(run)),
    ...(classNames.length > 0 && { classNames }),
  };
  return platform.openData(spec, { like, ...(whole && { whole }) });
}

/** What a run says where the run that its data are codes of cannot be opened; other errors are as they are. */
export function parentError({ info, path }: Run, error: unknown): unknown {
  if (!(info.parent && error instanceof CheckpointError)) return error;
  const message = info.parent.inside
    ? `${path}: its first stage cannot be opened: ${error.message}; it is a part of the run, in its folder ${codesFolder}`
    : `${path}: its parent run cannot be opened: ${error.message}; a relative path starts where training was started`;
  return new CheckpointError(message, { cause: error });
}

/** Codes of other weights are other data. */
export function refuseOtherParent(run: Run, { weights }: { readonly weights: string }): void {
  const { parent } = run.info;
  if (parent && weights !== parent.weights) throw parentChanged(run, `weights ${short(weights)}`);
}

export const parentChanged = (run: Run, got: string): DataError => {
  const {
    info: { parent },
    path,
  } = run;
  return new DataError(
    `${path}: its parent run ${parentPath(run)} has changed, got ${got}, expected weights ${short(parent!.weights)} of step ${parent!.step}`,
  );
};

const short = (fingerprint: string): string => fingerprint.slice(0, 12);
