import type { Command } from "commander";
import { z } from "zod";
import type { Split } from "../../data/split.ts";
import { ExampleReader } from "../../data/storage/example-reader.ts";
import { FIXED_BINARIZATION } from "../../data/binarize.ts";
import type { CsvLine } from "../../data/formats/csv.ts";
import { exampleIndex } from "../../data/examples/example-index.ts";
import { exampleSize } from "../../data/dataset.ts";
import { encodeNpy } from "../../data/formats/npy.ts";
import { ConfigError } from "../../errors.ts";
import { checkPrior } from "../options/run-prior.ts";
import { rocAuc } from "../../metrics/roc-auc.ts";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { classNumber } from "../../data/class-number.ts";
import { writePng } from "../../node/files/png-file.ts";
import { readRunData } from "../../runs/run-spec.ts";
import { type ExampleScores, infiniteScores, scoreNames, scoreRun } from "../../runs/score-run.ts";
import { splitSpec } from "../../data/split-spec.ts";
import { gridRaster, kindOf } from "../../kinds/registry.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import { checkKind, lineOf, type OutputOptions, samplesFile } from "../output/write-output.ts";
import { metricText } from "../output/progress.ts";
import { addDeviceOptions, type DeviceOptions, escapeFormulas, optionRun } from "../options/run-command.ts";
import { addExampleOptions, type ExampleOptions, optionExamples, splitSetting } from "../options/run-examples.ts";
import { addSettings, givenSettings, parseSettings } from "../options/settings.ts";
import { table } from "../output/table.ts";
import { print, printAside, printJson } from "../output/terminal.ts";

const classList = z.array(z.string().min(1)).min(1).max(256).optional();
const scoreSettings = z.strictObject({
  split: splitSetting,
  count: z.int().positive().max(1_000_000_000).optional().describe("number of examples, from the first (default: all)"),
  scores: z.array(z.enum(scoreNames)).min(1).optional().describe("anomaly scores (default: all that the model has)"),
  samples: z
    .int()
    .positive()
    .max(100_000)
    .default(50)
    .describe("samples of z per example, for negElbo, nll and typicality"),
  prior: z.string().default("gmm:10").describe("density of codes for the score latent: see latentkit sample --prior"),
  anomalous: classList.describe("anomalous classes, by name or number (default: those of the run's --without)"),
  normal: classList.describe("normal classes, by name or number; all others are anomalous"),
  show: z.int().positive().max(100).default(16).describe("examples with the highest and lowest scores"),
  seed: z.int().min(0).default(0).describe("random seed"),
});
type ScoreSettings = z.output<typeof scoreSettings>;
const kinds = [".csv", ".npy", ".json"] as const;

export function define(command: Command): void {
  addDeviceOptions(addExampleOptions(addSettings(command.argument("<run>", "folder of a run"), scoreSettings)))
    .option("--out <file>", "scores to write (.csv, .json, or .npy [examples, scores]); default: the run's samples/")
    .option(...escapeFormulas)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
A higher score is more anomalous; one that is not finite is Infinity. Of --data every example is scored, in file order, unless --split
names a part; the table has a line for each, with its number and what it is called. With labels and anomalous classes: the area under the ROC curve of each score, the
probability that an anomalous example scores above a normal one.

Examples:
  latentkit train vae --data path/to/mnist --without 3 --out runs/no-3
  latentkit score runs/no-3
  latentkit score runs/vae-digits-1 --data path/to/images --scores nll,typicality --out scores.csv`,
    )
    .action(async (path: string, options: OutputOptions & DeviceOptions & ExampleOptions) => {
      const settings = parseSettings(scoreSettings, givenSettings(scoreSettings, options));
      checkPrior(settings.prior);
      const file = options.out ?? samplesFile(path, "scores.csv");
      const kind = checkKind(file, kinds);
      const loaded = await optionRun(path, options, kinds);
      const { run, step } = loaded;
      const {
        split: whole,
        data,
        splitName,
      } = await optionExamples(loaded, options, settings.split, {
        everyClass: true,
      });
      const split = { ...whole, indices: whole.indices.subarray(0, settings.count) };
      const examples = split.indices.length;
      const { without } = readRunData(run);
      const found = anomaliesIn(split, settings, options.data === undefined ? without : undefined);

      const { samples, seed, prior, scores: wanted } = settings;
      const progress = scoreRun(loaded, { split, samples, seed, density: prior, ...(wanted && { scores: wanted }) });
      let next = await progress.next();
      for (let shownMs = performance.now(); !next.done; next = await progress.next()) {
        if (performance.now() - shownMs < 2000) continue;
        shownMs = performance.now();
        printAside(`likelihood of ${next.value.done} of ${next.value.total} examples`);
      }
      const scores = next.value;
      const results = Array.from(scores, ([name, values]) => {
        const finite = values.filter(Number.isFinite);
        const mean = finite.length > 0 ? finite.reduce((sum, v) => sum + v, 0) / finite.length : Infinity;
        return found ? { name, mean, rocAuc: rocAuc(values, found.anomalous) } : { name, mean };
      });

      await writeFileAtomic(file, contentOf(kind, split, scores, lineOf(options)));
      const picture =
        kindOf(loaded.trained.kind).picture?.form === "tiles" ? samplesFile(path, "anomalies.png") : undefined;
      if (picture) await writePng(picture, gridRaster(extremes(split, scores, settings.show)));
      const warnings = [
        ...(loaded.trained.model.condition?.required
          ? [
              "the model is conditioned on each example's label, also for classes not trained on: its scores depend on the label",
            ]
          : []),
        ...infiniteScores(scores).map(infiniteText),
      ];
      if (options.json) {
        const classes = found && { anomalous: found.names, anomalies: found.anomalous.filter(Boolean).length };
        const about = { run: path, step, data, split: splitName, examples, samples, prior, seed, ...classes };
        printJson({ file, ...(picture && { picture }), ...about, scores: results, warnings });
        return;
      }
      const head = found ? ["score", "mean", "ROC AUC"] : ["score", "mean"];
      const rows = results.map(({ name, mean, rocAuc: area }) =>
        area === undefined ? [name, metricText(mean)] : [name, metricText(mean), area.toFixed(4)],
      );
      const first = examples < whole.indices.length ? "first of" : "all of";
      const part = splitName === "all" ? `${first} ${data}` : `${splitName} split`;
      const of = found ? `; anomalous: ${found.names.join(", ")}` : "";
      print(
        `${part}, ${examples} example${examples === 1 ? "" : "s"}, step ${step}${of}\n\n${table([head, ...rows])}\n`,
      );
      for (const warning of warnings) print(`warning: ${warning}\n`);
      if (picture) print(`highest and lowest scores, two rows for each score: ${picture}`);
      print(`scores: ${file}`);
    });
}

/** Places that a message lists. */
const listed = 10;

function infiniteText({ names, places }: ReturnType<typeof infiniteScores>[number]): string {
  const which =
    places.slice(0, listed).join(", ") + (places.length > listed ? ` and ${places.length - listed} more` : "");
  const score = names.length === 1 ? `${names[0]!} is` : `${names.join(", ")} are`;
  return `${score} infinite for ${places.length === 1 ? "example" : `${places.length} examples:`} ${which}; means are of the others`;
}

/** Which examples are of the anomalous classes; undefined where none are given. */
function anomaliesIn(
  { dataset, indices }: Split,
  { anomalous, normal }: ScoreSettings,
  without: readonly string[] | undefined,
): { readonly names: readonly string[]; readonly anomalous: readonly boolean[] } | undefined {
  if (anomalous && normal)
    throw new ConfigError("--normal: conflicting options, got --anomalous too, expected one of them");
  const given = anomalous ?? normal ?? without;
  if (!given) return undefined;
  const { labels, classNames = [] } = dataset;
  const option = anomalous ? "--anomalous" : normal ? "--normal" : "--without";
  const classes = new Set(given.map((name) => classNumber(option, name, labels && classNames)));
  const isAnomalous = (label: number): boolean => classes.has(label) !== (normal !== undefined);
  return {
    names: classNames.filter((_, label) => isAnomalous(label)),
    anomalous: Array.from(indices, (example) => isAnomalous(labels![example]!)),
  };
}

function contentOf(
  kind: string,
  { dataset, indices }: Split,
  scores: ExampleScores,
  line: CsvLine,
): string | readonly Uint8Array[] {
  const names = [...scores.keys()];
  const columns = [...scores.values()];
  if (kind === ".npy") {
    const values = Float32Array.from({ length: indices.length * names.length }, (_, i) => {
      const column = i % names.length;
      return columns[column]![(i - column) / names.length]!;
    });
    return encodeNpy([indices.length, names.length], values);
  }
  const index = exampleIndex({ dataset, indices });
  const rows = Array.from(indices, (_, i) => index.row(i));
  if (kind === ".json") {
    // JSON has no infinity: such a score is null.
    const scored = names.map((name, k) => [name, [...columns[k]!]] as const);
    const called = index.names.map((name, k) => [name, rows.map((row) => row[k]!)] as const).slice(1);
    return `${JSON.stringify(Object.fromEntries<readonly (string | number)[]>([...called, ...scored]))}\n`;
  }
  const head = [...index.names, ...names];
  const lines = rows.map((row, i) => row.concat(columns.map((column) => String(column[i]))));
  return [head, ...lines].map(line).join("");
}

/** Two rows for each score: the examples with the highest, and with the lowest. */
function extremes({ dataset, indices }: Split, scores: ExampleScores, show: number): ImageGrid {
  const columns = Math.min(show, indices.length);
  const places = Array.from(scores.values()).flatMap((values) => {
    const order = Array.from(values.keys()).toSorted((a, b) => values[b]! - values[a]!);
    return order.slice(0, columns).concat(order.slice(-columns));
  });
  const pictures = new Float32Array(places.length * exampleSize(dataset));
  const shown = Uint32Array.from(places, (place) => indices[place]!);
  new ExampleReader(dataset, "none").read(pictures, shown, FIXED_BINARIZATION);
  return {
    sets: [pictures],
    count: places.length,
    columns,
    shape: dataset.shape,
    kind: splitSpec({ dataset, indices }).kind,
  };
}
