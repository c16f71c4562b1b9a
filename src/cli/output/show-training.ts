import { LatentkitError } from "../../errors.ts";
import type { DataSource } from "../../data/split.ts";
import { encodePng } from "../../pictures/png.ts";
import { gridRaster } from "../../kinds/registry.ts";
import { nodePlatform } from "../../node/platform.ts";
import { openParent } from "../../runs/load-run.ts";
import { decodedGrids } from "../../runs/pictures/decoded-grids.ts";
import { writeReport } from "../../runs/reports/run-report.ts";
import { type NamedImageGrid, trainingGrids } from "../../runs/pictures/training-pictures.ts";
import type { TrainingEvent } from "../../runs/training-event.ts";
import type { TrainingStage } from "../../runs/stages/training-stages.ts";
import type { TrainingRun } from "../../runs/training-run.ts";
import { LongTraining } from "./long-training.ts";
import { commandName, type NextCommand, nextCommands, shellWord } from "./next-commands.ts";
import { pickedText } from "./picked-text.ts";
import { metricText, Progress } from "./progress.ts";
import { settingText } from "../../settings-schema.ts";
import { showImageGrid } from "./show-image.ts";
import { table } from "./table.ts";
import { print } from "./terminal.ts";

const interrupted = 130;

/**
 * Trains to the end and shows progress, sample grids and next commands, or JSON events. Returns the exit code: 130 where
 * Ctrl-C ended it after a checkpoint.
 */
export async function showTraining(
  { training, stage, stages, path }: TrainingStage,
  { model, json }: { readonly model: string; readonly json: boolean },
): Promise<number> {
  const { run, steps, from, stepsPerEpoch } = training;
  const { device } = training.picked;
  const totalEpochs = Math.ceil(steps / stepsPerEpoch);
  const among = stages > 1 ? { stage, stages } : {};
  const progress = new Progress({ totalSteps: steps, doneSteps: from, totalEpochs, json, eventFields: among });
  const command = `${commandName()} train ${model} --out ${shellWord(path)} --resume`;
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(interrupted);
    stop.abort();
    progress.log("stopping after this step; press Ctrl-C again to stop at once");
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    const { presets } = training;
    progress.event("start", { run: run.path, ...described(training), device: device.description, presets });
    if (!json) {
      if (stages > 1)
        progress.log(`stage   ${stage} of ${stages}: ${training.definition.name}${stageText(stage, stages)}`);
      progress.log(`run     ${run.path}${from > 0 ? `, resuming after step ${from}` : ""}`);
      progress.log(`data    ${training.source.description}`);
      for (const note of training.source.notes ?? []) progress.log(`        ${note}`);
      for (const { suits, config, training: settings } of presets) {
        const taken = Object.entries({ ...config, ...settings }).map(([key, v]) => `${key}=${settingText(v)}`);
        progress.log(`preset  for ${suits}: ${taken.join(" ")}`);
      }
      progress.log(`device  ${pickedText(training.picked)}`);
    }
    const long = new LongTraining(steps);
    let code = 0;
    for await (const event of training.train(stop.signal)) {
      if (event.kind === "interrupted") {
        progress.finish();
        progress.event("interrupted", { run: run.path, step: event.step });
        progress.log(`stopped at step ${event.step}; resume with: ${command}`);
        code = interrupted;
        continue;
      }
      await show(event, progress, training, { json, last: stage === stages });
      const message = event.kind === "step" ? long.after(event.step) : undefined;
      if (message !== undefined) {
        const warning = { kind: "warning", step: event.step, message } as const;
        await show(warning, progress, training, { json, last: stage === stages });
      }
    }
    return code;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await training.close();
  }
}

/** What a stage is for. */
const stageText = (stage: number, stages: number): string =>
  stage < stages ? `, whose codes stage ${stage + 1} is trained on` : ", on those codes";

async function show(
  event: TrainingEvent,
  progress: Progress,
  training: TrainingRun,
  { json, last }: { readonly json: boolean; readonly last: boolean },
): Promise<void> {
  const { run } = training;
  const { device } = training.picked;
  switch (event.kind) {
    case "step":
      return progress.step(json || !event.metrics ? event : { ...event, metrics: essential(event.metrics) });
    case "validation": {
      const { kind, ...results } = event;
      progress.event(kind, results);
      if (!json) progress.log(`epoch ${event.epoch}, step ${event.step}: validation ${metricsText(event.metrics)}`);
      return;
    }
    case "checkpoint":
      return progress.event("checkpoint", { step: event.step, epoch: event.epoch });
    case "pictures":
      return progress.event("pictures", { step: event.step, epoch: event.epoch, files: event.files });
    case "film":
      progress.event("film", { step: event.step, file: event.file });
      if (!json) progress.log(`film    ${event.file}`);
      return;
    case "rewind": {
      const { kind, message, ...rest } = event;
      progress.event(kind, rest);
      if (!json) progress.log(`${message}; rewinding to step ${rest.to} at half the learning rate`);
      return;
    }
    case "warning":
      progress.event("warning", { step: event.step, message: event.message });
      if (!json) progress.log(event.message);
      return;
    case "stopped": {
      const { step, epoch, best } = event;
      progress.event("stopped", { step, epoch, best });
      if (json) return;
      progress.log(
        `stopped early: ${epoch - Math.ceil(best.step / training.stepsPerEpoch)} epochs without a better ${best.metric} ` +
          `than ${metricText(best.value)} at step ${best.step}; to continue, use --resume with more --patience`,
      );
      return;
    }
    case "done": {
      progress.finish();
      const codes = { run, trained: training.trained, openParent: () => openParent(run, device, nodePlatform) };
      // The prior of one level of several gives no picture by itself.
      const decoded = await decodedGrids(codes).catch((error: unknown) => {
        if (!(error instanceof LatentkitError)) throw error;
        progress.event("warning", { step: event.step, message: error.message });
        if (!json) progress.log(`no pictures of samples: ${error.message}`);
        return [];
      });
      const pictures = [...(await trainingGrids(training)), ...decoded];
      for (const { name, grid } of pictures) await run.writeSample(name, [encodePng(gridRaster(grid))]);
      const { trained, source } = training;
      const openData = (): Promise<DataSource> => Promise.resolve(source);
      const { definition } = training;
      const report = await writeReport({ run, trained, definition, openData, grids: pictures });
      const { metrics, best, weights, findings } = event;
      const next = last ? await nextCommands(training) : [];
      const about = { metrics, best, weights, findings, report, next: next.map(({ command }) => command) };
      if (json) progress.event("done", { run: run.path, step: event.step, ...about });
      else summarize(event, training, pictures, { report, next });
    }
  }
}

function summarize(
  { metrics, best, weights, findings, step }: Extract<TrainingEvent, { readonly kind: "done" }>,
  { run, trained }: TrainingRun,
  pictures: readonly NamedImageGrid[],
  { report, next }: { readonly report: string; readonly next: readonly NextCommand[] },
): void {
  for (const { title, grid, terminalRows } of pictures) showImageGrid(title, grid, terminalRows);
  const names = Object.keys(metrics.test);
  if (names.length > 0) {
    const rows = (["train", "validation", "test"] as const)
      .filter((split) => names.some((name) => name in metrics[split]))
      .map((split): readonly string[] =>
        [split as string].concat(
          names.map((name) => (name in metrics[split] ? metricText(metrics[split][name]!) : "-")),
        ),
      );
    print(`\n${table([[run.info.selection ? "metric" : "mean per example", ...names], ...rows])}`);
  }
  if (run.info.selection) {
    const { distance, samples, examples, features } = run.info.selection;
    print(`\n${distance} of ${samples} samples to at most ${examples} examples, in ${features} features`);
    if (trained.model.discriminate)
      print("the losses of discriminator and generator are not progress: they say which of the two is ahead");
  } else if (!trained.model.validation && !trained.model.solve)
    print("\nno validation metric to select weights by: these are the last weights");
  if (best)
    print(
      `\nbest validation ${best.metric} ${metricText(best.value)} at step ${best.step}` +
        (best.step === step
          ? ", the last"
          : weights === best.step
            ? ", whose weights these are"
            : `; --checkpoint best uses its weights`),
    );
  for (const { finding, evidence, remedy } of findings) print(`\n${finding}: ${evidence}\n  try ${remedy}`);
  if (pictures.length > 0)
    print(`\npictures  ${pictures.map(({ name }) => `${run.path}/samples/${name}`).join("\n          ")}`);
  print(`${pictures.length > 0 ? "" : "\n"}report    ${report}`);
  const commands = next.map(({ command, meaning }) => [`  ${command}`, meaning]);
  print(commands.length > 0 ? `\nNext:\n${table(commands)}` : "");
}

function described({ run, source, steps, from, trained }: TrainingRun): Record<string, unknown> {
  const { model, config, seed } = run.info;
  const splits = { train: source.train, validation: source.validation, test: source.test };
  const examples = Object.fromEntries(Object.entries(splits).map(([name, split]) => [name, split.indices.length]));
  const { name, notes } = source;
  return { model, config, seed, data: { name, shape: trained.shape, examples, notes }, steps, from };
}

/** Metrics on the progress bar: not the gradient's norm, no rates of single latents, and no loss that equals another metric. */
function essential(metrics: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(metrics).filter(([name]) => name !== "gradientNorm" && !name.startsWith("rate."));
  return Object.fromEntries(
    entries.filter(([, value], i) => !entries.slice(i + 1).some(([, later]) => later === value)),
  );
}

const metricsText = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${metricText(value)}`)
    .join("  ");
