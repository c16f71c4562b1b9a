import { ConfigError } from "../../errors.ts";
import { findMetric } from "../../evaluation/metrics/index.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import { type AnySampler, samplerOf } from "../../models/sampler.ts";
import type { TrainingSettings } from "../../training/settings.ts";
import { loadRun } from "../load-run.ts";
import type { Platform } from "../platform.ts";
import { folderName } from "./compare-runs.ts";
import { type EvaluatedResult, evaluatedRun, type EvaluatingEvent } from "./evaluated-run.ts";
import type { EvaluationRequest } from "../evaluate-run.ts";

/** Quality of samples against the passes of the network that a sample takes. */
export interface SolverSweep {
  /** Folders of runs. */
  readonly runs: readonly string[];
  /** Passes at most, each a point of every line. */
  readonly passes: readonly number[];
  /** By default those that suit each run. */
  readonly solvers?: readonly string[] | undefined;
  /** A metric of generated examples, whose first value counts. */
  readonly metric: string;
  readonly measuring: Omit<EvaluationRequest, "metrics" | "priors" | "sampler" | "lacking">;
  readonly device: TrainingSettings["device"];
  readonly threads: number;
}

export interface SolverPoint {
  readonly run: string;
  readonly solver: string;
  readonly steps: number;
  readonly passes: number;
  readonly result: EvaluatedResult;
}

/**
 * The value of a metric for each run, solver and number of passes: of a solver with several passes a step, the most steps that fit. Values are kept in
 * the runs' folders. An aborted `signal` returns undefined. Throws ConfigError for a run that samples in one way only, and for an unknown solver.
 */
export async function* solverSweep(
  { runs, passes, solvers, metric, measuring, device: name, threads }: SolverSweep,
  platform: Platform,
  signal?: AbortSignal,
): AsyncGenerator<
  { readonly kind: "run"; readonly label: string } | EvaluatingEvent,
  readonly SolverPoint[] | undefined
> {
  const { device } = await platform.pickDevice(name, threads);
  const { name: wanted } = findMetric(metric);
  const points: SolverPoint[] = [];
  for (const run of runs) {
    const loaded = await loadRun(run, device, platform);
    const sampler = samplerOf(loaded.trained.model);
    if (!sampler?.solvers || !sampler.passes)
      throw new ConfigError(
        `${run}: its model has no choice of solvers, got ${loaded.run.info.model}, expected diffusion`,
      );
    const { store } = loaded.run;
    await store.makeFolder("solvers");
    for (const solver of solvers ?? sampler.solvers) {
      for (const { steps, passes: taken } of stepsFor(sampler, solver, passes)) {
        if (signal?.aborted) return undefined;
        yield { kind: "run", label: `${run}: ${solver}, ${taken} ${taken === 1 ? "pass" : "passes"}` };
        const file = `solvers/${wanted}-${folderName(solver)}-${steps}.json`;
        const { results, failed } = yield* evaluatedRun({ store, file }, loaded, {
          ...measuring,
          metrics: [wanted],
          priors: [ownPrior],
          sampler: { solver, steps },
        });
        const result = results.find((one) => one.metric === wanted);
        if (!result)
          throw new ConfigError(
            `${run}: no ${wanted}, got ${failed[wanted] ?? "no value"}, expected a metric of its samples`,
          );
        points.push({ run, solver, steps, passes: taken, result });
      }
    }
    await loaded.trained.release();
  }
  return points;
}

/** For each number of passes the most steps of a solver that take no more, each once. Throws ConfigError where the sampler refuses the solver. */
function stepsFor(
  sampler: AnySampler,
  solver: string,
  most: readonly number[],
): readonly { readonly steps: number; readonly passes: number }[] {
  const passesOf = (steps: number): number => {
    const given = sampler.options.safeParse({ solver, steps });
    if (!given.success)
      throw new ConfigError(
        `--solvers: unknown solver, got ${solver}, expected some of ${sampler.solvers!.join(", ")}`,
      );
    const taken = sampler.passes!(given.data);
    if (taken === undefined)
      throw new ConfigError(
        `--solvers: its passes are its own, got ${solver}, expected some of ${sampler.solvers!.join(", ")}`,
      );
    return taken;
  };
  const steps = new Set(
    most.map((limit) => {
      const [first, second] = [passesOf(1), passesOf(2)];
      return Math.max(1, 1 + Math.floor((limit - first) / (second - first)));
    }),
  );
  return [...steps].map((count) => ({ steps: count, passes: passesOf(count) }));
}
