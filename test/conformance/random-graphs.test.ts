import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import {
  constant,
  evaluate,
  fuse,
  grad,
  Input,
  isFloat,
  type Tensor,
  type Value,
  value,
} from "../../src/graph/index.ts";
import {
  abs,
  add,
  broadcastTo,
  concat,
  div,
  exp,
  flip,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  mul,
  neg,
  pad,
  relu,
  reshape,
  sigmoid,
  slice,
  softmax,
  sub,
  sum,
  tanh,
  transpose,
  where,
  less,
} from "../../src/ops/index.ts";
import { compute } from "../../src/runtime/compute.ts";
import { cpuDevice } from "../../src/runtime/node.ts";
import { disagreement, tolerance } from "./agreement.ts";

const numbers = [0, 1, -1, 2, 0.5, -3] as const;
/** Everything simplification has a rule for, and what stands between. Those that do not fit two tensors throw ShapeError. */
const steps: readonly ((x: Tensor, y: Tensor, number: number) => Tensor)[] = [
  (x, _, c) => mul(x, c),
  (x, _, c) => mul(c, x),
  (x, _, c) => add(x, c),
  (x, _, c) => sub(c, x),
  (x, _, c) => div(x, c === 0 ? 4 : c),
  (x, y) => add(x, y),
  (x, y) => sub(x, y),
  (x, y) => mul(x, y),
  (x, y) => maximum(x, y),
  (x, y) => where(less(x, y), x, neg(y)),
  (x, y) => matmul(x, y),
  (x, y) => matmul(x, transpose(y)),
  (x, y) => matmul(transpose(x), y),
  (x, y) => concat([x, y], 0),
  neg,
  abs,
  relu,
  tanh,
  sigmoid,
  (x) => exp(neg(abs(x))),
  (x) => transpose(x),
  (x) => flip(x, -1),
  (x) => softmax(x),
  (x) => sum(x, 0),
  (x) => sum(x, -1, true),
  (x) => mean(x),
  (x) => max(x, -1, true),
  (x) => logSumExp(x, 0),
  (x) => reshape(x, [-1, 1]),
  (x) => reshape(x, x.shape.toReversed()),
  (x) => broadcastTo(x, [2, ...x.shape]),
  (x) => sum(broadcastTo(x, [3, ...x.shape]), 0),
  (x) => slice(x, 0, 0, 1),
  (x) =>
    pad(
      x,
      x.shape.map(() => 1),
      x.shape.map(() => 0),
    ),
  (x, y) => add(matmul(x, y), constant([1, -2, 3], [3])),
];
const shapes = [[3, 3], [3], [], [1, 3], [3, 1], [3, 3]] as const;

/** The tensor that grows from leaves, step by step, and its value with no two steps ever seen together. */
function grow(program: readonly (readonly [step: number, x: number, y: number, number: number])[]): {
  leaves: ReadonlyMap<Tensor, Value>;
  pool: Tensor[];
  expected: Value[];
} {
  const pool: Tensor[] = shapes.map((shape, i) => new Input(`x${i}`, shape));
  const expected = pool.map((t, k) =>
    value(
      t.dtype,
      t.shape,
      Float64Array.from({ length: t.size }, (_, i) => Math.fround(Math.sin(1 + 2.7 * i + k))),
    ),
  );
  const leaves = new Map(pool.map((t, i) => [t, expected[i]!]));
  for (const [step, i, j, number] of program) {
    const [a, b] = [i % pool.length, j % pool.length];
    const alone = [new Input("a", pool[a]!.shape), new Input("b", pool[b]!.shape)] as const;
    try {
      const applied = steps[step]!(...alone, numbers[number]!);
      const [result] = evaluate(
        [applied],
        new Map([
          [alone[0], expected[a]!],
          [alone[1], expected[b]!],
        ]),
      );
      if (applied.size > 100 || result!.data.some((v) => Math.abs(v) > 100)) continue;
      pool.push(steps[step]!(pool[a]!, pool[b]!, numbers[number]!));
      expected.push(result!);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
    }
  }
  return { leaves, pool, expected };
}

test("random graphs: simplified, fused and run, they keep their values, types and gradients", async () => {
  const cpu = await cpuDevice();
  const index = fc.nat(30);
  const program = fc.array(fc.tuple(fc.nat(steps.length - 1), index, index, fc.nat(numbers.length - 1)), {
    minLength: 4,
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(program, async (sampled) => {
      const { leaves, pool, expected } = grow(sampled);
      const last = pool.at(-1)!;
      const wrt = pool.slice(0, shapes.length).filter((t) => isFloat(t.dtype));
      const roots = [...pool.slice(shapes.length), ...grad(sum(last), wrt)];
      const simplified = evaluate(roots, leaves);
      pool.slice(shapes.length).forEach((t, i) => {
        const wrong = disagreement(`node ${i}`, simplified[i]!, t, expected[shapes.length + i]!, tolerance.differences);
        expect(wrong).toBeNull();
      });
      const fused = evaluate(fuse(roots), leaves);
      const ran = await compute(cpu, roots, leaves);
      roots.forEach((t, i) => {
        expect(disagreement(`fused ${i}`, fused[i]!, t, simplified[i]!, tolerance.float64)).toBeNull();
        expect(disagreement(`run ${i}`, ran[i]!, t, simplified[i]!, tolerance.float32Gradient)).toBeNull();
      });
    }),
    { numRuns: 150, seed: 20261121 },
  );
}, 120_000);
