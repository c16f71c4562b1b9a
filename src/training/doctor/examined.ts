import { sizeOf } from "../../graph/shape.ts";
import { Input, type Tensor, type Variable } from "../../graph/tensor.ts";
import type { HostArray } from "../../runtime/host-array.ts";
import { Program } from "../../runtime/program.ts";
import type { VariableStore } from "../../runtime/variables.ts";

/** The weights of a model, and examples x, [count, ...shape], that the doctor looks at with them. */
export interface Examined {
  readonly store: VariableStore;
  readonly x: Float32Array;
  readonly shape: readonly number[];
  /** Read in place of the parameters they average. */
  readonly emaWeights?: ReadonlyMap<Variable, Variable>;
}

/** The input that the examples are given to. */
export const examinedInput = ({ x, shape }: Pick<Examined, "x" | "shape">): Input =>
  new Input("x", [x.length / sizeOf(shape), ...shape]);

/** Outputs, by name, of a graph over `examinedInput`. */
export async function examine(
  outputs: ReadonlyMap<string, Tensor>,
  { store, x, emaWeights }: Examined,
): Promise<Readonly<Record<string, HostArray>>> {
  const program = new Program(store, { name: "doctor", outputs, ...(emaWeights && { emaWeights }) });
  try {
    return await program.run({ inputs: { x }, outputs: [...outputs.keys()] });
  } finally {
    await program.release();
  }
}
