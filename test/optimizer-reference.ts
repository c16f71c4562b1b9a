import { evaluate } from "../src/graph/evaluate.ts";
import { Input } from "../src/graph/tensor.ts";
import { type Value, value } from "../src/graph/value.ts";
import "../src/ops/index.ts";
import type { Optimizer } from "../src/optim/optimizer.ts";

export interface Stepped {
  readonly parameter: Float64Array;
  readonly slots: Readonly<Record<string, Float64Array>>;
}

/** An optimizer's expressions evaluated in float64, one step for each gradient given, from the first step on. */
export function stepReference(
  optimizer: Optimizer,
  start: ArrayLike<number>,
  gradients: readonly ArrayLike<number>[],
  { decays = true, norms = [] }: { readonly decays?: boolean; readonly norms?: readonly number[] } = {},
): Stepped {
  const shape = [start.length];
  const array = (name: string): Input => new Input(name, shape, "float64");
  const parameter = array("parameter");
  const gradient = array("gradient");
  const slotNames = Object.keys(optimizer.slots);
  const slots = Object.fromEntries(slotNames.map((name) => [name, array(name)]));
  const scalarsAt = (i: number): Record<string, number> => ({
    ...optimizer.scalars({ step: i + 1, updates: i + 1, decays }),
    gradientNorm: norms[i] ?? 0,
  });
  const scalars = Object.fromEntries(Object.keys(scalarsAt(0)).map((name) => [name, new Input(name, [], "float64")]));
  const next = optimizer.update({ parameter, gradient, slots, scalars });
  const held = (data: ArrayLike<number>): Value => value("float64", shape, data);

  let state = [
    held(start),
    ...Object.values(optimizer.slots).map(({ initial }) =>
      held(initial === "parameter" ? start : Array.from(start, () => 0)),
    ),
  ];
  gradients.forEach((g, i) => {
    const leaves = new Map([
      [parameter, state[0]!],
      [gradient, held(g)],
      ...slotNames.map((name, k) => [slots[name]!, state[k + 1]!] as const),
      ...Object.entries(scalarsAt(i)).map(([name, v]) => [scalars[name]!, value("float64", [], [v])] as const),
    ]);
    state = evaluate([next.parameter, ...slotNames.map((name) => next.slots[name]!)], leaves);
  });
  return {
    parameter: state[0]!.data,
    slots: Object.fromEntries(slotNames.map((name, k) => [name, state[k + 1]!.data])),
  };
}

/** Five gradients of four elements for comparisons with other libraries: sin(1 + 3 t + i) (i + 1) / 2. */
export const sineGradients: readonly (readonly number[])[] = Array.from({ length: 5 }, (_, t) =>
  Array.from({ length: 4 }, (_, i) => (Math.sin(1 + 3 * t + i) * (i + 1)) / 2),
);
/** The parameter those comparisons start from. */
export const sineStart: readonly number[] = [0.5, -1.2, 2, 0.03];

/** float64 keeps 53 bits; two ways to write one update differ by a few roundings. */
export const float64Digits = 13;
