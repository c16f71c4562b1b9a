import { isBinary } from "../../data/is-binary.ts";
import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import type { Command } from "commander";
import { z } from "zod";
import { lacking, requireCapabilities } from "../../evaluation/capabilities.ts";
import { unitReport, type UnitReport } from "../../metrics/codes/unit-report.ts";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { readRunData } from "../../runs/run-spec.ts";
import { barChart } from "../../pictures/bar-chart.ts";
import { diagnose } from "../../training/doctor/diagnosis.ts";
import { checkKind, samplesFile } from "../output/write-output.ts";
import { metricText } from "../output/progress.ts";
import { addRunOptions, optionRun, type RunOptions } from "../options/run-command.ts";
import { optionExamples, splitSetting } from "../options/run-examples.ts";
import { givenSettings, parseSettings } from "../options/settings.ts";
import { table } from "../output/table.ts";
import { print, printJson } from "../output/terminal.ts";

const latentSettings = z.strictObject({
  split: splitSetting,
  count: z
    .int()
    .min(2)
    .max(1_000_000_000)
    .default(10_000)
    .describe("number of examples, drawn at random from the split"),
});
const kinds = [".svg"] as const;
/** Characters of the longest bar in the table. */
const barWidth = 30;

export function define(command: Command): void {
  addRunOptions(command, { settings: latentSettings, examples: true })
    .option("--out <file>", "bar chart to write (.svg); default: latent.svg in the run's samples/")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
For each latent dimension: its KL, for a model with a rate, and the variance of its mean over examples; a unit is active
if that variance is above 0.01 (arXiv:1509.00519).

Examples:
  latentkit latent runs/vae-digits-1
  latentkit latent runs/vae-digits-1 --split validation --json`,
    )
    .action(async (path: string, options: RunOptions) => {
      const { split: wanted, count } = parseSettings(latentSettings, givenSettings(latentSettings, options));
      const file = options.out ?? samplesFile(path, "latent.svg");
      checkKind(file, kinds);
      const loaded = await optionRun(path, options, kinds);
      const { run, trained, step } = loaded;
      requireCapabilities(trained.model, ["encode", "vector"], {
        where: path,
        ...(!lacking(trained.model, ["decode", "vector"]) && {
          remedy: "one that encodes examples; latentkit traverse shows what each dimension changes",
        }),
      });
      const { split, data, splitName } = await optionExamples(loaded, options, wanted);
      const measured = drawnExamples(split, count);
      const { binarize } = readRunData(run);
      const { remedies } = loaded.spec;
      const report = unitReport(await trained.codes(measured, { binarize }), trained.latentDim);
      const rates = report.units.flatMap(({ rate }) => rate ?? []);
      const binary = measured.dataset.range && isBinary(measured);
      const findings = diagnose({ records: [], remedies, rates, ...(binary !== null && { binary }) });
      await writeFileAtomic(file, `${chart(report)}\n`);
      const examples = measured.indices.length;
      if (options.json) {
        printJson({ file, run: path, step, data, split: splitName, examples, ...report, findings });
        return;
      }
      const total = report.rate === undefined ? "" : `, ${metricText(report.rate)} nats together`;
      print(
        `${report.active} of ${report.units.length} units active${total}; ${splitName} split, ${examples} examples, step ${step}\n\n${described(report)}`,
      );
      for (const { finding, evidence, remedy } of findings) print(`\n${finding}: ${evidence}\n  ${remedy}`);
      print(`\n${file}`);
    });
}

function described({ units, rate }: UnitReport): string {
  const value = (unit: UnitReport["units"][number]): number => unit.rate ?? unit.activity;
  const largest = Math.max(...units.map(value), 1e-12);
  const head = ["unit", ...(rate === undefined ? [] : ["KL, nats"]), "variance of mean", ""];
  const rows = units.map((unit) => [
    String(unit.unit),
    ...(unit.rate === undefined ? [] : [metricText(unit.rate)]),
    metricText(unit.activity),
    unit.active ? "█".repeat(Math.round((barWidth * value(unit)) / largest)) : "not active",
  ]);
  return table([head, ...rows]);
}

const chart = ({ units, rate }: UnitReport): string =>
  barChart({
    title: rate === undefined ? "Variance of the mean code" : "KL of each unit",
    xLabel: "unit",
    yLabel: rate === undefined ? "variance" : "nats",
    bars: units.map((unit) => ({
      label: String(unit.unit),
      value: unit.rate ?? unit.activity,
      kind: Number(!unit.active),
    })),
    kinds: [
      { name: "active", color: "#4c78a8" },
      { name: "not active", color: "#e45756" },
    ],
  });
