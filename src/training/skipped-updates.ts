/** Updates that an optimizer skips, such as `skipAbove`: how many, and that the state which graphs change stays too. */
import type { Tensor, Variable } from "../graph/tensor.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { unlessSkipped } from "../optim/wrappers.ts";
import type { VariableStore } from "../runtime/variables.ts";
import type { StepObjective } from "./objective-graph.ts";

/** The metric, and the name of its count in checkpoints. */
export const SKIPPED = "skippedUpdates";
/** Metrics that each objective has of its own. */
export const ofObjective: ReadonlySet<string> = new Set(["gradientNorm", SKIPPED]);

/** Next values of running statistics and the like, which a skipped update leaves as they are. */
export function stateUpdates(
  { updates = new Map() }: Pick<StepObjective, "updates">,
  { skipsAbove }: Optimizer,
  gradientNorm: Tensor,
): ReadonlyMap<Variable, Tensor> {
  if (skipsAbove === undefined) return updates;
  return new Map([...updates].map(([v, next]) => [v, unlessSkipped(next, v, gradientNorm, skipsAbove)]));
}

/** Skipped updates of an objective so far, with one of gradients of this norm; undefined where its optimizer skips none. */
export async function countSkipped(
  store: VariableStore,
  { skipsAbove }: Optimizer,
  skipped: Variable | undefined,
  norm = Number.NaN,
): Promise<number | undefined> {
  if (!skipped || skipsAbove === undefined) return undefined;
  const [before] = (await store.read(skipped)) as Float32Array;
  if (norm <= skipsAbove) return before!;
  await store.write(skipped, Float32Array.of(before! + 1));
  return before! + 1;
}
