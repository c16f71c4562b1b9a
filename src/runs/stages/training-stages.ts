/**
 * A model that is trained on the codes of another is trained in two stages: the model of the codes, a run in the folder `codes` of the whole, and
 * then the model itself, whose data are `codes:` of that run. Both are runs like any other; the second is the run that there is in the end.
 */
import { CheckpointError } from "../../errors.ts";
import { asCodesConfig, splitConfig } from "../../models/given-config.ts";
import { codesSource, isCodes } from "../codes/codes-source.ts";
import { loadRun } from "../load-run.ts";
import type { Platform } from "../platform.ts";
import { type GivenAgain, refuseChanges, type ResumeOptions, resumeRun } from "../resume-run.ts";
import { codesFolder, infoFile, requestFile, Run } from "../run.ts";
import { parentError, readRunData, readRunSpec } from "../run-spec.ts";
import { defaultPath, type RunRequest, startRun, type StartOptions } from "../start-run.ts";
import { makeNextPlace, makePlace } from "../storage/new-place.ts";
import { notAFolder, type RunStore } from "../storage/store.ts";
import type { TrainingRun } from "../training-run.ts";
import { readRequest, requestFiles } from "./request-file.ts";
import { codesGiven, openRequestData, sharedOf, stagedRequest, type StagedRequest } from "./staged-request.ts";

/** One of the runs that a model is trained by, ready to train. */
export interface TrainingStage {
  readonly training: TrainingRun;
  /** From 1, of so many. */
  readonly stage: number;
  readonly stages: number;
  /** Where the run of the last stage is to be. */
  readonly path: string;
}

const only = (training: TrainingRun): TrainingStage => ({ training, stage: 1, stages: 1, path: training.run.path });

/**
 * The runs that a request takes, in order: who asks for them trains each to its end and closes it before asking for the next. After a stage that
 * has not come to its end there is none. Settings of all stages are checked before there is a folder. Throws as `startRun` does.
 */
export async function* trainingStages(
  request: RunRequest,
  options: StartOptions,
  platform: Platform,
): AsyncGenerator<TrainingStage, void, undefined> {
  const { definition, data } = request;
  if (!definition.codes) return yield only(await startRun(request, options, platform));
  const source = options.source ?? (await openRequestData(request, platform, options.onLoadProgress));
  const staged = stagedRequest(request, source);
  if (!staged) {
    // Codes that are asked for of data without any are refused where these are read.
    const read = !request.codes || isCodes(data);
    return yield only(await startRun(request, { ...options, ...(read && { source }) }, platform));
  }
  const { out, command = [] } = options;
  const files = requestFiles(request, command);
  let place: RunStore | undefined;
  const makeRoom = async (): Promise<string> => {
    if (out === undefined)
      place = await makeNextPlace(platform.openStore, defaultPath(definition.name, source.name), files);
    else await makePlace((place = platform.openStore(typeof out === "string" ? out : await out())), files);
    return place.pathOf(codesFolder);
  };
  const first = await startRun(staged.first, { ...options, source, out: makeRoom }, platform);
  yield { training: first, stage: 1, stages: 2, path: place!.path };
  if (first.run.info.result) yield await mainStage(place!, staged, { ...options, source: first.source }, platform);
}

/**
 * The runs that are left to train of the one at a path, likewise: a stage that has come to its end is left as it is, unless it is the last. Throws as
 * `resumeRun` does.
 */
export async function* resumeStages(
  path: string,
  options: ResumeOptions,
  platform: Platform,
): AsyncGenerator<TrainingStage, void, undefined> {
  const store = platform.openStore(path);
  if ((await store.kindOf(infoFile)) === "nothing" && (await store.kindOf(requestFile)) === "file")
    return yield* resumeFirst(store, options, platform);
  const run = await Run.open(store);
  if (!run.info.parent?.inside) return yield only(await resumeRun(path, options, platform));
  const given = await ofMainStage(run, options.given ?? {}, platform);
  yield { training: await resumeRun(path, { ...options, given }, platform), stage: 2, stages: 2, path };
}

async function* resumeFirst(
  store: RunStore,
  { given = {}, named, ...reporting }: ResumeOptions,
  platform: Platform,
): AsyncGenerator<TrainingStage, void, undefined> {
  const kept = await readRequest(store);
  const definition = named?.definition ?? (await platform.findModel(kept.model, store.path));
  const before = kept.of(definition);
  const { config, settings = {}, binarize, ...again } = given;
  const { device, threads, checkpointEvery, patience, picturesEvery, tensorboard, mlflow, selectBy, ...fixed } =
    settings;
  refuseChanges(again, { ...before, model: kept.model.model });
  refuseChanges(binarize === "auto" ? {} : { binarize }, before);
  refuseChanges({ ...fixed, ...(selectBy !== "auto" && { selectBy }) }, before.settings);
  refuseChanges({ ...config }, before.config);
  const mayChange = { device, threads, checkpointEvery, patience, picturesEvery, tensorboard, mlflow };
  const changed = Object.fromEntries(Object.entries(mayChange).filter(([, value]) => value !== undefined));
  const request = {
    ...before,
    ...(named?.modelFile && { modelFile: named.modelFile }),
    settings: { ...before.settings, ...changed },
  };
  const options: StartOptions = { ...reporting, command: kept.command };
  const source = await openRequestData(request, platform, options.onLoadProgress);
  const staged = stagedRequest(request, source);
  if (!staged)
    throw new CheckpointError(
      `${store.pathOf(requestFile)}: not of a run of two stages, got codes=none, expected a model to train first`,
    );
  const path = store.pathOf(codesFolder);
  if (["file", "other"].includes(await store.kindOf(codesFolder))) throw notAFolder(path);
  const place = platform.openStore(path);
  const begun = (await place.kindOf(infoFile)) !== "nothing";
  if (!begun || !(await Run.open(place)).info.result) {
    const training = begun
      ? await resumeRun(path, { ...reporting, given: { settings: sharedOf(changed) } }, platform)
      : await startRun(staged.first, { ...options, source, out: path }, platform);
    yield { training, stage: 1, stages: 2, path: store.path };
    if (!training.run.info.result) return;
  }
  yield await mainStage(store, staged, options, platform);
}

/** The second stage, on the codes of the first; `source`: the data of that one, where they are open. */
async function mainStage(
  store: RunStore,
  { main }: StagedRequest,
  { source, ...options }: StartOptions,
  platform: Platform,
): Promise<TrainingStage> {
  const path = store.pathOf(codesFolder);
  const data = `codes:${path}`;
  // As openCodes loads it.
  const { onLoadProgress } = options;
  const device = await platform.evaluationDevice();
  const first = await loadRun(path, device, platform, { ...(onLoadProgress && { onLoadProgress }) });
  try {
    const codes = await codesSource(first, source ?? (await first.openData()), { spec: data, take: main.codes });
    const request = { ...main, data, binarize: "auto" as const };
    const training = await startRun(request, { ...options, source: codes, around: store }, platform);
    return { training, stage: 2, stages: 2, path: store.path };
  } finally {
    await first.trained.release();
  }
}

/** What is given again of a run in its second stage: checked where it is of the first. */
async function ofMainStage(run: Run, given: GivenAgain, platform: Platform): Promise<GivenAgain> {
  const { model, config = {}, settings, seed, data, binarize = "auto", codes: take, ...reading } = given;
  const { own, codes } = splitConfig(config);
  const place = platform.openStore(run.store.pathOf(codesFolder));
  const first = await Run.open(place).catch((error: unknown) => {
    throw parentError(run, error);
  });
  const before = readRunData(first);
  refuseChanges({ ...reading, data }, { ...before, data: before.source });
  refuseChanges(binarize === "auto" ? {} : { binarize }, before);
  if (Object.keys(codes).length > 0) {
    const spec = await readRunSpec(first, platform);
    const again = codesGiven(spec.definition, codes);
    refuseChanges(asCodesConfig(again.config), asCodesConfig({ ...spec.config }));
    refuseChanges(asCodesConfig(again.training), asCodesConfig(spec.settings));
  }
  return { model, config: own, settings, seed, codes: take };
}
