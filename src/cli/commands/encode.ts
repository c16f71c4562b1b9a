import type { Command } from "commander";
import { z } from "zod";
import { exampleIndex } from "../../data/examples/example-index.ts";
import { orBijection, requireCapabilities } from "../../evaluation/capabilities.ts";
import { exampleCodes } from "../../runs/codes/example-codes.ts";
import { writeCodes } from "../output/write-examples.ts";
import { checkKind, lineOf, samplesFile } from "../output/write-output.ts";
import { addRunOptions, escapeFormulas, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { print, printJson } from "../output/terminal.ts";

const encodeSettings = z.strictObject({
  split: splitSetting,
  count: z.int().positive().optional().describe("number of examples, from the first (default: all)"),
  take: z.enum(["mean", "sample"]).default("mean").describe("mean of q(z|x), or one sample of it"),
  seed: z.int().min(0).default(0).describe("random seed of the samples"),
});
const kinds = [".npy", ".csv"] as const;

export function define(command: Command): void {
  addRunOptions(command, { settings: encodeSettings, examples: true })
    .option(
      "--out <file>",
      "file to write: an array [examples, latentDim] (.npy), or a table with what each example is called (.csv); default: codes.npy in the run's samples/",
    )
    .option(...escapeFormulas)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Of --data every example is encoded, in file order, unless --split names a part. Beside an array NAME.npy, NAME.index.csv says
which rows or files its rows are of, where that is not their number. Examples are encoded as they are, not binarized: equal examples
have equal codes.

Examples:
  latentkit encode runs/vae-digits-1 --out codes.npy
  latentkit encode runs/vae-digits-1 --data path/to/images --out codes.csv
  latentkit encode runs/vae-digits-1 --data path/to/mnist --split train --take sample --out codes.npy`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(encodeSettings, options);
      const { split: wanted, count, take, seed } = parseSettings(encodeSettings, given);
      const file = options.out ?? samplesFile(path, "codes.npy");
      checkKind(file, kinds);
      const loaded = await optionRun(path, options, kinds);
      const { trained, step } = loaded;
      requireCapabilities(trained.model, orBijection(trained.model, ["encode", "vector"]), { where: path });
      const { split, data, splitName } = await optionExamples(loaded, options, wanted);
      const encoded = { ...split, indices: split.indices.subarray(0, count) };
      const { means, samples } = await exampleCodes(trained, encoded, { seed });
      const codes = take === "mean" ? means : samples;
      const [examples, dim] = [encoded.indices.length, trained.latentDim];
      const shape = [examples, dim];
      const files = await writeCodes(file, { codes, dim, index: exampleIndex(encoded), line: lineOf(options) });
      if (options.json) printJson({ ...files, shape, run: path, step, data, split: splitName, take, seed });
      else {
        const of = splitName === "all" ? "examples, in file order" : `${splitName} examples`;
        print(`codes of ${examples} ${of}, ${dim} dimensions each: ${file}`);
        if (files.index !== undefined) print(`which examples they are: ${files.index}`);
      }
    });
}
