import { describe, expect, test } from "vitest";
import type { Initializer } from "../graph/tensor.ts";
import { evaluate } from "../graph/evaluate.ts";
import { Input } from "../graph/tensor.ts";
import { value } from "../graph/value.ts";
import { initialValues } from "../../test/variable-values.ts";
import { fillNormal, streamKey } from "../random/index.ts";
import { Conv, ConvTranspose, initialValue, Linear, MLP } from "./index.ts";
import {
  convFans,
  convTransposeFans,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  normal,
  ones,
  orthogonal,
  torchUniform,
  zeros,
} from "./initializers.ts";

const initialized = (initializer: Initializer, shape: readonly number[], name = "w"): Float32Array =>
  initialValue(initializer, shape, 1, name);
const moment = (data: Float32Array, power: number): number =>
  data.reduce((total, v) => total + v ** power, 0) / data.length;

describe("initial values have the variance the papers derive", () => {
  const fans = { in: 300, out: 100 };
  test.each([
    ["glorotUniform", glorotUniform, 2 / 400],
    ["glorotNormal", glorotNormal, 2 / 400],
    ["heUniform", heUniform, 2 / 300],
    ["heNormal", heNormal, 2 / 300],
    ["lecunNormal", lecunNormal, 1 / 300],
    ["torchUniform", torchUniform, 1 / 900],
    ["normal(0.02)", normal(0.02), 0.0004],
  ] as const)("%s", (name, initialize, variance) => {
    const data = initialized(initialize(fans), [300, 1000], name);
    const n = data.length;
    expect(Math.abs(moment(data, 1))).toBeLessThan(4 * Math.sqrt(variance / n));
    // The variance of a squared normal sample is 2 variance^2, of a uniform one less.
    expect(Math.abs(moment(data, 2) - variance)).toBeLessThan(4 * variance * Math.sqrt(2 / n));
    const extreme = data.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
    if (name.endsWith("Uniform")) expect(extreme).toBeLessThanOrEqual(Math.sqrt(3 * variance) * (1 + 1e-6));
    else expect(extreme).toBeGreaterThan(4 * Math.sqrt(variance));
  });
  test("zeros and ones", () => {
    expect([...initialized(zeros(fans), [2])]).toEqual([0, 0]);
    expect([...initialized(ones(fans), [2])]).toEqual([1, 1]);
  });
});

test.each([
  { shape: [40, 12], rows: 40, columns: 12 },
  { shape: [12, 40], rows: 12, columns: 40 },
  { shape: [16, 16], rows: 16, columns: 16 },
  { shape: [8, 4, 3, 3], rows: 8, columns: 36 },
])("orthogonal $shape: the shorter side's vectors are orthonormal times the gain", ({ shape, rows, columns }) => {
  const w = initialized(orthogonal(1.5)({ in: 1, out: 1 }), shape);
  const count = Math.min(rows, columns);
  const at = (v: number, i: number): number => (rows >= columns ? w[i * columns + v]! : w[v * columns + i]!);
  for (let a = 0; a < count; a++)
    for (let b = 0; b <= a; b++) {
      let product = 0;
      for (let i = 0; i < Math.max(rows, columns); i++) product += at(a, i) * at(b, i);
      expect(Math.abs(product - (a === b ? 2.25 : 0))).toBeLessThan(1e-6);
    }
});

test("orthogonal matrices are sampled uniformly: the first entry of a 2x2 one has mean 0 and both determinants occur", () => {
  let total = 0;
  let turned = 0;
  const n = 2000;
  for (let i = 0; i < n; i++) {
    const [a, b, c, d] = [...initialValue({ kind: "orthogonal", gain: 1 }, [2, 2], i, "w")];
    total += a!;
    if (a! * d! - b! * c! < 0) turned++;
  }
  // Each entry is the cosine of a uniform angle, variance 1/2.
  expect(Math.abs(total / n)).toBeLessThan(4 * Math.sqrt(0.5 / n));
  expect(Math.abs(turned / n - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / n));
});

test("a variable's initial value depends on the seed and its own name alone", () => {
  const he = heNormal({ in: 4, out: 4 });
  expect(initialValue(he, [4], 1, "a")).toEqual(initialValue(he, [4], 1, "a"));
  expect(initialValue(he, [4], 1, "a")).not.toEqual(initialValue(he, [4], 1, "b"));
  expect(initialValue(he, [4], 1, "a")).not.toEqual(initialValue(he, [4], 2, "a"));
});

test("fans count connections: of groups, of kernels, and of the taps a stride leaves a transposed convolution", () => {
  expect(convFans([8, 3, 5, 5])).toEqual({ in: 75, out: 200 });
  expect(convFans([8, 2, 3], 4)).toEqual({ in: 6, out: 6 });
  expect(convTransposeFans([8, 3, 4, 4], [2, 2])).toEqual({ in: 32, out: 48 });
});

describe("the fans keep the scale of a signal", () => {
  const input = (shape: readonly number[]) => {
    const x = new Input("x", shape);
    const data = new Float32Array(x.size);
    fillNormal(data, streamKey(9, "x"));
    return [x, value("float32", shape, data)] as const;
  };
  test("lecunNormal through linear, convolution and transposed convolution", () => {
    const linear = new Linear(100, 60, { weight: lecunNormal });
    const conv = new Conv(8, 16, [3], { weight: lecunNormal });
    const transposed = new ConvTranspose(16, 16, [4], { stride: 2, weight: lecunNormal });
    const power = (layer: Linear | Conv | ConvTranspose, shape: readonly number[]): number => {
      const [x, held] = input(shape);
      const [y] = evaluate([layer.apply(x)], new Map([...initialValues(layer), [x, held]]));
      return y!.data.reduce((total, v) => total + v * v, 0) / y!.data.length;
    };
    // The sampled weights leave a standard error of some sqrt(2 / weights), within 0.15 here.
    expect(Math.abs(power(linear, [50, 100]) - 1)).toBeLessThan(0.15);
    expect(Math.abs(power(conv, [20, 8, 30]) - 1)).toBeLessThan(0.25);
    // The first and last outputs have fewer connections: 4 of 202.
    expect(Math.abs(power(transposed, [5, 16, 100]) - 1)).toBeLessThan(0.25);
  });
  test("an MLP of rectifiers neither fades nor grows over 10 layers", () => {
    const mlp = new MLP(Array.from({ length: 11 }, () => 128));
    const [x, held] = input([20, 128]);
    const [y] = evaluate([mlp.apply(x)], new Map([...initialValues(mlp), [x, held]]));
    const power = y!.data.reduce((total, v) => total + v * v, 0) / y!.data.length;
    // He's weights keep E[h^2]; the last layer is Glorot's, which halves it after a rectifier.
    expect(power).toBeGreaterThan(0.2);
    expect(power).toBeLessThan(2);
  });
});
