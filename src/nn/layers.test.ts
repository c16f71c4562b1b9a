import { expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { initialValues, sines } from "../../test/variable-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import { constant, Input, type Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { toOnnx } from "../onnx/emit.ts";
import {
  type ActivationName,
  activations,
  BatchNorm,
  Dropout,
  Embedding,
  sinusoidalEmbedding,
  evaluation,
  GroupNorm,
  Linear,
  MLP,
  ResidualBlock,
  TrainingContext,
  variables,
} from "./index.ts";

test("Linear is x W^T + b over the last axis, and refuses another width", () => {
  const layer = new Linear(2, 3);
  const x = constant([1, 2, 3, 4], [2, 1, 2]);
  const [y] = evaluate(
    [layer.apply(x)],
    new Map([
      [layer.weight, value("float32", [3, 2], [1, 4, 2, 5, 3, 6])],
      [layer.bias!, value("float32", [3], [10, 20, 30])],
    ]),
  );
  expect(y!.shape).toEqual([2, 1, 3]);
  expect([...y!.data]).toEqual([19, 32, 45, 29, 46, 63]);
  expect(() => layer.apply(constant(0).broadcastTo([2, 4]))).toThrow(
    "Linear: last axis differs, got float32[2,4], expected [..., 2]",
  );
});

test("a Linear layer compiles to one Gemm, also with more than one leading axis", () => {
  const layer = new Linear(4, 3);
  const x = new Input("x", [2, 5, 4]);
  const inputs = new Map<Tensor, string>([[x, "x"], ...[...variables(layer)].map(([name, v]) => [v, name] as const)]);
  const { nodes } = toOnnx({ inputs, outputs: new Map([["y", layer.apply(x)]]), target: { kind: "cpu" } });
  // Reshape, Gemm, Reshape
  expect(nodes).toBe(3);
});

test("an MLP puts its activation between layers and not after the last", () => {
  const mlp = new MLP([1, 1, 1], { activation: "relu" });
  const [first, last] = mlp.layers as [Linear, Linear];
  const [y] = evaluate(
    [mlp.apply(constant([-3, 3], [2, 1]))],
    new Map<Tensor, Value>([
      [first.weight, value("float32", [1, 1], [1])],
      [first.bias!, value("float32", [1], [0])],
      [last.weight, value("float32", [1, 1], [-2])],
      [last.bias!, value("float32", [1], [0.5])],
    ]),
  );
  expect([...y!.data]).toEqual([0.5, -5.5]);
});

// torch 2.13 in float64 at -1.5 and 0.7: value, then slope.
const atMinus = -1.5;
const atPlus = 0.7;
test.each<[ActivationName, number, number, number, number]>([
  ["identity", -1.5, 1, 0.7, 1],
  ["relu", 0, 0, 0.7, 1],
  ["leakyRelu", -0.015, 0.01, 0.7, 1],
  ["elu", -0.776869839852, 0.223130160148, 0.7, 1],
  ["gelu", -0.100210801903, -0.12746919223, 0.530625443444, 0.976614101134],
  ["silu", -0.27363828571, -0.0412941542991, 0.467731440518, 0.823386783473],
  ["softplus", 0.201413277983, 0.182425523806, 1.10318604889, 0.668187772168],
  ["sigmoid", 0.182425523806, 0.14914645207, 0.668187772168, 0.221712873293],
  ["tanh", -0.905148253645, 0.180706638924, 0.604367777117, 0.634739589982],
])("%s agrees with torch in value and slope", (name, minus, slopeMinus, plus, slopePlus) => {
  const x = new Input("x", [2], "float64");
  const y = activations[name](x);
  const values = evaluate([y, ...grad(y.sum(), [x])], new Map([[x, value("float64", [2], [atMinus, atPlus])]]));
  [minus, plus].forEach((v, i) => expect(values[0]!.data[i]).toBeCloseTo(v, 7));
  [slopeMinus, slopePlus].forEach((v, i) => expect(values[1]!.data[i]).toBeCloseTo(v, 7));
});

test("dropout keeps the mean, drops its fraction, and does nothing outside training", () => {
  const dropout = new Dropout(0.3);
  const x = constant(2).broadcastTo([100_000]);
  const y = dropout.apply(x, new TrainingContext());
  const { data } = evaluate([y], noiseValues([y], 3))[0]!;
  const dropped = data.filter((v) => v === 0).length / data.length;
  expect(Math.abs(dropped - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / data.length));
  expect(data.every((v) => v === 0 || Math.abs(v - 2 / 0.7) < 1e-6)).toBe(true);
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  expect(Math.abs(mean - 2)).toBeLessThan((4 * (2 / 0.7) * Math.sqrt(0.21)) / Math.sqrt(data.length));
  expect(dropout.apply(x, evaluation)).toBe(x);
  expect(() => new Dropout(1)).toThrow("Dropout: rate out of range, got 1");
});

test("an embedding looks vectors up, and each adds to the gradient of its own row", () => {
  const embedding = new Embedding(4, 2);
  const y = embedding.apply(constant([3, 1, 3], [3], "int64"));
  const leaves = new Map([[embedding.weight, value("float32", [4, 2], [0, 1, 2, 3, 4, 5, 6, 7])]]);
  const [rows, slope] = evaluate([y, ...grad(y.sum(), [embedding.weight])], leaves);
  expect([...rows!.data]).toEqual([6, 7, 2, 3, 6, 7]);
  expect([...slope!.data]).toEqual([0, 0, 1, 1, 0, 0, 2, 2]);
});

test("times are embedded as sines and cosines of geometric frequencies", () => {
  const [y] = evaluate([sinusoidalEmbedding(constant([0, 2, 30], [3], "float64"), 4, 100)]);
  const expected = [0, 2, 30].flatMap((t) => [Math.sin(t), Math.sin(t / 10), Math.cos(t), Math.cos(t / 10)]);
  expect(y!.shape).toEqual([3, 4]);
  expected.forEach((v, i) => expect(y!.data[i]).toBeCloseTo(v, 12));
  expect(() => sinusoidalEmbedding(constant([0], [1]), 3)).toThrow("sinusoidalEmbedding: got 3 features");
});

test("a residual block agrees with its formula in torch where stride and channels change", () => {
  const block = new ResidualBlock({ inChannels: 2, outChannels: 3, stride: 2 });
  const x = new Input("x", [1, 2, 4, 4]);
  const values = new Map([
    ...initialValues(block),
    [block.conv1.weight, sines(block.conv1.weight, 1)],
    [block.conv2.weight, sines(block.conv2.weight, 2)],
    [block.shortcut!.weight, sines(block.shortcut!.weight, 3)],
    [x, sines(x, 4)],
  ]);
  const [y] = evaluate([block.apply(x, evaluation)], values);
  expect(y!.shape).toEqual([1, 3, 2, 2]);
  const expected = [
    -0.800334089574565, -0.0947284708413264, -0.728915862818792, -0.739513179930086, 0.5800038808538706,
    -0.6059848226626088, 1.5206032498827962, 0.28486885780505405, 0.4059427682519191, 0.37547794056638906,
    -1.1921346225335399, 0.42356588669402895,
  ];
  expected.forEach((v, i) => expect(y!.data[i]).toBeCloseTo(v, 7));
});

test("a residual block whose second convolution is zero is the identity, with any normalization", () => {
  for (const normalization of [undefined, (c: number) => new GroupNorm(2, c), (c: number) => new BatchNorm(c)]) {
    const block = new ResidualBlock({ inChannels: 4, outChannels: 4, ...(normalization && { normalization }) });
    const x = new Input("x", [2, 4, 5, 5]);
    const zero = value("float32", block.conv2.weight.shape, new Float64Array(block.conv2.weight.size));
    const values = new Map([...initialValues(block), [block.conv2.weight, zero], [x, sines(x, 1)]]);
    const [y] = evaluate([block.apply(x, new TrainingContext())], values);
    expect(y!.data).toEqual(values.get(x)!.data);
  }
  expect(() => new ResidualBlock({ inChannels: 4, outChannels: 4, kernel: [4, 4] })).toThrow("expected odd numbers");
});
