import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { checkPrior } from "../options/run-prior.ts";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { compareRuns } from "../../node/studies.ts";
import { type ComparedRun, type Contestant, folderName } from "../../runs/studies/compare-runs.ts";
import { comparisonPage } from "../../runs/reports/comparison-report.ts";
import { dataOptions, givenDataOptions } from "../../data/options.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import { findMetric } from "../../evaluation/metrics/index.ts";
import { comparisonCells } from "../output/comparison-cells.ts";
import { checkedConfig, hasSetting, type ModelSpec, parseModelSpec } from "../options/model-spec.ts";
import { givenTraining } from "../options/training-overrides.ts";
import { addSettings, collect, givenSettings, parseSettings, settingPairs } from "../options/settings.ts";
import { markdownTable, table } from "../output/table.ts";
import { follow, unattended } from "../follow-runs.ts";
import { loadProgress } from "../output/show-load-progress.ts";
import { print, printJson } from "../output/terminal.ts";

const training = givenTraining.pick({
  epochs: true,
  steps: true,
  batchSize: true,
  learningRate: true,
  schedule: true,
  device: true,
  threads: true,
});
const settings = z.strictObject({
  data: z.string().min(1).max(1000).optional().describe("data to train on: see latentkit data list"),
  out: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe("folder of the runs, results and report.html (default: runs/comparison-DATA)"),
  ...training.shape,
  ...dataOptions.shape,
  seed: z.int().min(0).default(0).describe("random seed (initialization, shuffling, noise, samples)"),
  priors: z
    .array(z.string())
    .min(1)
    .default([ownPrior, "full-gaussian", "gmm:10"])
    .describe("priors to sample from: own for p(z), or densities of codes"),
  generated: z.int().positive().max(10_000_000).default(10_000).describe("number of generated examples per prior"),
  samples: z.int().positive().max(1_000_000).default(100).describe("samples of z per example, for the likelihood"),
  count: z.int().positive().optional().describe("number of test examples, drawn at random (default: all)"),
  extractor: z.string().optional().describe("feature extractor: see latentkit evaluate"),
  metrics: z.array(z.string()).min(1).optional().describe("further metrics, as additional columns"),
});

/** Metrics of the columns. */
const standard = ["scores", "likelihood", "frechet", "frechet-reconstruction", "reconstruction"];

interface Flags {
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly set?: readonly string[];
}

export function define(command: Command): void {
  addSettings(
    command.argument("<what...>", "models to train, vae or vae:beta=4 or ./my-model.ts, and folders of runs"),
    settings,
  )
    .option("--set <key=value>", "a setting of every model that has it; may be repeated", collect)
    .option("--json", "print one JSON object")
    .option("--markdown", "print the table as Markdown")
    .addHelpText(
      "after",
      `
Trains the runs that are missing in --out, evaluates all on the same test examples, and prints one table: Frechet distances of
reconstructions, of samples from each of --priors and of midpoints between codes, as in arXiv:1903.12436, then the
likelihood with what it is (log p(x) itself, or a bound from --samples), the mean squared error of reconstructions, the number of parameters and the training time; - where a model lacks the
capability. report.html in --out has the image grids side by side. Finished work is kept: stop with Ctrl-C, and run the same
command again to resume.

Examples:
  latentkit compare pca ae vae vae:beta=4 --data digits --epochs 10
  latentkit compare ae rae wae --data path/to/mnist --set network=conv --set latentDim=16 --out runs/regularized
  latentkit compare runs/vae-digits-1 runs/ae-digits-1 --metrics kid,precision-recall`,
    )
    .action(async (what: readonly string[], flags: Flags) => {
      const asked = parseSettings(settings, givenSettings(settings, flags));
      const { data, seed, priors, generated, samples, count, extractor, metrics = [] } = asked;
      const { out = comparisonFolder(data) } = asked;
      for (const prior of priors) if (prior !== ownPrior) checkPrior(prior);
      const further = metrics.map((name) => findMetric(name).name);
      const request = {
        contestants: await contestants(what, settingPairs(flags.set ?? [], "--set")),
        out,
        ...(data !== undefined && { data }),
        dataOptions: givenDataOptions(asked),
        settings: givenSettings(training, asked),
        seed,
        measuring: {
          split: "test" as const,
          seed,
          metrics: [...new Set([...standard, ...further])],
          lacking: "leave out" as const,
          priors,
          generated,
          samples,
          ...(count !== undefined && { count }),
          ...(extractor !== undefined && { extractor }),
        },
      };
      process.exitCode = await unattended(async (signal) => {
        const runs = await follow(compareRuns({ ...request, onLoadProgress: loadProgress() }, signal));
        if (!runs) return undefined;
        const results = comparisonCells(runs, { priors, more: further });
        const notes = notesOn(runs);
        const title = `${runs.length} models of ${data ?? "the same data"}`;
        const report = join(out, "report.html");
        await writeFileAtomic(report, comparisonPage({ title, results, notes, runs }));
        if (flags.json) {
          const found = runs.map(({ pictures, ...run }) => Object.assign(run, { pictures: pictures.length }));
          printJson({ runs: found, report });
        } else {
          const show = flags.markdown ? markdownTable : table;
          print([show(results), ...notes, report].join("\n\n"));
        }
        return true;
      });
    });
}

/** Each data set has its own: runs of one are no work of another. */
const comparisonFolder = (data: string | undefined): string =>
  data === undefined ? "runs/comparison" : `runs/comparison-${folderName(basename(data)) || "data"}`;

/** Throws ConfigError for what is neither a run nor a model, for a label given twice, and for a setting that no model has. */
async function contestants(
  what: readonly string[],
  shared: Readonly<Record<string, string>>,
): Promise<readonly Contestant[]> {
  const models: ModelSpec[] = [];
  const all: Contestant[] = [];
  for (const each of what) {
    if (existsSync(join(each, "run.json"))) {
      all.push({ label: basename(each), path: each });
      continue;
    }
    const spec = await parseModelSpec(each);
    models.push(spec);
    const { definition, modelFile, label, given } = spec;
    const fitting = Object.fromEntries(Object.entries(shared).filter(([key]) => hasSetting(definition, key)));
    all.push({ label, definition, modelFile, config: checkedConfig(definition, { ...fitting, ...given }) });
  }
  const unread = Object.keys(shared).find((key) => !models.some(({ definition }) => hasSetting(definition, key)));
  if (unread !== undefined)
    throw new ConfigError(`--set ${unread}: unknown setting, got "${unread}", expected one that a model to train has`);
  const names = all.map(({ label }) => folderName(label));
  const twice = all.find((_, i) => names.indexOf(names[i]!) !== i);
  if (twice) throw new ConfigError(`compare: duplicate name, got ${twice.label}, expected different ones`);
  return all;
}

/** Notes below the table. */
function notesOn(runs: readonly ComparedRun[]): string[] {
  const { examples, conditions } = runs.find((run) => run.examples > 0)!;
  const features = extractorText(conditions["frechet"]?.["extractor"]);
  const likely = runs.filter(({ results }) => results.some(({ name }) => name === "nll"));
  const given = likely.filter(({ conditional }) => conditional).map(({ label }) => label);
  const kinds = new Map<string, string[]>();
  for (const { likelihoodOf, label } of likely) kinds.set(likelihoodOf, [...(kinds.get(likelihoodOf) ?? []), label]);
  return [
    `${examples} test examples${features}.`,
    ...(kinds.size > 1
      ? [
          `Likelihoods do not compare: ${[...kinds].map(([kind, labels]) => `${kind} (${labels.join(", ")})`).join("; ")}.`,
        ]
      : Array.from(kinds.keys(), (kind) => `Likelihoods are ${kind}, in nats per example.`)),
    ...(given.length > 0 ? [`Likelihoods of ${given.join(", ")} are conditional on the label.`] : []),
    ...new Set(runs.flatMap(({ warnings }) => warnings)),
    ...failuresOf(runs),
  ];
}

/** Why cells are empty, each reason once with the runs it is of. */
function failuresOf(runs: readonly ComparedRun[]): string[] {
  const labels = new Map<string, string[]>();
  for (const { label, failed } of runs)
    for (const [what, reason] of Object.entries(failed)) {
      const text = `${what}: ${reason}`;
      labels.set(text, [...(labels.get(text) ?? []), label]);
    }
  return Array.from(labels, ([reason, of]) => `No ${reason} (${of.join(", ")}).`);
}

function extractorText(about: unknown): string {
  const found = z
    .object({ name: z.string(), data: z.string().optional(), seed: z.number().optional() })
    .safeParse(about);
  if (!found.success) return "";
  const { name, data, seed } = found.data;
  const of = data === undefined ? "" : ` (trained on ${data}, seed ${seed})`;
  return `; Frechet distances in features of ${name}${of}, not comparable across extractors`;
}
