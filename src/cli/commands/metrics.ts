import type { Command } from "commander";
import { z } from "zod";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { dataOptions } from "../../data/options.ts";
import { nodePlatform } from "../../node/platform.ts";
import { metrics } from "../../evaluation/metrics/index.ts";
import { smallName } from "../../evaluation/extractors/small-28.ts";
import { readSmallExtractor, trainSmallExtractor } from "../../node/extractors/small-28-file.ts";
import { loadProgress } from "../output/show-load-progress.ts";
import { checkKind } from "../output/write-output.ts";
import { LineProgress } from "../output/line-progress.ts";
import { addSettings, givenSettings, parseSettings } from "../options/settings.ts";
import { table } from "../output/table.ts";
import { print, printJson } from "../output/terminal.ts";

const extractorSettings = z.strictObject({
  data: z.string().min(1).default("digits").describe("labeled images to train on: see latentkit data list"),
  out: z.string().min(1).default(`${smallName}.safetensors`).describe("file to write (.safetensors)"),
  seed: z.int().min(0).default(0).describe("random seed (initialization, shuffling)"),
  ...dataOptions.shape,
});

export function define(command: Command): void {
  command
    .command("list")
    .description("list the metrics for evaluate --metrics")
    .option("--json", "print JSON")
    .action(({ json = false }: { readonly json?: boolean }) => {
      const listed = metrics.map(({ name, summary, standard = false }) => ({ name, summary, standard }));
      if (json) printJson(listed);
      else {
        print(table(listed.map(({ name, summary, standard }) => [name, standard ? "*" : "", summary])));
        print("\n* evaluated by default, if the model has the capabilities");
      }
    });
  addSettings(
    command
      .command("train-extractor")
      .description(`train ${smallName}, a feature extractor for evaluate --extractor FILE`),
    extractorSettings,
  )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
evaluate trains one on the run's own data and caches it; a file is for data without labels, and for other machines.

Examples:
  latentkit metrics train-extractor --data mnist
  latentkit evaluate runs/ae-photographs-1 --metrics kid --extractor ${smallName}.safetensors`,
    )
    .action(trainExtractor);
}

async function trainExtractor(options: { readonly json?: boolean }): Promise<void> {
  const settings = parseSettings(extractorSettings, givenSettings(extractorSettings, options));
  const { data, out, seed, ...reading } = settings;
  checkKind(out, [".safetensors"]);
  const source = await nodePlatform.openData(data, { ...reading, onProgress: loadProgress() });
  const progress = new LineProgress(`training ${smallName}`);
  const bytes = await trainSmallExtractor(source, { seed, onTraining: (step, steps) => progress.show(step, steps) });
  await writeFileAtomic(out, bytes);
  const { name, about, release } = await readSmallExtractor(out, source.train.dataset.shape);
  await release();
  if (options.json) printJson({ file: out, ...about });
  else {
    const error = about["testError"];
    const tested = typeof error === "number" ? `, test error ${(100 * error).toFixed(2)} %` : "";
    print(`${out}: ${name}${tested}; use it with --extractor ${out}`);
  }
}
