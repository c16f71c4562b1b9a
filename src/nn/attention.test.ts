import { expect, test } from "vitest";
import { sines } from "../../test/variable-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { slice } from "../ops/index.ts";
import { compute } from "../runtime/compute.ts";
import { cpuDevice } from "../runtime/node.ts";
import { MultiHeadAttention } from "./index.ts";

const x = new Input("x", [1, 3, 4]);
const memory = new Input("memory", [1, 2, 4]);

/** A 4x4 matrix with rows and columns swapped. */
const turned = (v: Value): Value => ({ ...v, data: v.data.map((_, i) => v.data[(i % 4) * 4 + Math.floor(i / 4)]!) });

function valuesFor(attention: MultiHeadAttention): Map<Tensor, Value> {
  const layers = [attention.query, attention.key, attention.value, attention.output];
  return new Map<Tensor, Value>([
    ...layers.flatMap((layer, i) => [
      [layer.weight, turned(sines(layer.weight, i))] as const,
      [layer.bias!, sines(layer.bias!, 10 + i)] as const,
    ]),
    [x, sines(x, 20)] as const,
    [memory, sines(memory, 30)] as const,
  ]);
}

// torch 2.13: torch.nn.MultiheadAttention(4, 2, batch_first=True) in float64 with the same numbers.
test.each([
  {
    name: "every position sees all",
    causal: false,
    cross: false,
    expected: [
      1.1526393527414, 0.13328134653552, -1.1869844881282, 0.1725914856835, 1.1297206653248, 0.1547028865629,
      -1.1695858956954, 0.14668651996919, 1.1015182359921, 0.18135000198588, -1.1482501345848, 0.11454141384482,
    ],
  },
  {
    name: "every position sees itself and those before it",
    causal: true,
    cross: false,
    expected: [
      1.5599161286038, -0.17455354265026, -1.5149356027433, 0.56493576590175, 1.3784544711911, -0.036256212488129,
      -1.3691116444649, 0.38906120741852, 1.1015182359921, 0.18135000198588, -1.1482501345848, 0.11454141384482,
    ],
  },
  {
    name: "every position sees another sequence",
    causal: false,
    cross: true,
    expected: [
      0.52982527903519, 0.64107542969633, -0.69502335812421, -0.46197556349414, 0.5179210575592, 0.65218599361918,
      -0.68598220662818, -0.4754159326017, 0.50333742443942, 0.66590517138916, -0.67493385455224, -0.49198214904373,
    ],
  },
])("$name, as in torch", async ({ causal, cross, expected }) => {
  const attention = new MultiHeadAttention(4, 2, { causal });
  const y = cross ? attention.apply(x, memory) : attention.apply(x);
  const roots = [y, ...grad(y.sum(), [x, attention.query.weight])];
  const leaves = valuesFor(attention);
  const reference = evaluate(roots, leaves);
  expected.forEach((v, i) => expect(reference[0]!.data[i]).toBeCloseTo(v, 6));
  const found = await compute(await cpuDevice(1), roots, leaves);
  found.forEach((v, r) => v.data.forEach((n, i) => expect(n).toBeCloseTo(reference[r]!.data[i]!, 4)));
});

test("a causal output does not depend on later positions", () => {
  const attention = new MultiHeadAttention(4, 1, { causal: true });
  const first = slice(attention.apply(x), 1, 0, 1);
  const [slope] = evaluate(grad(first.sum(), [x]), valuesFor(attention));
  const rows = [0, 1, 2].map((t) => slope!.data.subarray(4 * t, 4 * t + 4).some((v) => Math.abs(v) > 1e-9));
  expect(rows).toEqual([true, false, false]);
});

test("heads must divide the features", () => {
  expect(() => new MultiHeadAttention(10, 3)).toThrow("MultiHeadAttention: got 3 heads of 10 features");
});
