import type { LoweringTarget } from "../graph/op.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import { value } from "../graph/value.ts";
import { withBlocks } from "../ops/blocked.ts";
import { conv } from "../ops/index.ts";
import { compute } from "./compute.ts";
import type { Device } from "./device.ts";

/** Block sizes of ONNX Runtime's direct convolutions: a register of AVX-512, of AVX. */
const sizes = [16, 8];
const channels = 16;
const side = 10;

type Blocks = NonNullable<LoweringTarget["blocks"]>;

/**
 * The layout of a device's direct convolutions, or undefined where it has none: the block size with which a convolution that only moves numbers, to
 * another channel and to a neighbor, puts each in its place.
 */
export async function probeBlocks(device: Device): Promise<Blocks | undefined> {
  const x = new Input("x", [1, channels, side, side]);
  const w = new Input("w", [channels, channels, 3, 3]);
  const source = (channel: number): number => (5 * channel + 3) % channels;
  const filled = (t: Tensor, at: (i: number) => number) =>
    value(
      "float32",
      t.shape,
      Float64Array.from({ length: t.size }, (_, i) => at(i)),
    );
  const leaves = new Map([
    [x, filled(x, (i) => i + 1)],
    // Of the pixel above and to the right.
    [w, filled(w, (i) => Number(Math.floor(i / 9) % channels === source(Math.floor(i / 9 / channels)) && i % 9 === 2))],
  ]);
  const y = conv(x, w, { padding: 1 });
  const expected = (i: number): number => {
    const [channel, row, column] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
    return row === 0 || column === side - 1 ? 0 : (source(channel) * side + row - 1) * side + column + 2;
  };
  for (const block of sizes) {
    try {
      const blocks: Blocks = (graph) => withBlocks(graph, block);
      const [found] = await compute({ ...device, target: { ...device.target, blocks } }, [y], leaves);
      if (found!.data.every((v, i) => v === expected(i))) return blocks;
    } catch {
      // A device without these kernels refuses the model.
    }
  }
  return undefined;
}
