import type { Command } from "commander";
import { z } from "zod";
import { everyExample } from "../../data/examples/every-example.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { givenOrOwn } from "../../evaluation/given-examples.ts";
import { editExamples } from "../../evaluation/samples/editing.ts";
import { missingOf } from "../../evaluation/samples/missing-mask.ts";
import { sizeOf } from "../../graph/shape.ts";
import { addRunOptions, escapeFormulas, optionRun, type RunOptions } from "../options/run-command.ts";
import { pickedExamples } from "../options/run-examples.ts";
import { editorSettings, ownSettings } from "../options/sampler-settings.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { LineProgress } from "../output/line-progress.ts";
import { print, printJson } from "../output/terminal.ts";
import { writeExamples } from "../output/write-examples.ts";
import { checkKind, lineOf, samplesFile } from "../output/write-output.ts";

const imputeSettings = z.strictObject({
  seed: z.int().min(0).default(0).describe("random seed: another one gives another imputation"),
});
const kinds = [".csv"] as const;

export async function define(command: Command, args: readonly string[] = []): Promise<void> {
  // The options of the run's editor are flags too.
  const own = await editorSettings(args);
  addRunOptions(command, { settings: imputeSettings.extend(own.shape), condition: true })
    .requiredOption("--data <source>", "table whose missing values are sampled, with the columns of the run")
    .option("--out <file>", "table to write (.csv); default: imputed.csv in the run's samples/")
    .option(...escapeFormulas)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Values that are missing of the rows of a table are sampled given the others, from p(missing | kept): by made, or diffusion with codes=none. What is there is
written as the run's columns write it. A category that training has not seen counts as missing.

One imputation is one sample: to see how sure the model is, make several with other seeds. Where missing values are a category of their own, as by
default, they are not missing to the model: train with --missing drop or impute.

Examples:
  latentkit train made --data people.csv --missing drop --out runs/people
  latentkit impute runs/people --data people.csv --out complete.csv
  latentkit impute runs/people --data people.csv --candidates 100 --seed 1`,
    )
    .action(async (path: string, options: RunOptions) => {
      const { seed } = parseSettings(imputeSettings, givenSettings(imputeSettings, options));
      const { all, given } = ownSettings(own, options);
      const file = options.out ?? samplesFile(path, "imputed.csv");
      checkKind(file, kinds);
      const loaded = await optionRun(path, options, kinds);
      const { trained, step, run } = loaded;
      requireCapabilities(trained.model, ["edit"], { where: path });
      if (!run.info.data.columns)
        throw new ConfigError(
          `${path}: its examples are no rows of a table, got ${trained.kind}, expected a run on a table; latentkit complete is for others`,
        );
      const source = await loaded.openDataLike(options.data!, { whole: true });
      const split = await everyExample(source);
      const data = source.name;
      const { mask, rows, counts } = missingOf(split);
      if (rows.length === 0)
        throw new DataError(
          `${data}: no value is missing, got ${split.indices.length} complete rows, expected some to impute; where a missing value is a category of the run, train with --missing drop or impute`,
        );
      const incomplete = pickedExamples(split, rows, "--data");
      const width = sizeOf(trained.shape);
      const progress = new LineProgress("imputing, steps");
      const sampled = await editExamples(givenOrOwn(trained, incomplete), firstExamples(incomplete, rows.length), {
        ...given,
        seed,
        mask: Float32Array.from(
          { length: rows.length * width },
          (_, i) => mask[rows[Math.floor(i / width)]! * width + (i % width)]!,
        ),
        onStep: options.json ? undefined : (done, total) => progress.show(done, total),
      });
      const count = split.indices.length;
      const values = firstExamples(split, count);
      rows.forEach((row, i) => values.set(sampled.subarray(i * width, (i + 1) * width), row * width));
      const units = run.info.data;
      await writeExamples(file, { count, shape: trained.shape, pieces: [values], units, line: lineOf(options) });
      const missing = Object.fromEntries(counts);
      if (options.json)
        printJson({ file, rows: count, incomplete: rows.length, missing, run: path, step, data, seed, ...all });
      else {
        const total = [...counts.values()].reduce((a, b) => a + b, 0);
        print(`${file}: ${count} rows, in ${rows.length} of which ${total} values were sampled`);
        for (const [column, of] of counts) print(`  ${column}  ${of}`);
      }
    });
}
