import { Input } from "../../src/graph/tensor.ts";
import { MLP } from "../../src/nn/mlp.ts";
import { variables } from "../../src/nn/module.ts";
import { mean, square, sub } from "../../src/ops/index.ts";
import { adam, trackEma, clipByNorm } from "../../src/optim/index.ts";
import { stream } from "../../src/random/index.ts";
import type { Device } from "../../src/runtime/device.ts";
import { TrainingStep } from "../../src/training/step.ts";

export interface Trained {
  /** Losses of each step's batch before the step, where metrics were asked for. */
  readonly losses: readonly number[];
  /** Weights and everything the optimizer keeps, by name, as numbers. */
  readonly state: Readonly<Record<string, readonly number[]>>;
}

/** y = sin(x0) x1 from 64 points a step, by an MLP with clipped and averaged Adam: a whole training run of `steps` steps. */
export async function trainRegression(
  device: Device,
  { steps = 20, metrics = true }: { readonly steps?: number; readonly metrics?: boolean } = {},
): Promise<Trained> {
  const network = new MLP([2, 37, 19, 1], { activation: "tanh" });
  const x = new Input("x", [64, 2]);
  const y = new Input("y", [64, 1]);
  const loss = mean(square(sub(network.apply(x), y)));
  const step = new TrainingStep({
    device,
    variables: variables(network),
    objectives: [{ name: "loss", loss, parameters: variables(network), metrics: {} }],
    optimizer: trackEma(clipByNorm(adam({ learningRate: 0.01 }), 0.5), 0.9),
  });
  await step.initialize(1);
  const points = stream(2, "points");
  const losses: number[] = [];
  for (let n = 1; n <= steps; n++) {
    const given = Float32Array.from({ length: 128 }, () => 4 * points.uniform() - 2);
    const wanted = Float32Array.from({ length: 64 }, (_, i) => Math.sin(given[2 * i]!) * given[2 * i + 1]!);
    const found = await step.run({ inputs: { x: given, y: wanted }, seed: 0, step: n, metrics });
    if (metrics) losses.push(found["loss"]!);
  }
  const state: Record<string, readonly number[]> = {};
  for (const [name, v] of [...step.variables, ...step.optimizerVariables])
    state[name] = Array.from((await step.store.read(v)) as Float32Array);
  await step.release();
  return { losses, state };
}
