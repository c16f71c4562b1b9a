import type { Command } from "commander";
import { z } from "zod";
import { splitNames } from "../../data/split.ts";
import { checkPrior } from "../options/run-prior.ts";
import { type Evaluation, evaluateRun } from "../../runs/evaluate-run.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import { findMetric, metrics } from "../../evaluation/metrics/index.ts";
import { LineProgress } from "../output/line-progress.ts";
import { metricText } from "../output/progress.ts";
import { addDeviceOptions, type DeviceOptions, optionRun } from "../options/run-command.ts";
import { addSettings, collect, givenSettings, parseSettings, settingPairs } from "../options/settings.ts";
import { table } from "../output/table.ts";
import { print, printAside, printJson } from "../output/terminal.ts";

const evaluateSettings = z.strictObject({
  metrics: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("metrics by name, see latentkit metrics list (default: those without generated examples)"),
  split: z.enum(splitNames).default("test").describe("split"),
  count: z
    .int()
    .positive()
    .max(1_000_000_000)
    .optional()
    .describe("number of examples, drawn at random (default: all)"),
  samples: z
    .int()
    .positive()
    .max(1_000_000)
    .optional()
    .describe("samples of z per example, for the likelihood (default: 500; 16 of noise between levels)"),
  generated: z.int().positive().max(10_000_000).default(10_000).describe("number of generated examples"),
  show: z
    .enum(["samples", "means"])
    .optional()
    .describe("generated examples: samples of p(x|z), or its means (default: means for images, samples otherwise)"),
  priors: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("priors to sample from: own, or densities of codes (default: own, else full-gaussian and gmm:10)"),
  extractor: z
    .string()
    .optional()
    .describe("feature extractor: small-28, raw, or a file (.safetensors, .onnx) (default: small-28 for images)"),
  seed: z.int().min(0).default(0).describe("random seed"),
});

export function define(command: Command): void {
  addDeviceOptions(addSettings(command.argument("<run>", "folder of a run"), evaluateSettings))
    .option(
      "--sampler <key=value>",
      "an option of the model's own sampler, for generated examples: see latentkit sample RUN --help; may be repeated",
      collect,
    )
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Metrics (latentkit metrics list describes them): ${metrics.map(({ name }) => name).join(", ")}

The likelihood is an importance-weighted bound (arXiv:1509.00519), tighter with more --samples. Papers use 5000.

Examples:
  latentkit evaluate runs/vae-digits-1
  latentkit evaluate runs/vae-mnist-1 --metrics likelihood --samples 5000 --count 1000 --json
  latentkit evaluate runs/ae-mnist-1 --metrics frechet,kid --priors full-gaussian,gmm:10
  latentkit evaluate runs/diffusion-mnist-1 --metrics frechet --sampler steps=8 --sampler solver=dpm-solver++`,
    )
    .action(
      async (
        path: string,
        options: DeviceOptions & { readonly json?: boolean; readonly sampler?: readonly string[] },
      ) => {
        const settings = parseSettings(evaluateSettings, givenSettings(evaluateSettings, options));
        const { metrics, priors, count, samples, extractor, ...rest } = settings;
        metrics?.forEach(findMetric);
        for (const prior of priors ?? []) if (prior !== ownPrior) checkPrior(prior);
        const lines = new LineProgress("training the extractor");
        const progress = evaluateRun(await optionRun(path, options), {
          ...rest,
          ...(metrics && { metrics }),
          ...(priors && { priors }),
          ...(options.sampler && { sampler: settingPairs(options.sampler, "--sampler") }),
          ...(count !== undefined && { count }),
          ...(samples !== undefined && { samples }),
          ...(extractor !== undefined && { extractor }),
          onExtractorTraining: (step, steps) => lines.show(step, steps),
        });
        let next = await progress.next();
        for (; !next.done; next = await progress.next())
          lines.show(next.value.done, next.value.total, next.value.metric);
        const found = Object.values(next.value.metrics);
        if (options.json) printJson({ run: path, ...next.value });
        else print(described(next.value));
        for (const warning of found.flatMap(({ warnings = [] }) => warnings)) printAside(`warning: ${warning}`);
      },
    );
}

function described({ split, step, examples, metrics: found }: Evaluation): string {
  const rows = Object.entries(found).flatMap(([metric, { results, failed }]) =>
    failed === undefined
      ? results.map(({ name, of, value, standardError, interval, note }) => {
          const notes = [
            ...(standardError === undefined ? [] : [`standard error ${metricText(standardError)}`]),
            ...(interval ? [`95 % from ${metricText(interval[0])} to ${metricText(interval[1])}`] : []),
            ...(note === undefined ? [] : [note]),
          ];
          return [name, of ?? "", Number.isInteger(value) ? String(value) : metricText(value), notes.join(", ")];
        })
      : [[metric, "", "-", failed]],
  );
  const checks = Object.values(found).flatMap((measured) => measured.checks ?? []);
  const held = checks.map(({ name, holds, detail }) => `${holds ? "holds" : "FAILS"}: ${name} (${detail})`).join("\n");
  const { likelihood } = found;
  const speed =
    likelihood &&
    likelihood.failed === undefined &&
    `${(examples / likelihood.seconds).toPrecision(3)} examples per second`;
  const features = new Set(Object.values(found).map(({ conditions }) => conditions["features"]));
  const compared = [...features].flatMap((name) => (typeof name === "string" ? [`features of ${name}`] : []));
  const head = `${split} split, ${examples} examples, step ${step}${likelihood ? "; in nats per example" : ""}`;
  return [head, table(rows), ...compared, ...(held === "" ? [] : [held]), ...(speed ? [speed] : [])].join("\n\n");
}
