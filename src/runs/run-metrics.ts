import type { Run } from "./run.ts";

export type Metrics = Readonly<Record<string, number>>;

/** A run's metrics: training's averaged over its last epoch, validation's of the weights kept, and the test's at its end. */
export interface RunMetrics {
  readonly train: Metrics;
  readonly validation: Metrics;
  readonly test: Metrics;
}

/** Reads them from the run's record, which also holds what earlier processes measured. */
export async function readRunMetrics(
  run: Run,
  {
    end,
    weights,
    stepsPerEpoch,
  }: {
    /** The run's last step. */
    readonly end: number;
    /** Optimizer steps of the weights that the run is evaluated with. */
    readonly weights: number;
    readonly stepsPerEpoch: number;
  },
): Promise<RunMetrics> {
  let recent: { readonly step: number; readonly metrics: Metrics }[] = [];
  const last: Record<"validation" | "test", Metrics> = { validation: {}, test: {} };
  for await (const { split, step, metrics } of run.metrics()) {
    if (split === "train") recent = [...recent.filter((r) => r.step > step - stepsPerEpoch), { step, metrics }];
    else if (split === "validation" ? step <= weights : step === end) last[split] = metrics;
  }
  return { train: meanOf(recent.map(({ metrics }) => metrics)), ...last };
}

function meanOf(rows: readonly Metrics[]): Metrics {
  const names = Object.keys(rows.at(-1) ?? {});
  return Object.fromEntries(
    names.map((name) => [name, rows.reduce((sum, row) => sum + (row[name] ?? Number.NaN), 0) / rows.length]),
  );
}
