import { UnsupportedOpError } from "../../src/errors.ts";
import { type DType, evaluate, type Tensor, type Value } from "../../src/graph/index.ts";
import { toOnnx } from "../../src/onnx/emit.ts";
import { compute } from "../../src/runtime/compute.ts";
import type { Device } from "../../src/runtime/device.ts";
import { disagreement, looser, tolerance } from "./agreement.ts";
import { cases } from "./cases.ts";
import { type Built, buildCase } from "./op-case.ts";

/** Null: agrees with the reference. A string: what is wrong. `refused`: the op declines the dtype by name. */
export type Outcome = string | null | { readonly refused: string };

export const everyCase = (order: 0 | 1 | 2, dtype: DType = "float32"): Built[] =>
  Object.entries(cases).flatMap(([op, rules]) => rules.cases.map((c) => buildCase(op, rules, c, order, dtype)));

const rootsOf = (b: Built): readonly Tensor[] => [...b.values, ...b.gradients, ...b.secondGradients];

/** Case after case against the float64 reference, many to a session, since making one is what takes time. */
export async function runOnDevice(
  device: Device,
  built: readonly Built[],
  perSession: number,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const accepted = built.filter((b) => {
    const refused = refusal(device, b);
    if (refused !== null) outcomes.set(b.id, refused);
    return refused === null;
  });
  for (let i = 0; i < accepted.length; i += perSession)
    await runTogether(device, accepted.slice(i, i + perSession), outcomes);
  return outcomes;
}

function refusal(device: Device, b: Built): Outcome {
  try {
    const inputs = new Map([...b.leaves.keys()].map((t, i) => [t, `x${i}`]));
    const outputs = new Map(rootsOf(b).map((t, i) => [`y${i}`, t]));
    toOnnx({ inputs, outputs, target: device.target });
    return null;
  } catch (error) {
    if (error instanceof UnsupportedOpError) return { refused: error.message };
    return String(error);
  }
}

async function runTogether(device: Device, group: readonly Built[], outcomes: Map<string, Outcome>): Promise<void> {
  let got: Value[];
  try {
    const leaves = new Map(group.flatMap((b) => [...b.leaves]));
    got = await compute(device, group.flatMap(rootsOf), leaves);
  } catch (error) {
    const [only] = group;
    if (group.length === 1 && only) outcomes.set(only.id, String(error));
    else {
      // One case spoils the whole session: halve until it is alone.
      const half = Math.ceil(group.length / 2);
      await runTogether(device, group.slice(0, half), outcomes);
      await runTogether(device, group.slice(half), outcomes);
    }
    return;
  }
  let at = 0;
  for (const b of group) outcomes.set(b.id, compare(device, b, got.slice(at, (at += rootsOf(b).length))));
}

function compare(device: Device, b: Built, got: readonly Value[]): string | null {
  const roots = rootsOf(b);
  const expected = evaluate(roots, b.leaves);
  const label = (i: number): string =>
    i < b.values.length
      ? `value ${i}`
      : `gradient ${(i - b.values.length) % b.wrt.length}${i >= b.values.length + b.gradients.length ? " of the squared gradient" : ""}`;
  for (const [i, root] of roots.entries()) {
    const usual =
      root.dtype === "float64"
        ? tolerance.float64
        : i < b.values.length
          ? tolerance.float32
          : tolerance.float32Gradient;
    const allowed = looser[device.name]?.[b.op] ?? usual;
    const wrong = disagreement(label(i), got[i]!, root, expected[i]!, allowed);
    if (wrong !== null) return wrong;
  }
  return null;
}
