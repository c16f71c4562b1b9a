import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import type { LoweringTarget } from "../graph/op.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { withBlocks } from "../ops/blocked.ts";
import { conv, square, sum } from "../ops/index.ts";
import { compute } from "./compute.ts";
import type { Device } from "./device.ts";

/** Block sizes of ONNX Runtime's direct convolutions: a register of AVX-512, of AVX. */
const sizes = [16, 8];

type Blocks = NonNullable<LoweringTarget["blocks"]>;

/**
 * The layout of a device's direct convolutions, or undefined where it has none: the block size with which a small convolution and its gradients
 * come out right.
 */
export async function probeBlocks(device: Device): Promise<Blocks | undefined> {
  const x = new Input("x", [1, 16, 10, 10]);
  const w = new Input("w", [16, 16, 3, 3]);
  const y = conv(x, w, { padding: 1 });
  const roots = [y, ...grad(sum(square(y)), [x, w])];
  const waves = (t: Tensor, phase: number): Value =>
    value(
      "float32",
      t.shape,
      Float64Array.from({ length: t.size }, (_, i) => Math.sin(1.7 * i + phase)),
    );
  const leaves = new Map<Tensor, Value>([
    [x, waves(x, 1)],
    [w, waves(w, 2)],
  ]);
  const expected = evaluate(roots, leaves);
  for (const block of sizes) {
    try {
      const blocks: Blocks = (graph) => withBlocks(graph, block);
      const found = await compute({ ...device, target: { ...device.target, blocks } }, roots, leaves);
      if (found.every((v, i) => agree(v, expected[i]!))) return blocks;
    } catch {
      // A device without these kernels refuses the model.
    }
  }
  return undefined;
}

function agree(found: Value, expected: Value): boolean {
  const largest = Math.max(...expected.data.map(Math.abs));
  return found.data.every((v, i) => Math.abs(v - expected.data[i]!) <= 1e-4 * largest);
}
