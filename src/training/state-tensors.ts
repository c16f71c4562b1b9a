import { UnsupportedOpError } from "../errors.ts";
import { formatType } from "../graph/shape.ts";
import type { Variable } from "../graph/tensor.ts";
import type { HostArray } from "../runtime/host-array.ts";
import type { VariableStore } from "../runtime/variables.ts";
import type { TensorSpecs } from "./checkpoint.ts";
import type { SafetensorsTensor } from "../serialization/safetensors.ts";
import type { TrainingStep } from "./step.ts";

const dtypes = { float32: "F32", float64: "F64", int64: "I64", bool: "BOOL" } as const;

/** What the average of a parameter is called among a checkpoint's weights. */
export const averagedName = (parameter: string): string => `ema.${parameter}`;

/** What a checkpoint of a training step holds: the model's variables with their averages, and the optimizer's other ones. */
export function checkpointVariables(step: TrainingStep): {
  readonly weights: ReadonlyMap<string, Variable>;
  readonly optimizer: ReadonlyMap<string, Variable>;
} {
  const averages = step.emaWeights();
  const weights = new Map(step.variables);
  for (const [name, v] of step.variables) {
    const average = averages.get(v);
    if (average) weights.set(averagedName(name), average);
  }
  const inWeights = new Set(weights.values());
  return { weights, optimizer: new Map([...step.optimizerVariables].filter(([, v]) => !inWeights.has(v))) };
}

/** What a checkpoint of these variables holds. */
export const tensorSpecs = (variables: ReadonlyMap<string, Variable>): TensorSpecs =>
  new Map([...variables].map(([name, v]) => [name, { dtype: dtypes[v.dtype], shape: v.shape }]));

/** Copies of the current values, by name. */
export async function readTensors(
  store: VariableStore,
  variables: ReadonlyMap<string, Variable>,
): Promise<Map<string, SafetensorsTensor>> {
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, v] of variables) tensors.set(name, asTensor(v, await store.read(v)));
  return tensors;
}

/** Puts loaded values in place; names, dtypes and shapes were checked when they were loaded. */
export async function writeTensors(
  store: VariableStore,
  variables: ReadonlyMap<string, Variable>,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): Promise<void> {
  for (const [name, v] of variables) {
    const { data } = tensors.get(name)!;
    if (data instanceof Int32Array || data instanceof Uint32Array)
      throw new UnsupportedOpError(
        `checkpoint: ${name} is of 32-bit integers, got them for ${formatType(v)}, expected its dtype`,
      );
    await store.write(v, data);
  }
}

/** The first variable with a value that is not finite, by name, or undefined. */
export function firstNonFinite(tensors: ReadonlyMap<string, SafetensorsTensor>): string | undefined {
  for (const [name, { data }] of tensors)
    // NaN and the infinities are the only numbers whose difference from themselves is not 0.
    if (!(data instanceof BigInt64Array) && data.some((v: number) => v - v !== 0)) return name;
  return undefined;
}

function asTensor({ dtype, shape }: Variable, data: HostArray): SafetensorsTensor {
  if (dtype === "float32" && data instanceof Float32Array) return { dtype: "F32", shape, data };
  if (dtype === "float64" && data instanceof Float64Array) return { dtype: "F64", shape, data };
  if (dtype === "int64" && data instanceof BigInt64Array) return { dtype: "I64", shape, data };
  if (dtype === "bool" && data instanceof Uint8Array) return { dtype: "BOOL", shape, data };
  throw new TypeError(`a variable of ${dtype} holds ${data.constructor.name}`);
}
