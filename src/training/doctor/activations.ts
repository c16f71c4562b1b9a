import type { Tensor } from "../../graph/tensor.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import type { Model } from "../../models/model.ts";
import { evaluation } from "../../nn/context.ts";
import { square } from "../../ops/arithmetic.ts";
import { mean } from "../../ops/reduction.ts";
import { examine, type Examined, examinedInput } from "./examined.ts";

/** The layer whose output is largest, in root mean square over examples. */
export interface LargestActivation {
  readonly rms: number;
  /** What the layer computes, and its output's shape. */
  readonly layer: string;
  /** Of the examples themselves. */
  readonly input: number;
}

const layers = new Set(["MatMul", "Conv", "ConvTranspose", "Gemm"]);

/** Among the layers on the way from examples x, [count, ...shape], to the model's validation metrics. Undefined where there are none. */
export async function largestActivation(model: Model, examined: Examined): Promise<LargestActivation | undefined> {
  if (!model.validation) return undefined;
  const input = examinedInput(examined);
  const roots = Object.values(model.validation(input, evaluation));
  const outputs = topologicalOrder(roots).filter((t) => layers.has(t.op.name) && t.dtype === "float32");
  if (outputs.length === 0) return undefined;
  const meanSquare = (t: Tensor): Tensor => mean(square(t));
  const asked = new Map(outputs.map((t, i) => [`layer${i}`, meanSquare(t)]));
  const found = await examine(asked.set("input", meanSquare(input)), examined);
  const rmsOf = (name: string): number => Math.sqrt(Number(found[name]![0]));
  const largest = outputs.map((t, i) => ({ t, rms: rmsOf(`layer${i}`) })).reduce((a, b) => (b.rms > a.rms ? b : a));
  const { t, rms } = largest;
  return { rms, layer: `${t.op.name} to [${t.shape.slice(1).join(", ")}]`, input: rmsOf("input") };
}
