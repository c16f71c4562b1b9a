/** What a training step takes from an objective: its parameters checked, its gradients, and what it may report. */
import { ConfigError } from "../errors.ts";
import { grad } from "../graph/grad.ts";
import { formatType } from "../graph/shape.ts";
import { scalarValue, type Tensor, type Variable } from "../graph/tensor.ts";
import type { Objective } from "../models/model.ts";
import { add, sqrt, square } from "../ops/arithmetic.ts";
import { sum } from "../ops/reduction.ts";
import type { Slotted } from "./optimizer-pass.ts";

/** An objective with the next values of the state that its layers change (running statistics, codebooks). */
export interface StepObjective extends Objective {
  readonly updates?: ReadonlyMap<Variable, Tensor>;
}

/** Throws ConfigError where an objective's parameters cannot be optimized as it says. */
export function checkParameters({ name, parameters, updates }: StepObjective, known: ReadonlySet<Variable>): void {
  if (parameters.size === 0)
    throw new ConfigError(`step: objective ${name} has no parameters, got none, expected at least one to optimize`);
  for (const [path, parameter] of parameters) {
    if (parameter.dtype !== "float32")
      throw new ConfigError(`step: ${path} cannot be optimized, got ${formatType(parameter)}, expected float32`);
    if (!known.has(parameter))
      throw new ConfigError(
        `step: ${path} of objective ${name} has no initial value, got a variable that is not the model's, expected one of its own`,
      );
    if (updates?.has(parameter))
      throw new ConfigError(
        `step: objective ${name} changes ${path} twice, got it both optimized and updated, expected one of the two`,
      );
  }
}

/** Gradients of the objective's loss. Throws UnsupportedOpError where an op has none, ConfigError where all are zero. */
export function gradientsOf({ name, loss }: Objective, parameters: readonly Slotted[]): Tensor[] {
  const gradients = grad(
    loss,
    parameters.map((p) => p.parameter),
  );
  const isZero = (t: Tensor): boolean => scalarValue(t.op.name === "BroadcastTo" ? t.inputs[0]! : t) === 0;
  if (gradients.every(isZero))
    throw new ConfigError(
      `step: objective ${name} cannot learn, got a loss without a gradient in any of its parameters, ` +
        "expected one that depends on them other than through integers, bools or stopGradient",
    );
  return gradients;
}

/** The scalars an objective may report, by name, the Euclidean norm of its gradients among them. */
export function metricOutputs(objective: Objective, gradients: readonly Tensor[]): Map<string, Tensor> {
  const squares = gradients.map((g) => sum(square(g))).reduce((a, b) => add(a, b));
  return new Map([
    [objective.name, objective.loss],
    ...Object.entries(objective.metrics),
    ["gradientNorm", sqrt(squares)],
  ]);
}
