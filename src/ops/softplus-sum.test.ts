import { beforeAll, describe, expect, test } from "vitest";
import { evaluate } from "../graph/evaluate.ts";
import { fuse } from "../graph/fuse.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { value } from "../graph/value.ts";
import { compute } from "../runtime/compute.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { softplus, sum } from "./index.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const ops = (roots: readonly Tensor[]): string[] =>
  topologicalOrder(roots).flatMap((t) => (t.inputs.length > 0 ? [t.op.name] : []));
const logits = (t: Tensor, scale: number) =>
  value(
    "float32",
    t.shape,
    Float64Array.from({ length: t.size }, (_, i) => Math.fround(scale * Math.sin(1.7 * i + 0.2))),
  );

describe("a sum of a softplus", () => {
  test.each<[string, readonly number[], readonly number[], boolean]>([
    ["over the last axes", [3, 1, 28, 28], [1, 2, 3], false],
    ["over the first axes", [28, 28, 3], [0, 1], false],
    ["over an axis between", [2, 30, 3], [1], true],
    ["over everything", [7, 11], [0, 1], false],
    ["of a prime number of elements", [3, 787], [1], false],
  ])("%s has the value of one logarithm an element, at any size of logits", async (_, shape, axes, keepDims) => {
    const x = new Input("x", shape);
    const data = new Input("data", shape);
    for (const plain of [sum(softplus(x), axes, keepDims), sum(data.mul(x).sub(softplus(x)), axes, keepDims)]) {
      const [fused] = fuse([plain]) as [Tensor];
      expect(ops([fused])).toContain("LogSigmoidSum");
      expect(ops([fused])).not.toContain("Softplus");
      expect(fused.shape).toEqual(plain.shape);
      for (const scale of [1e-3, 1, 10, 200]) {
        const leaves = new Map([
          [x, logits(x, scale)],
          [
            data,
            value(
              "float32",
              shape,
              logits(data, 1).data.map((v) => Number(v > 0)),
            ),
          ],
        ]);
        const [expected, exact] = evaluate([plain, fused], leaves);
        const [found] = await compute(cpu, [plain], leaves);
        const size = logits(x, scale).data.reduce((total, v) => total + Math.abs(v) + 1, 0);
        expected!.data.forEach((v, i) => {
          expect(exact!.data[i]).toBeCloseTo(v, 8);
          expect(Math.abs(found!.data[i]! - v) / size).toBeLessThan(1e-6);
        });
      }
    }
  });

  test("is left alone where others read the softplus, axes are apart, or shapes broadcast", () => {
    const x = new Input("x", [4, 5, 6]);
    const row = new Input("row", [6]);
    const kept = [
      [sum(softplus(x), [1, 2]), softplus(x)],
      [sum(softplus(x), [0, 2])],
      [sum(x.sub(softplus(row)), [1, 2])],
      [sum(row.sub(softplus(x)), [1, 2])],
    ];
    for (const roots of kept) expect(ops(fuse(roots))).not.toContain("LogSigmoidSum");
  });
});
