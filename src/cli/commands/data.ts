import type { Command } from "commander";
import { z } from "zod";
import { columnStatistics, type ColumnStatistics } from "../../data/tables/column-statistics.ts";
import { exampleSize } from "../../data/dataset.ts";
import type { Split } from "../../data/split.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { nearestName } from "../../nearest-name.ts";
import { fetchDataset, publishedDatasets } from "../../node/data/fetch.ts";
import { dataOptions } from "../../data/options.ts";
import { pairsForm } from "../../data/examples/pairs.ts";
import { codesForm } from "../../runs/codes/codes-source.ts";
import { listDataSources } from "../../node/data/source.ts";
import { nodePlatform } from "../../node/platform.ts";
import { examplesByClass } from "../../runs/pictures/examples-by-class.ts";
import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import { toDataUnits } from "../../data/arrays/units.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { writePng } from "../../node/files/png-file.ts";
import type { Standardization } from "../../data/spec.ts";
import { splitSpec } from "../../data/split-spec.ts";
import { gridRaster, kindOf } from "../../kinds/registry.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import { quoted } from "../../serialization/quoted.ts";
import { loadProgress } from "../output/show-load-progress.ts";
import { columnKinds } from "../output/column-kinds.ts";
import { checkKind } from "../output/write-output.ts";
import { addSettings, givenSettings, parseSettings } from "../options/settings.ts";
import { showImageGrid } from "../output/show-image.ts";
import { table } from "../output/table.ts";
import { print, printJson, rewriteLine } from "../output/terminal.ts";

const showSettings = z.strictObject({
  count: z.int().positive().max(100).default(10).describe("examples of each class in the image grid"),
  out: z.string().min(1).optional().describe("image grid to write (.png)"),
  ...dataOptions.shape,
});

export function define(command: Command): void {
  command
    .command("list")
    .description("list the sources for --data")
    .option("--json", "print JSON")
    .action(({ json = false }: { readonly json?: boolean }) => {
      const sources = [...listDataSources(), codesForm, pairsForm];
      if (json) printJson(sources);
      else print(table(sources.map(({ spec, description }) => [spec, description])));
    });
  const names = Object.keys(publishedDatasets).join(", ");
  command
    .command("fetch")
    .description("download a published dataset into the cache, checked by SHA-256, for --data by name")
    .argument("<name>", `one of ${names}`)
    .option("--from <url>", "base URL to download from, in place of the usual mirrors")
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  latentkit data fetch mnist && latentkit train vae --data mnist")
    .action(fetchPublished);
  addSettings(
    command.command("show").description("statistics of a data source, and examples of each class"),
    showSettings,
  )
    .argument("<source>", "a source of data list, or the path of your own data")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  latentkit data show digits --out digits.png\n  latentkit data show path/to/photographs --size 64 --skip-broken\n  latentkit data show path/to/mnist --json",
    )
    .action(show);
}

async function fetchPublished(
  name: string,
  { from, json = false }: { readonly from?: string; readonly json?: boolean },
): Promise<void> {
  const dataset = Object.hasOwn(publishedDatasets, name) ? publishedDatasets[name] : undefined;
  if (!dataset) {
    const names = Object.keys(publishedDatasets);
    const nearest = nearestName(name, names);
    throw new ConfigError(
      `data fetch: no such dataset, got ${quoted(name)}, expected one of ${names.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
    );
  }
  if (from !== undefined && !/^https?:\/\/./.test(from))
    throw new ConfigError(`--from: not a URL, got ${quoted(from)}, expected http://... or https://...`);
  const shown = !json && process.stderr.isTTY;
  const folder = await fetchDataset(dataset, {
    ...(from !== undefined && { from }),
    ...(shown && {
      onProgress: (file, bytes) =>
        rewriteLine(
          `${file.name}  ${file.bytes === undefined ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.floor((100 * bytes) / file.bytes)} %`}`,
        ),
    }),
  });
  if (shown) rewriteLine("");
  if (json) printJson({ name, folder, files: dataset.files });
  else print(`${name}: ${folder}; use it with --data ${name}`);
}

async function show(spec: string, options: { readonly json?: boolean }): Promise<void> {
  const { count, out, ...reading } = parseSettings(showSettings, givenSettings(showSettings, options));
  if (out !== undefined) checkKind(out, [".png"]);
  const source = await nodePlatform.openData(spec, { ...reading, onProgress: loadProgress() });
  const { dataset } = source.train;
  const splits = { train: source.train, validation: source.validation, test: source.test };
  const grid = gridOf(source.train, count);
  const { columns } = dataset;
  const results =
    columns || splitSpec(source.train).kind === "image"
      ? undefined
      : inUnits(columnStatistics(source.train, shownColumns), dataset.standardization);
  if (out !== undefined) {
    if (!grid)
      throw new DataError(
        `--out: no picture of these examples, got shape [${dataset.shape.join(", ")}], expected images or points [2]`,
      );
    await writePng(out, gridRaster(grid));
  }
  if (options.json) {
    const counts = Object.entries(splits).map(([name, split]) => [
      name,
      { examples: split.indices.length, ...(dataset.labels && { labels: labelCounts(split) }) },
    ]);
    const { name, description, fingerprint } = source;
    printJson({
      name,
      description,
      shape: dataset.shape,
      fingerprint,
      splits: Object.fromEntries(counts),
      columns: columns ?? results,
      notes: source.notes,
      file: out,
    });
    return;
  }
  print(`${source.name}  ${source.description}\nshape of an example  [${dataset.shape.join(", ")}]\n`);
  const classes = dataset.classNames ?? [];
  const rows = Object.entries(splits).map(([name, split]) =>
    [name, String(split.indices.length)].concat(labelCounts(split).map(String)),
  );
  print(table([["", "examples", ...classes], ...rows]));
  if (columns) print(`\n${columnKinds(columns)}`);
  if (source.notes) print(`\n${source.notes.join("\n")}`);
  if (results) print(`\n${columnTable(results, exampleSize(dataset))}`);
  if (grid)
    showImageGrid(classes.length > 0 ? `each row a class: ${classes.join(", ")}` : "examples", grid, grid.count);
  if (out !== undefined) print(`\n${out}`);
}

/** Statistics of standardized columns in the units of the data. */
function inUnits(
  statistics: readonly ColumnStatistics[],
  to: Standardization | undefined,
): readonly ColumnStatistics[] {
  if (!to) return statistics;
  return statistics.map(({ min, max, mean, std }, i) => {
    const value = (standardized: number): number => standardized * to.std[i]! + to.mean[i]!;
    return { min: value(min), max: value(max), mean: value(mean), std: std * to.std[i]! };
  });
}

/** Points of a scatter plot. */
const shownPoints = 5000;

/** `count` images of each class, or the first points; undefined for examples that no picture shows. */
function gridOf(split: Split, count: number): ImageGrid | undefined {
  const { shape } = split.dataset;
  const { kind } = splitSpec(split);
  const form = kindOf(kind).picture?.form;
  if (form === "tiles") return examplesByClass(split, count);
  if (form !== "plot") return undefined;
  const points = toDataUnits(split.dataset, firstExamples(drawnExamples(split, shownPoints), shownPoints));
  return { sets: [points], count: points.length / 2, columns: 1, shape, kind };
}

/** Most columns of numbers whose statistics are shown. */
const shownColumns = 30;

function columnTable(columns: readonly ColumnStatistics[], total: number): string {
  const rows = columns.map(({ min, mean, std, max }, i) =>
    [String(i)].concat([min, mean, std, max].map((value) => value.toPrecision(4))),
  );
  const rest = total > columns.length ? `\nand ${total - columns.length} more columns` : "";
  return `${table([["column", "min", "mean", "std", "max"], ...rows])}${rest}`;
}

/** Examples of each class of a split, in the order of the classes; none without labels. */
function labelCounts({ dataset, indices }: Split): number[] {
  const counts = dataset.classNames?.map(() => 0) ?? [];
  if (dataset.labels) for (const i of indices) counts[dataset.labels[i]!]! += 1;
  return counts;
}
