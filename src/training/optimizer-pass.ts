import { Input, type Variable } from "../graph/tensor.ts";
import { type Optimizer, scalarNames, type UpdatePoint } from "../optim/optimizer.ts";
import type { HostArray } from "../runtime/host-array.ts";
import type { HostVariables } from "../runtime/variables.ts";
import { compileElementwise } from "../wasm/elementwise.ts";

/** One parameter with its gradient and its optimizer's slots. */
export interface Slotted {
  readonly parameter: Variable;
  readonly gradient: Variable;
  readonly slots: Readonly<Record<string, Variable>>;
}

/** Weight decay is for matrices and kernels; biases and scales keep their size. */
export const decays = (parameter: Variable): boolean => parameter.rank >= 2;

/**
 * The optimizer's expression as one WebAssembly pass over flat state, in place. Parameters that lie side by side, in the
 * same order in every block, are walked together.
 */
export function optimizerPass(
  optimizer: Optimizer,
  parameters: readonly Slotted[],
  store: HostVariables,
): (at: Omit<UpdatePoint, "decays">, gradientNorm?: number) => void {
  const placeholder = (name: string): Input => new Input(name, [4]);
  const names = [...scalarNames(optimizer), ...(optimizer.needsGradientNorm ? ["gradientNorm"] : [])];
  const slotNames = Object.keys(optimizer.slots);
  const parameter = placeholder("parameter");
  const gradient = placeholder("gradient");
  const slots = Object.fromEntries(slotNames.map((name) => [name, placeholder(name)]));
  const scalars = Object.fromEntries(names.map((name) => [name, new Input(name, [])]));
  const next = optimizer.update({ parameter, gradient, slots, scalars });
  const loop = compileElementwise({
    arrays: [parameter, gradient, ...Object.values(slots)],
    scalars: Object.values(scalars),
    stores: new Map([
      [parameter, next.parameter],
      ...slotNames.map((name) => [slots[name]!, next.slots[name]!] as const),
    ]),
  })(store.memory);

  interface Range {
    readonly addresses: readonly number[];
    readonly decays: boolean;
    bytes: number;
  }
  const ranges: Range[] = [];
  for (const p of parameters) {
    const addresses = [p.parameter, p.gradient, ...slotNames.map((name) => p.slots[name]!)].map((v) =>
      store.address(v),
    );
    const bytes = store.extent(p.parameter);
    const last = ranges.at(-1);
    if (last && last.decays === decays(p.parameter) && addresses.every((a, i) => a === last.addresses[i]! + last.bytes))
      last.bytes += bytes;
    else ranges.push({ addresses, bytes, decays: decays(p.parameter) });
  }
  return (at, gradientNorm = 0) => {
    for (const range of ranges) {
      const numbers: Record<string, number> = { ...optimizer.scalars({ ...at, decays: range.decays }), gradientNorm };
      loop(
        range.addresses,
        names.map((name) => numbers[name]!),
        range.bytes,
      );
    }
  };
}

/** The optimizer's numbers of an update, as inputs of the graph. */
export const scalarInputs = (optimizer: Optimizer, at: Omit<UpdatePoint, "decays">): Record<string, HostArray> =>
  Object.fromEntries(
    [true, false].flatMap((decays) =>
      Object.entries(optimizer.scalars({ ...at, decays })).map(([name, v]) => [
        scalarName(name, decays),
        Float32Array.of(v),
      ]),
    ),
  );

export const scalarName = (name: string, decaying: boolean): string => `optimizer.${name}${decaying ? "" : ".plain"}`;
