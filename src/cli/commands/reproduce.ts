import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { findNamed } from "../../nearest-name.ts";
import { dataOptions, givenDataOptions } from "../../data/options.ts";
import { gridRaster } from "../../kinds/registry.ts";
import { writePng } from "../../node/files/png-file.ts";
import { codesBeside, reproduceRow, samplesBeside } from "../../node/studies.ts";
import { type ReproductionRequest, rowFolder } from "../../runs/studies/reproduce-row.ts";
import { type Reproduction, type ReproductionRow, reproductions } from "../../reproductions/index.ts";
import { type ReproducedRow, rankAgreement, reproductionCells } from "../output/reproduction-table.ts";
import { givenTraining } from "../options/training-overrides.ts";
import { settingText } from "../../settings-schema.ts";
import { addSettings, givenSettings, parseSettings } from "../options/settings.ts";
import { markdownTable, table } from "../output/table.ts";
import { follow, unattended } from "../follow-runs.ts";
import { loadProgress } from "../output/show-load-progress.ts";
import { print, printAside, printJson } from "../output/terminal.ts";

const training = givenTraining.pick({
  epochs: true,
  steps: true,
  batchSize: true,
  learningRate: true,
  device: true,
  threads: true,
});
const settings = z.strictObject({
  data: z.string().min(1).max(1000).optional().describe("data to train on (default: the table's)"),
  out: z.string().min(1).max(1000).optional().describe("folder of the runs (default runs/TABLE)"),
  rows: z.array(z.string()).min(1).optional().describe("rows of the table, by name (default: all)"),
  seeds: z.array(z.int().min(0)).min(1).optional().describe("random seeds, a run each (default: the table's)"),
  ...training.shape,
  ...dataOptions.shape,
  samples: z.int().positive().max(1_000_000).optional().describe("samples of z per example, for the likelihood"),
  count: z.int().positive().optional().describe("number of test examples, drawn at random (default: all)"),
});

interface Flags {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

export function define(command: Command): void {
  const names = reproductions.map(({ name }) => name).join(", ");
  addSettings(command.argument("<table>", `one of ${names}`), settings)
    .option("--json", "print JSON, one object per line")
    .option("--markdown", "print the table as Markdown")
    .addHelpText(
      "after",
      `
Each row is a run in --out for each seed, and samples.png there has samples of each row where they can be shown side by side. Finished work is kept: stop with Ctrl-C, and run the same command
again to resume.

Examples:
  latentkit reproduce iwae-table-1 --data path/to/mnist --rows vae-1
  latentkit reproduce iwae-table-1 --data path/to/mnist --epochs 50 --count 1000 --seeds 0,1,2`,
    )
    .action(async (name: string, flags: Readonly<Record<string, unknown>> & Flags) => {
      const { rows, seeds, samples, count, out, data, ...rest } = parseSettings(
        settings,
        givenSettings(settings, flags),
      );
      const reproduction = findNamed("reproduce", "table", name, reproductions);
      const chosen = rows?.map((row) => findNamed("--rows", "row", row, reproduction.rows)) ?? reproduction.rows;
      const request: ReproductionRequest = {
        out: out ?? `runs/${reproduction.name}`,
        dataOptions: givenDataOptions(rest),
        training: givenSettings(training, rest),
        ...(data !== undefined && { data }),
        ...(samples !== undefined && { samples }),
        ...(count !== undefined && { count }),
      };
      const asked = { rows: chosen, seeds: seeds ?? reproduction.seeds, request, flags };
      process.exitCode = await unattended((signal) => reproduce(reproduction, asked, signal));
    });
}

async function reproduce(
  reproduction: Reproduction,
  asked: {
    readonly rows: readonly ReproductionRow[];
    readonly seeds: readonly number[];
    readonly request: ReproductionRequest;
    readonly flags: Flags;
  },
  signal: AbortSignal,
): Promise<true | undefined> {
  const { rows, seeds, request, flags } = asked;
  const done: ReproducedRow[] = [];
  for (const row of rows) {
    const measured = [];
    for (const seed of seeds) {
      printAside(`${row.title}, seed ${seed}`);
      const ours = await follow(
        reproduceRow(reproduction, row, seed, { ...request, onLoadProgress: loadProgress() }, signal),
      );
      if (!ours) return undefined;
      measured.push(ours);
      if (flags.json) printJson({ event: "row", row: row.name, seed, theirs: row.theirs, ours });
    }
    done.push({ row, measured });
  }
  if (!flags.json) print(described(reproduction, done, request, flags.markdown ? markdownTable : table));
  const paths = rows.map((row) => rowFolder(request.out, row, seeds[0]!));
  if (reproduction.figure === "codes") {
    const file = join(request.out, "codes.png");
    await writePng(file, await codesBeside(paths));
    printAside(`codes of test examples by class, ${rows.map(({ title }) => title).join(" | ")}: ${file}`);
  }
  const samples = await samplesBeside(paths);
  if (samples) {
    const file = join(request.out, "samples.png");
    await writePng(file, gridRaster(samples));
    printAside(`samples of each row: ${file}`);
  }
  return true;
}

function described(
  reproduction: Reproduction,
  rows: readonly ReproducedRow[],
  request: ReproductionRequest,
  show: (rows: readonly (readonly string[])[]) => string,
): string {
  const { title, paper, samples, ratios, differences } = reproduction;
  const seeds = Math.max(...rows.map(({ measured }) => measured.length));
  const of = [
    ...(samples === undefined ? [] : [`${request.samples ?? samples} importance samples`]),
    ...(seeds > 1 ? [`medians over ${seeds} seeds`] : []),
  ];
  const ranks = ratios && rows.length > 1 ? rankAgreement(reproduction, rows) : [];
  return [
    [`${title} (${paper})`, ...of].join("; "),
    show(reproductionCells(reproduction, rows)),
    ...(ranks.length > 0 ? [`Pairs of rows in the paper's order: ${ranks.join(", ")}`] : []),
    `Differences from the paper:\n${[...differences, ...overridden(request)].map((d) => `- ${d}`).join("\n")}`,
  ].join("\n\n");
}

/** Given options that override the table's settings, other than the device. */
function overridden({ training: given, dataOptions, samples, count }: ReproductionRequest): string[] {
  const { device: _, threads: __, ...rest } = given;
  const changed = Object.entries({ ...rest, ...dataOptions, samples, count }).filter(
    ([, value]) => value !== undefined,
  );
  return changed.length === 0
    ? []
    : [`overridden by options: ${changed.map(([name, v]) => `${name} ${settingText(v)}`).join(", ")}`];
}
