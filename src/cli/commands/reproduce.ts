import type { Command } from "commander";
import { z } from "zod";
import { findNamed } from "../../nearest-name.ts";
import { type MeasuredRow, type ReproductionRequest, reproduceRow } from "../../node/reproduce-row.ts";
import { type Reproduction, type ReproductionRow, reproductions } from "../../reproductions/index.ts";
import { trainingSettings } from "../../training/settings.ts";
import { durationText, Progress } from "../progress.ts";
import { addSettings, givenSettings, parseSettings } from "../settings.ts";
import { table } from "../table.ts";

const { epochs, batchSize, learningRate, device, threads } = trainingSettings.shape;
const training = z.strictObject({
  epochs,
  batchSize: batchSize.unwrap().optional(),
  learningRate: learningRate.unwrap().optional(),
  device: device.unwrap().optional(),
  threads: threads.unwrap().optional(),
});
const settings = z.strictObject({
  data: z.string().min(1).max(1000).describe("what to learn from: the table's own data"),
  out: z.string().min(1).max(1000).optional().describe("folder of the runs (default runs/TABLE)"),
  rows: z.array(z.string()).min(1).optional().describe("rows to run, by name; all when not given"),
  ...training.shape,
  validation: z.number().positive().optional().describe("examples held out for validation (default: a tenth)"),
  samples: z.int().positive().max(1_000_000).optional().describe("draws of z an example for the likelihood"),
  count: z.int().positive().optional().describe("the first so many test examples; all when not given"),
  seed: z.int().min(0).default(0).describe("of first weights, order and noise"),
});

const interrupted = 130;

export function define(command: Command): void {
  const names = reproductions.map(({ name }) => name).join(", ");
  addSettings(command.argument("<table>", `one of ${names}`), settings)
    .option("--json", "print JSON, one object a line")
    .addHelpText(
      "after",
      `
Each row is a run of its own in --out. What is done is kept: stop with Ctrl-C, and say the same again to go on.

Examples:
  latentkit reproduce iwae-table-1 --data path/to/mnist --rows vae-1
  latentkit reproduce iwae-table-1 --data path/to/mnist --epochs 50 --count 1000`,
    )
    .action(async (name: string, flags: Readonly<Record<string, unknown>> & { readonly json?: boolean }) => {
      const { rows, samples, count, validation, out, data, seed, ...trainingFlags } = parseSettings(
        settings,
        givenSettings(settings, flags),
      );
      const reproduction = findNamed("reproduce", "table", name, reproductions);
      const chosen = rows?.map((row) => findNamed("--rows", "row", row, reproduction.rows)) ?? reproduction.rows;
      const request: ReproductionRequest = {
        out: out ?? `runs/${reproduction.name}`,
        data,
        seed,
        training: trainingFlags,
        samples: samples ?? reproduction.samples,
        ...(count !== undefined && { count }),
        ...(validation !== undefined && { validation }),
      };
      process.exitCode = await reproduce(reproduction, chosen, request, flags.json ?? false);
    });
}

async function reproduce(
  reproduction: Reproduction,
  rows: readonly ReproductionRow[],
  request: ReproductionRequest,
  json: boolean,
): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(interrupted);
    stop.abort();
    process.stderr.write("stopping after this step; press Ctrl-C again to stop at once\n");
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const measured: MeasuredRow[] = [];
  try {
    for (const row of rows) {
      process.stderr.write(`${row.title}\n`);
      const figures = await runRow(reproduction, row, request, stop.signal);
      if (!figures) {
        process.stderr.write("stopped; say the same again to go on\n");
        return interrupted;
      }
      measured.push(figures);
      if (json) console.log(JSON.stringify({ event: "row", row: row.name, theirs: row.theirs, ours: figures }));
    }
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
  if (!json) console.log(described(reproduction, rows, measured));
  return 0;
}

async function runRow(
  reproduction: Reproduction,
  row: ReproductionRow,
  request: ReproductionRequest,
  signal: AbortSignal,
): Promise<MeasuredRow | undefined> {
  const progress = reproduceRow(reproduction, row, request, signal);
  let bar: Progress | undefined;
  let shownMs = performance.now();
  let next = await progress.next();
  for (; !next.done; next = await progress.next()) {
    const { value } = next;
    if (value.kind === "training") {
      const { steps, from, stepsPerEpoch } = value.training;
      bar ??= new Progress({ totalSteps: steps, doneSteps: from, totalEpochs: Math.ceil(steps / stepsPerEpoch) });
      if (value.event.kind === "step") bar.step(value.event);
      else if (value.event.kind === "done") bar.finish();
    } else if (performance.now() - shownMs > 2000) {
      shownMs = performance.now();
      process.stderr.write(`likelihood of ${value.done} of ${value.examples} examples\n`);
    }
  }
  return next.value;
}

function described(
  { title, paper, samples, differences }: Reproduction,
  rows: readonly ReproductionRow[],
  measured: readonly MeasuredRow[],
): string {
  const lines = rows.map((row, i) => {
    const ours = measured[i]!;
    return [
      row.title,
      row.theirs.nll.toFixed(2),
      `${ours.nll.toFixed(2)} ± ${ours.standardError.toFixed(2)}`,
      row.theirs.activeUnits,
      `${ours.activeUnits ?? "-"}`,
      ours.negElbo.toFixed(2),
      `${ours.epochs}`,
      durationText(ours.trainingSeconds),
      `${ours.examples}`,
    ];
  });
  const head = ["", "nll", "ours", "active", "ours", "-elbo", "epochs", "training", "examples"];
  const from = `${title} (${paper}); nll in nats per example by ${measured[0]?.request.samples ?? samples} importance samples`;
  return [from, table([head, ...lines]), `Not as in the paper:\n${differences.map((d) => `- ${d}`).join("\n")}`].join(
    "\n\n",
  );
}
