import type { Command } from "commander";
import { z } from "zod";
import { parseDensity } from "../../latent/density.ts";
import { type Evaluation, evaluateRun, splitNames } from "../../node/evaluate-run.ts";
import { ownPrior } from "../../node/sample-distances.ts";
import { metricText } from "../progress.ts";
import { addDeviceOptions, type DeviceOptions, optionRun } from "../run-command.ts";
import { addSettings, givenSettings, parseSettings } from "../settings.ts";
import { table } from "../table.ts";

const evaluateSettings = z.strictObject({
  split: z.enum(splitNames).default("test").describe("what to measure on"),
  count: z.int().positive().max(1_000_000_000).optional().describe("the first so many examples; all when not given"),
  samples: z.int().positive().max(1_000_000).default(500).describe("draws of z an example for the likelihood"),
  seed: z.int().min(0).default(0).describe("of the draws"),
  frechet: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("densities of codes, or own: the Frechet distance of as many samples of each; needs labels"),
});

export function define(command: Command): void {
  addDeviceOptions(addSettings(command.argument("<run>", "folder of a run"), evaluateSettings))
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The likelihood is an importance-weighted bound (arXiv:1509.00519): more samples, a tighter one. Papers take 5000.

Examples:
  latentkit evaluate runs/vae-digits-1
  latentkit evaluate runs/vae-mnist-1 --samples 5000 --count 1000 --json
  latentkit evaluate runs/ae-mnist-1 --frechet gaussian,gmm:10`,
    )
    .action(async (path: string, options: DeviceOptions & { readonly json?: boolean }) => {
      const { count, frechet, ...settings } = parseSettings(evaluateSettings, givenSettings(evaluateSettings, options));
      for (const density of frechet ?? []) if (density !== ownPrior) parseDensity(density);
      const progress = evaluateRun(await optionRun(path, options), {
        ...settings,
        ...(count !== undefined && { count }),
        ...(frechet && { frechet }),
      });
      let next = await progress.next();
      for (let shownMs = performance.now(); !next.done; next = await progress.next()) {
        if (performance.now() - shownMs < 2000) continue;
        shownMs = performance.now();
        process.stderr.write(`likelihood of ${next.value.done} of ${next.value.examples} examples\n`);
      }
      const { seed, split } = settings;
      if (options.json) console.log(JSON.stringify({ run: path, split, seed, ...next.value }));
      else console.log(described(split, next.value));
    });
}

function described(
  split: string,
  { step, examples, scores, likelihood, units, rate, factors, distances, columns, checks }: Evaluation,
): string {
  const rows: string[][] = Object.entries(scores ?? {}).map(([name, figure]) => [name, metricText(figure), ""]);
  if (likelihood)
    for (const { samples, nll } of likelihood.curve)
      rows.push([
        "nll",
        metricText(nll),
        `${samples} sample${samples === 1 ? "" : "s"}${samples === likelihood.samples ? `, standard error ${metricText(likelihood.standardError)}` : ""}`,
      ]);
  if (units) rows.push(["active units", `${units.active}`, `of ${units.total}`]);
  if (rate) {
    const of = `of the rate, on ${rate.examples} examples`;
    rows.push(["mutual information", metricText(rate.mutualInformation), of]);
    rows.push(["total correlation", metricText(rate.totalCorrelation), of]);
    rows.push(["dimension-wise KL", metricText(rate.dimensionwiseKl), of]);
  }
  if (factors) {
    rows.push(["mutual information gap", metricText(factors.mig), "mean over the factors"]);
    for (const { factor, gap, dimension } of factors.gaps)
      rows.push([`  ${factor}`, metricText(gap), `dimension ${dimension} tells most of it`]);
  }
  for (const { name, totalVariation } of columns ?? [])
    rows.push(["total variation", metricText(totalVariation), `of samples in column ${name}`]);
  if (distances) {
    const { frechet, floor, samples, reals } = distances;
    for (const [prior, distance] of Object.entries(frechet))
      rows.push(["Frechet distance", metricText(distance), `codes from ${prior}`]);
    rows.push(["", metricText(floor), "training examples"]);
    rows.push(["", "", `${samples} samples, ${reals} examples; features of a ${distances.extractor}`]);
  }
  const head = `${split} split, ${examples} examples, step ${step}${likelihood ? "; in nats per example" : ""}\n\n${table(rows)}`;
  const held = checks.map(({ name, holds, detail }) => `${holds ? "holds" : "FAILS"}: ${name} (${detail})`).join("\n");
  const rateOf = likelihood && `${(likelihood.examples / likelihood.seconds).toPrecision(3)} examples a second`;
  return [head, ...(held === "" ? [] : [held]), ...(rateOf ? [rateOf] : [])].join("\n\n");
}
