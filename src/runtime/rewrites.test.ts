import { beforeAll, expect, test } from "vitest";
import { grad } from "../graph/index.ts";
import { rewrites, type Rewrite } from "../graph/op.ts";
import { Input } from "../graph/tensor.ts";
import { conv, exp, matmul, mean, reshape, square, sum, tanh } from "../ops/index.ts";
import { cpuDevice } from "./node.ts";
import { Program } from "./program.ts";
import { createVariables } from "./variables.ts";

const x = new Input("x", [32, 32, 14, 14]);
const [w, v, b] = [new Input("w", [32, 32, 3, 3]), new Input("v", [32 * 14 * 14, 8]), new Input("b", [8])];
const h = tanh(conv(tanh(conv(x, w, { padding: 1 })), w, { padding: 1 }));
const logits = matmul(reshape(h, [32, 32 * 14 * 14]), v).add(b);
const loss = mean(sum(square(logits), [1])).add(mean(exp(logits.mul(-1))));
const [dw, dv, db] = grad(loss, [w, v, b]);

const wave = ({ size }: Input, k: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => 0.05 * Math.sin(k + 1.7 * i));
const inputs = Object.fromEntries([x, w, v, b].map((t, k) => [t.name, wave(t, k)]));

interface Found {
  readonly nodes: number;
  readonly values: Readonly<Record<string, Float32Array>>;
}
async function found(without: readonly Rewrite[]): Promise<Found> {
  const outputs = new Map([
    ["loss", loss],
    ["dw", dw!],
    ["dv", dv!],
    ["db", db!],
  ]);
  const program = new Program(createVariables(await cpuDevice(1, { without }), []), { name: "p", outputs });
  const names = [...outputs.keys()];
  const { nodes } = await program.prepare(names);
  const values = await program.run({ inputs, outputs: names });
  await program.release();
  return { nodes, values: values as Found["values"] };
}

let all: Found;
beforeAll(async () => {
  all = await found([]);
});

test.each(rewrites.map((name) => [name]))("without %s the loss and its gradients are the same", async (name) => {
  const { values } = await found([name]);
  for (const [key, expected] of Object.entries(all.values)) {
    const largest = Math.max(...expected.map(Math.abs));
    expect(largest).toBeGreaterThan(0);
    values[key]!.forEach((n, i) => expect(Math.abs(n - expected[i]!)).toBeLessThan(2e-5 * largest));
  }
});

test("without batch-last or fusion the graph is another one", async () => {
  const plain = (await found(["batch-last", "blocks", "fusion"])).nodes;
  expect((await found(["blocks", "fusion"])).nodes).not.toBe(plain);
  expect((await found(["batch-last", "blocks"])).nodes).toBeLessThan(plain);
});
