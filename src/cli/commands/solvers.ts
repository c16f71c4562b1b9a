import { basename, join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { splitNames } from "../../data/split.ts";
import { findMetric } from "../../evaluation/metrics/index.ts";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { solverSweep } from "../../node/studies.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import { classColors } from "../../pictures/scatter-chart.ts";
import type { SolverPoint } from "../../runs/studies/solver-sweep.ts";
import { givenTraining } from "../options/training-overrides.ts";
import { addSettings, givenSettings, parseSettings } from "../options/settings.ts";
import { metricText } from "../output/progress.ts";
import { markdownTable, table } from "../output/table.ts";
import { follow, unattended } from "../follow-runs.ts";
import { print, printJson } from "../output/terminal.ts";

const settings = z.strictObject({
  metric: z.string().default("frechet").describe("metric of samples: see latentkit metrics list"),
  passes: z
    .array(z.int().positive().max(10_000))
    .min(1)
    .default([1, 2, 4, 8, 16, 32, 64, 128])
    .describe("passes of the network that a sample takes, at most"),
  solvers: z.array(z.string()).min(1).optional().describe("solvers (default: those that suit the model)"),
  generated: z.int().positive().max(10_000_000).default(2000).describe("number of generated examples for each value"),
  split: z.enum(splitNames).default("test").describe("split"),
  count: z.int().positive().optional().describe("number of examples, drawn at random (default: all)"),
  extractor: z.string().optional().describe("feature extractor: see latentkit evaluate"),
  out: z.string().min(1).max(1000).optional().describe("picture to write (default: solvers.svg in the first run)"),
  seed: z.int().min(0).default(0).describe("random seed"),
  ...givenTraining.pick({ device: true, threads: true }).shape,
});

export function define(command: Command): void {
  addSettings(command.argument("<run...>", "folders of diffusion runs"), settings)
    .option("--json", "print one JSON object")
    .option("--markdown", "print the table as Markdown")
    .addHelpText(
      "after",
      `
How many passes of its network a diffusion model needs, and with which solver: a metric of samples for each, as a table and a
picture. Several runs are compared, such as one of process=consistency, which samples in one or two passes, with another. Finished
values are kept: stop with Ctrl-C, and run the same command again to resume.

Examples:
  latentkit solvers runs/diffusion-mnist-1
  latentkit solvers runs/diffusion-mnist-1 runs/consistency-mnist-1 --passes 1,2,4,8,16 --metric kid`,
    )
    .action(async (runs: readonly string[], flags: { readonly json?: boolean; readonly markdown?: boolean }) => {
      const asked = parseSettings(settings, givenSettings(settings, flags));
      const { metric, passes, solvers, out = join(runs[0]!, "solvers.svg"), device = "auto", threads = 0 } = asked;
      const { generated, split, seed, count, extractor } = asked;
      const request = {
        runs,
        passes,
        solvers,
        metric: findMetric(metric).name,
        measuring: {
          generated,
          split,
          seed,
          ...(count !== undefined && { count }),
          ...(extractor !== undefined && { extractor }),
        },
        device,
        threads,
      };
      process.exitCode = await unattended(async (signal) => {
        const points = await follow(solverSweep(request, signal));
        if (!points) return undefined;
        const lines = linesOf(points, runs.length > 1);
        const { name, of } = points[0]!.result;
        const title = `${name}${of === undefined || of === "own" ? "" : ` (${of})`}`;
        await writeFileAtomic(out, chartOf(title, lines));
        if (flags.json) printJson({ metric: request.metric, points, picture: out });
        else print(`${(flags.markdown ? markdownTable : table)(rowsOf(lines))}\n\n${title}: ${out}`);
        return true;
      });
    });
}

interface Line {
  readonly name: string;
  readonly points: readonly SolverPoint[];
}

/** Points by solver, and by run where there are several. */
function linesOf(points: readonly SolverPoint[], several: boolean): readonly Line[] {
  const nameOf = ({ run, solver }: SolverPoint): string => (several ? `${basename(run)} ${solver}` : solver);
  return [...new Set(points.map(nameOf))].map((name) => ({
    name,
    points: points.filter((point) => nameOf(point) === name).toSorted((a, b) => a.passes - b.passes),
  }));
}

/** A row for each number of passes, a column for each line. */
function rowsOf(lines: readonly Line[]): readonly (readonly string[])[] {
  const passes = [...new Set(lines.flatMap(({ points }) => points.map((point) => point.passes)))];
  const cell = (points: readonly SolverPoint[], count: number): string => {
    const point = points.find((one) => one.passes === count);
    return point ? metricText(point.result.value) : "";
  };
  return [
    ["passes", ...lines.map(({ name }) => name)],
    ...passes
      .toSorted((a, b) => a - b)
      .map((count) => [String(count)].concat(lines.map(({ points }) => cell(points, count)))),
  ];
}

const chartOf = (title: string, lines: readonly Line[]): string =>
  lineChart({
    title,
    xLabel: "passes of the network",
    logarithmic: { x: true, y: true },
    width: 640,
    height: 400,
    series: lines.map(({ name, points }, i) => ({
      name,
      color: classColors[i % classColors.length]!,
      points: points.map((point) => [point.passes, point.result.value] as const),
    })),
  });
