import { Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import type { DataSource } from "../data/split.ts";
import { buildModel } from "../models/build-model.ts";
import { dataFields } from "../models/conditioning.ts";
import type { ModelDefinition } from "../models/definition.ts";
import type { Model, Objective } from "../models/model.ts";
import { ConfigError } from "../errors.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Device } from "../runtime/device.ts";
import type { Rewind } from "../training/checkpoint.ts";
import { compileStep } from "../training/compile-step.ts";
import type { JsonObject } from "../serialization/json.ts";
import { seenSpec } from "../data/is-binary.ts";
import { refuseDegenerate } from "../data/examples/refuse-degenerate.ts";
import { splitSpec } from "../data/split-spec.ts";
import type { DataSpec } from "../data/spec.ts";
import type { RunInfo } from "./run-info.ts";
import { optimizerFor, totalSteps, type TrainingSettings } from "../training/settings.ts";
import { checkModel } from "../evaluation/checks/check-model.ts";
import { withPresets } from "../training/with-presets.ts";
import { type DataOptions, givenDataOptions, type OnLoadProgress } from "../data/options.ts";
import { type PickedDevice, type Platform, withLoadProgress } from "./platform.ts";
import { codesFolder, Run } from "./run.ts";
import { codesSetting } from "./stages/codes-setting.ts";
import type { RunStore } from "./storage/store.ts";
import { openSelection, selectionInfo, settleSelection } from "./selection/select-by.ts";
import { TrainingRun, type TrainingRunParts } from "./training-run.ts";
import { version } from "../version.ts";

/** A request to start a run. */
export interface RunRequest extends DataOptions {
  readonly definition: ModelDefinition;
  /** Where the definition is the user's own: the file it is from. */
  readonly modelFile?: NonNullable<RunInfo["modelFile"]> | undefined;
  /** Settings of the model, checked by its schema. What is left out is taken from presets that fit the data, then defaults. */
  readonly config: object;
  /** Likewise. */
  readonly settings: Partial<TrainingSettings>;
  /** As given to --data. */
  readonly data: string;
  /** `auto`: dynamic where the model's likelihood is of binary data, else none. */
  readonly binarize: Binarization | "auto";
  readonly seed: number;
}

export interface StartOptions {
  /** A new place, or what makes room for it once all else fits; the next free `runs/<model>-<data>-<n>` where not given. */
  readonly out?: string | (() => Promise<string>);
  /** The arguments that started the run, for its record. */
  readonly command?: readonly string[];
  /** The data, where they are open already; else the platform opens those that the request names. */
  readonly source?: DataSource;
  /** Likewise. */
  readonly picked?: PickedDevice;
  /** Where the run is the second of two stages: its place, with the first in it. */
  readonly around?: RunStore;
  readonly onLoadProgress?: OnLoadProgress;
  /** Called with the progress of training an extractor that samples are compared in, in steps. */
  readonly onExtractorTraining?: (step: number, steps: number) => void;
}

/** Opens the data, builds and compiles the model and, when all of that fits together, makes the run. */
export async function startRun(request: RunRequest, options: StartOptions, on: Platform): Promise<TrainingRun> {
  const platform = withLoadProgress(on, options.onLoadProgress);
  const { definition, data, seed } = request;
  const picked =
    options.picked ?? (await platform.pickDevice(request.settings.device ?? "auto", request.settings.threads ?? 0));
  const { device } = picked;
  const reading = givenDataOptions(request);
  const source = options.source ?? (await platform.openData(data, reading));
  const spec = splitSpec(source.train);
  const { length } = source.train.indices;
  const stage = codesSetting(request, seenSpec(source.train));
  if (definition.codes?.[stage] && !options.around)
    throw new ConfigError(
      `${definition.name}: trained on codes, which takes two runs, got codes=${stage}, expected trainingStages or train in place of startRun, or codes=none`,
    );
  const { config, settings: chosen, presets } = withPresets(definition, request, seenSpec(source.train), length);
  // A resumed run takes what `auto` took.
  const asked = { ...chosen, device: device.name };
  const where = request.modelFile?.path ?? definition.name;
  const model = buildModel(definition, config, spec, where);
  checkModel(where, model, spec, asked.batchSize);
  if (model.unboundedDensity) refuseDegenerate(where, source.train);
  const binarize = request.binarize === "auto" ? (model.binaryData ? "dynamic" : "none") : request.binarize;
  const compiled = compileRun({ model, source, device, settings: asked, binarize, seed });
  const { batches, step, steps } = compiled;
  const stepsPerEpoch = batches.batchesPerEpoch / step.batchesPerStep;
  const epochs = steps / stepsPerEpoch;
  const { settled, warnings } = settleSelection(model, source, { settings: asked, epochs, stepsPerEpoch });
  const settings = { ...asked, ...settled };
  const columns = source.train.dataset.columns?.slice();
  await step.initialize(seed);
  await step.prepare();
  await platform.trackers.check(settings);
  const { onExtractorTraining } = options;
  const selection = await openSelection(platform, model, { source, settings, onExtractorTraining });
  const info: RunInfo = {
    model: definition.name,
    ...(request.modelFile && { modelFile: request.modelFile }),
    config: asJson(config),
    training: asJson(settings),
    data: {
      source: options.around ? `codes:${codesFolder}` : data,
      options: asJson({ binarize, ...reading }),
      fingerprint: source.fingerprint,
      ...asData({ ...spec, ...(columns && { columns }) }),
    },
    ...(selection && { selection: selectionInfo(selection) }),
    ...(source.parent && {
      parent: {
        ...(structuredClone(source.parent) as NonNullable<RunInfo["parent"]>),
        ...(options.around && { path: codesFolder, inside: true }),
      },
    }),
    seed,
    latentkit: version,
    versions: { ...platform.versions, onnxruntime: device.version },
    device: device.description,
    created: new Date().toISOString(),
    command: [...(options.command ?? [])],
  };
  const run = await (options.around
    ? Run.createAround(options.around, info)
    : options.out === undefined
      ? Run.createNext(platform.openStore, defaultPath(definition.name, source.name), info)
      : Run.create(platform.openStore(typeof options.out === "string" ? options.out : await options.out()), info));
  const remedies = definition.remedies?.(config) ?? {};
  const parts = {
    ...compiled,
    run,
    source,
    platform,
    model,
    picked,
    binarize,
    settings,
    selection,
    seed,
    presets,
    definition,
    remedies,
  };
  return new TrainingRun({ ...parts, warnings, addressGiven: true, from: 0, best: null, seconds: 0 });
}

/** The step of a run, the order of its data, and its length. */
export function compileRun(options: {
  readonly model: Model;
  readonly source: DataSource;
  readonly device: Device;
  readonly settings: TrainingSettings;
  readonly binarize: Binarization;
  readonly seed: number;
}): Pick<TrainingRunParts, "batches" | "step" | "steps" | "rewinds"> {
  const { model, source, device, settings, binarize, seed } = options;
  const { batchSize, accumulate } = settings;
  const { labeledExamples } = model;
  const batches = new Batches(source.train, {
    // A step's examples are one batch of the data, however many runs of the graph they take; of a model that is solved, all.
    batchSize: model.solve ? source.train.indices.length : batchSize * accumulate,
    purpose: "training",
    seed,
    binarize,
    fields: dataFields(model),
    ...(labeledExamples !== undefined && { labeledExamples: labeledExamples }),
  });
  const rewinds: Rewind[] = [];
  const { shape } = source.train.dataset;
  const { labeledFraction } = batches;
  // The length of the run is known once the objectives say how many batches a step takes; schedules ask for it later.
  const run: { steps?: number } = {};
  const optimizer = (objective: Objective): Optimizer => optimizerFor(settings, () => run.steps, rewinds, objective);
  const step = compileStep(model, { device, shape, batchSize, accumulate, labeledFraction, optimizer });
  const steps = model.solve ? 1 : totalSteps(settings, batches.batchesPerEpoch, step.batchesPerStep);
  run.steps = steps;
  // Throws where the schedule does not fit the length.
  optimizerFor(settings, steps).scalars({ step: 1, updates: 1, decays: true });
  return { batches, step, steps, rewinds };
}

/** runs/<model>-<data>, which a number follows. */
export const defaultPath = (model: string, data: string): string =>
  `runs/${model}-${data.replace(/[^a-zA-Z0-9]+/g, "-").replace(/^-|-$/g, "") || "data"}`;

type KeptSpec = Omit<RunInfo["data"], "source" | "options" | "fingerprint">;

/** The spec as run.json keeps it: the same but for what the compiler knows to be read-only. */
const asData = (spec: DataSpec): KeptSpec => structuredClone(spec) as KeptSpec;

export const asJson = (value: object): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
