import type { Command } from "commander";
import { z } from "zod";
import { encodeNpy } from "../../data/formats/npy.ts";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { readRunData } from "../../runs/run-spec.ts";
import { checkKind, samplesFile } from "../output/write-output.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";

const encodeSettings = z.strictObject({
  split: splitSetting,
  count: z.int().positive().optional().describe("number of examples, from the first (default: all)"),
  take: z.enum(["mean", "sample"]).default("mean").describe("mean of q(z|x), or one sample of it"),
  seed: z.int().min(0).default(0).describe("random seed of the samples"),
});
const kinds = [".npy"] as const;

export function define(command: Command): void {
  addRunOptions(command, { settings: encodeSettings, examples: true })
    .option("--out <file>", "file to write (.npy): [examples, latentDim]; default: codes.npy in the run's samples/")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples of a model trained on binarized data are binarized by the one fixed sample.

Examples:
  latentkit encode runs/vae-digits-1 --out codes.npy
  latentkit encode runs/vae-digits-1 --data path/to/mnist --split train --take sample --out codes.npy`,
    )
    .action(async (path: string, options: RunOptions) => {
      const given = givenSettings(encodeSettings, options);
      const { split: wanted, count, take, seed } = parseSettings(encodeSettings, given);
      const file = options.out ?? samplesFile(path, "codes.npy");
      checkKind(file, kinds);
      const loaded = await optionRun(path, options, kinds);
      const { run, trained, step } = loaded;
      const { split, data, splitName } = await optionExamples(loaded, options, wanted);
      const { binarize } = readRunData(run);
      const encoded = { ...split, indices: split.indices.subarray(0, count) };
      const { means, samples } = await trained.codes(encoded, { binarize, seed });
      const shape = [encoded.indices.length, trained.latentDim];
      await writeFileAtomic(file, encodeNpy(shape, take === "mean" ? means : samples));
      if (options.json)
        console.log(JSON.stringify({ file, shape, run: path, step, data, split: splitName, take, seed }));
      else console.log(`codes of ${shape[0]} ${splitName} examples, ${shape[1]} dimensions each: ${file}`);
    });
}
