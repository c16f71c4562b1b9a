import type { Command } from "commander";
import { z } from "zod";
import { ConfigError, UnsupportedOpError } from "../../errors.ts";
import { lacking, requireCapabilities } from "../../evaluation/capabilities.ts";
import { densityForms } from "../../latent/density.ts";
import type { Report } from "../../evaluation/samples/sampling-loop.ts";
import { guidedModel } from "../../evaluation/samples/guided-model.ts";
import { marginalNames } from "../../evaluation/samples/sampling.ts";
import { givesMeans, shownName } from "../../evaluation/samples/shown-samples.ts";
import { gridRaster, kindOf } from "../../kinds/registry.ts";
import { type ClassIndices, classIndices } from "../../data/dataset.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { conditionedOn, generatorOf } from "../../runs/codes/generator.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import { runClassNames } from "../../runs/run-info.ts";
import { readRunData } from "../../runs/run-spec.ts";
import { sampledClass, type SamplePieceOptions, sampleRows } from "../../runs/samples/sample-rows.ts";
import { filmTimes } from "../../runs/pictures/film.ts";
import { sampleGrid } from "../../runs/pictures/run-pictures.ts";
import { sampledFilm } from "../../runs/pictures/sampling-film.ts";
import { addRunOptions, guideRun, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionCondition } from "../options/condition.ts";
import { checkPrior, optionPrior, priorSetting } from "../options/run-prior.ts";
import { ownSettings, samplerSettings } from "../options/sampler-settings.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { LineProgress } from "../output/line-progress.ts";
import { writeExamples, writeIndexBeside } from "../output/write-examples.ts";
import type { CsvLine } from "../../data/formats/csv.ts";
import {
  checkKind,
  filmKinds,
  finishImageGrid,
  inUnits,
  lineOf,
  samplesFile,
  imageGridKinds,
  usualFile,
  writeFilm,
} from "../output/write-output.ts";
import { print, printJson } from "../output/terminal.ts";

const sampleSettings = z.strictObject({
  count: z.int().positive().max(1_000_000_000).default(64).describe("number of samples"),
  seed: z.int().min(0).default(0).describe("random seed"),
  show: z
    .enum(["samples", "means"])
    .optional()
    .describe("samples or means of p(x|z) (default: means for images, samples otherwise)"),
  marginals: z
    .enum(marginalNames)
    .optional()
    .describe(
      "tables: marginal distributions of the columns, the data's or the model's own (default: data; model with a condition or an option of the sampler)",
    ),
  prior: priorSetting,
  codes: z
    .boolean()
    .default(false)
    .describe("of a run trained on codes:RUN: the codes themselves, in place of the examples that RUN decodes"),
  radius: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .describe("norm of the codes in standard deviations of the prior; a typical sample has sqrt(latentDim)"),
});

interface SampleCommandOptions extends RunOptions {
  readonly film?: string;
  readonly guide?: string;
}

export async function define(command: Command, args: readonly string[] = []): Promise<void> {
  // The options of the run's sampler are flags too.
  const own = await samplerSettings(args);
  addRunOptions(command, { settings: sampleSettings.extend(own.shape), output: true, condition: true })
    .option(
      "--guide <run>",
      "autoguidance: a worse run of the same data, RUN or RUN@CHECKPOINT, that --guidance leads away from",
    )
    .option("--film <file>", "also the way from noise to the samples, as an animation (.gif, .webp)")
    .addHelpText(
      "after",
      `
The sampler of a run may have further options: latentkit sample RUN --help lists them.

Examples:
  latentkit sample runs/vae-digits-1
  latentkit sample runs/vae-digits-1 --count 400 --temperature 0.7 --out samples.png
  latentkit sample runs/cvae-digits-1 --label 7
  latentkit sample runs/cvae-faces-npz-1 --condition attributes=1,0,0.5
  latentkit sample runs/ae-digits-1 --prior gmm:10
  latentkit sample runs/vae-digits-1 --radius 9
  latentkit sample runs/vae-people-csv-1 --count 1000 --out people.csv
  latentkit sample runs/diffusion-codes-runs-ae-1 --count 100
  latentkit sample runs/diffusion-mnist-1 --film path.gif
  latentkit sample runs/diffusion-mnist-1 --guide runs/small --guidance 2

A run trained on codes:RUN samples codes, which RUN decodes to examples of its own data; --codes writes the codes.

A picture of a model that must be given a class shows every class, a column each; tables and arrays have the classes as often as the training data.
A model that may be given one, such as a diffusion model with guidance, samples without it unless --label says which.`,
    )
    .action(async (path: string, options: SampleCommandOptions) => {
      const given = givenSettings(sampleSettings, options);
      const { prior, radius, show, count, seed, marginals, codes } = parseSettings(sampleSettings, given);
      const { all: ownOptions, given: givenOwn } = ownSettings(own, options);
      const givenTemperature = givenOwn["temperature"];
      checkPrior(prior);
      if (radius !== undefined && givenTemperature !== undefined)
        throw new ConfigError("--radius: it replaces --temperature, got both, expected one of them");
      const { label: _, condition: __, out, film, guide, ...unconditional } = options;
      if (out !== undefined) checkKind(out, imageGridKinds);
      if (film !== undefined) checkKind(film, filmKinds, "--film");
      if (guide !== undefined && givenOwn["guidance"] === undefined)
        throw new ConfigError("--guide: it needs a weight, got none, expected --guidance with one above 1");
      const alone = await optionRun(path, unconditional);
      const found = guide === undefined ? alone : await guidedRun(alone, guide);
      if (codes && !found.run.info.parent)
        throw new ConfigError(
          `--codes: ${path} gives no codes, got a run trained on ${found.run.info.data.source}, expected one trained on --data codes:RUN`,
        );
      const { step } = found;
      const density = prior !== undefined || radius !== undefined;
      if (!density)
        requireCapabilities(found.trained.model, ["sample"], {
          where: path,
          ...(!lacking(found.trained.model, ["encode", "decode", "vector"]) && {
            remedy: `--prior with one of ${densityForms}`,
          }),
        });
      const named = density ? await optionPrior(found, prior, options) : undefined;
      if (radius !== undefined && !named)
        throw new UnsupportedOpError(
          `${path}: --radius is a distance in a standard normal space, got a model with another p(z), expected one of N(0, I), or --prior with one of ${densityForms}`,
        );
      if (radius !== undefined && named && !named.mixture)
        throw new ConfigError(
          `--radius: it is of a Gaussian prior, got the run ${named.name}, expected one of ${densityForms}`,
        );
      const generator = codes ? { loaded: found, prior: named } : await generatorOf(found, named);
      const condition = optionCondition(found.run.info, options);
      const loaded = conditionedOn(generator, condition);
      const { trained, run } = loaded;
      const { model } = trained;
      const from = generator.prior;
      const takesMean = givesMeans(model);
      const means = show === undefined ? kindOf(trained.kind).shows === "means" : show === "means";
      const progress = new LineProgress("sampling, steps");
      const reports: Report[] = [];
      const how = {
        seed,
        radius,
        prior: from,
        condition,
        // Of a density of codes too, where it is given.
        ...(typeof givenTemperature === "number" && { temperature: givenTemperature }),
        mean: means && takesMean,
        marginals,
        options: givenOwn,
        onReport: (report: Report) => reports.push(report),
        onStep: options.json ? undefined : (done: number, total: number) => progress.show(done, total),
      };
      const title = takesMean ? shownName(model, means) : from ? "means of p(x|z)" : "samples";
      const details = {
        run: path,
        step,
        count,
        seed,
        ...ownOptions,
        show: takesMean ? (means ? "means" : "samples") : from ? "means" : "samples",
        radius,
        marginals,
        prior: prior === undefined ? undefined : (named?.fit ?? prior),
        label: options.label,
        condition: options.condition,
        guide,
      };
      const file = out ?? usualFile(samplesFile(path, "samples.png"), trained.kind);
      if (checkKind(file, kindOf(trained.kind).files) === ".png") {
        const most = mostPictured(trained.shape);
        if (count > most)
          throw new ConfigError(
            `--count: too many samples for a picture, got ${count}, expected at most ${most}, or --out with a file of ${kindOf(trained.kind).files.slice(1).join(" or ")}`,
          );
        const units = run.info.data;
        const filmed = film === undefined ? undefined : await sampledFilm(trained, { count, ...how });
        const grid = filmed?.grid ?? (await sampleGrid(trained, { count, ...how }));
        const told = summary(reports);
        if (!options.json) printSummary(told);
        if (film !== undefined && filmed) {
          const rasters = filmed.frames.map((frame) => gridRaster(inUnits(frame, units)));
          await writeFilm(film, rasters, filmTimes(rasters.length));
          if (!options.json) print(`the way from noise to them, ${rasters.length} frames: ${film}`);
        }
        return finishImageGrid(grid, options, { title, file, units, details: { ...details, film, ...told } });
      }
      if (film !== undefined)
        throw new ConfigError(`--film: it goes with a picture of the samples, got --out ${file}, expected a .png file`);
      const beside = await writeSamples(file, loaded, { count, ...how, line: lineOf(options) });
      const told = summary(reports);
      if (options.json) printJson({ file, ...beside, shape: [count, ...trained.shape], ...details, ...told });
      else {
        printSummary(told);
        print(`${title}: ${file}`);
        if (beside.index) print(`their classes: ${beside.index}`);
      }
    });
}

/** A run whose samples are guided away from those of another. */
async function guidedRun(loaded: LoadedRun, guide: string): Promise<LoadedRun> {
  return { ...loaded, trained: guidedModel(loaded.trained, (await guideRun(guide, loaded)).trained) };
}

type Summary = Readonly<Record<string, { readonly mean: number; readonly most: number }>>;

/** What a sampler tells of all samples, by name. */
function summary(reports: readonly Report[]): Summary {
  const names = Object.keys(reports[0] ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const values = reports.flatMap((report) => Array.from(report[name] ?? []));
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      return [name, { mean: Number(mean.toFixed(1)), most: values.reduce((most, v) => Math.max(most, v), -Infinity) }];
    }),
  );
}

function printSummary(told: Summary): void {
  for (const [name, { mean, most }] of Object.entries(told))
    print(`${name} of a sample: ${mean} on average, at most ${most}`);
}

/** Tiles of a picture, which are in memory together: at most 320 MB of values. */
const mostPictured = (shape: Shape): number => Math.min(100_000, Math.floor(80e6 / sizeOf(shape)));

/** Writes samples to a table or array piece by piece; of a class-conditional model with their classes, in the table or beside the array. */
async function writeSamples(
  file: string,
  { trained, run }: LoadedRun,
  { count, line, ...how }: SamplePieceOptions & { readonly count: number; readonly line: CsvLine },
): Promise<{ readonly index?: string }> {
  const rows = sampleRows(trained, { count, ...how });
  const classNames = runClassNames(run.info);
  // A byte or two each, where everything else is never in memory together.
  let classes: ClassIndices | undefined;
  let done = 0;
  const pieces = async function* () {
    for await (const { examples, classes: some } of rows) {
      if (some) (classes ??= classIndices(classNames.length, count)).set(Array.from(some), done);
      done += examples.length / sizeOf(trained.shape);
      yield examples;
    }
  };
  const nameOf = (place: number): string => classNames[classes?.[place] ?? 0] ?? "";
  const { condition } = readRunData(run);
  const units = run.info.data;
  const isTable = units.columns !== undefined && file.toLowerCase().endsWith(".csv");
  const sampled =
    sampledClass(trained, how) !== undefined || { ...how.condition, ...trained.condition }["class"] !== undefined;
  const after = { names: [condition ?? "class"], row: (place: number) => [nameOf(place)] };
  await writeExamples(file, {
    count,
    shape: trained.shape,
    pieces: pieces(),
    units,
    line,
    ...(isTable && sampled && { after }),
  });
  if (!classes || isTable) return {};
  const row = (place: number): readonly string[] => [String(place), nameOf(place)];
  return { index: await writeIndexBeside(file, count, { names: ["example", "class"], row }, line) };
}
