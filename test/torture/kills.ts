/** Training killed at random instants and resumed until it is done: its bytes are those of a run that nothing stopped. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { stream } from "../../src/random/streams.ts";
import type { Installed } from "../e2e/install.ts";
import { TrainedAlike, type TrainingName } from "./trained-alike.ts";

export interface KillRequest {
  readonly training: TrainingName;
  readonly kills: number;
  readonly seed: number;
  readonly steps: number;
  /** Date.now() after which nothing is killed any more. */
  readonly until: number;
}

export interface KillResult {
  readonly kills: number;
  /** Runs that came to their end. */
  readonly finished: number;
  readonly findings: readonly string[];
}

export async function killedRuns(
  latentkit: Installed,
  { training, kills, seed, steps, until }: KillRequest,
): Promise<KillResult> {
  const alike = new TrainedAlike(latentkit, steps, training);
  await alike.train();
  const random = stream(seed, "kills");
  const findings: string[] = [];
  const out = join(latentkit.folder, "killed");
  let [killed, finished] = [0, 0];
  while ((killed < kills && Date.now() < until) || finished === 0) {
    const child = alike.start(out);
    // The last run is let finish.
    const afterMs = killed < kills ? random.uniform() * 1.2 * alike.durationMs : Infinity;
    const ended = child.finished.then((done) => ({ done }));
    const first = await Promise.race([ended, ...(afterMs < Infinity ? [setTimeout(afterMs)] : [])]);
    if (!first) {
      child.kill("SIGKILL");
      await child.finished;
      killed += 1;
      continue;
    }
    finished += 1;
    const problem = alike.problemOf(out, first.done);
    if (problem !== undefined) findings.push(`${training}, kill ${killed}, --seed ${seed}: ${problem}`);
    rmSync(out, { recursive: true, force: true });
  }
  return { kills: killed, finished, findings };
}
