import { describe, expect, test } from "vitest";
import { initialValues, sines } from "../../test/variable-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { fillNormal, streamKey } from "../random/index.ts";
import { compute } from "../runtime/compute.ts";
import { cpuDevice } from "../runtime/node.ts";
import { BatchNorm, evaluation, GroupNorm, LayerNorm, TrainingContext } from "./index.ts";

const x = new Input("x", [3, 2, 2]);
const held = sines(x, 5);

function expectClose(found: Value, expected: readonly number[], digits = 7): void {
  expect(found.data.length).toBe(expected.length);
  expected.forEach((v, i) => expect(found.data[i]).toBeCloseTo(v, digits));
}

/** Mean and variance of the elements that `group` gives one number. */
function moments(v: Value, group: (flat: number) => number): Map<number, { mean: number; variance: number }> {
  const members = new Map<number, number[]>();
  v.data.forEach((_, i) => members.set(group(i), [...(members.get(group(i)) ?? []), i]));
  return new Map(
    [...members].map(([g, flat]) => {
      const mean = flat.reduce((total, i) => total + v.data[i]!, 0) / flat.length;
      const variance = flat.reduce((total, i) => total + (v.data[i]! - mean) ** 2, 0) / flat.length;
      return [g, { mean, variance }];
    }),
  );
}

test("LayerNorm gives every last axis mean 0 and variance 1, then gain and bias", () => {
  const wide = new Input("x", [4, 3, 16]);
  const norm = new LayerNorm(16, 0);
  const values = new Map([...initialValues(norm), [wide, sines(wide, 1)]]);
  const [y] = evaluate([norm.apply(wide)], values);
  for (const { mean, variance } of moments(y!, (i) => Math.floor(i / 16)).values()) {
    expect(mean).toBeCloseTo(0, 10);
    expect(variance).toBeCloseTo(1, 10);
  }
  values.set(
    norm.gain,
    value(
      "float32",
      [16],
      Array.from({ length: 16 }, (_, i) => i),
    ),
  );
  values.set(
    norm.bias,
    value(
      "float32",
      [16],
      Array.from({ length: 16 }, () => 0.5),
    ),
  );
  const [scaled] = evaluate([norm.apply(wide)], values);
  scaled!.data.forEach((v, i) => expect(v).toBeCloseTo(y!.data[i]! * (i % 16) + 0.5, 10));
});

test("GroupNorm agrees with torch.nn.GroupNorm(2, 4)", () => {
  const wide = new Input("x", [1, 4, 3]);
  const norm = new GroupNorm(2, 4);
  const [y] = evaluate([norm.apply(wide)], new Map([...initialValues(norm), [wide, sines(wide, 5)]]));
  expectClose(
    y!,
    [
      -1.2403638905399856, 0.5919132773302289, 1.1961663889298941, -0.791820152121432, -0.8837910226249622,
      1.127895399026257, 0.845409954802347, -1.1409950829669275, -0.18373251683661346, 1.5559964984504657,
      0.15042492194832302, -1.2271037753975946,
    ],
  );
  for (const { mean, variance } of moments(y!, (i) => Math.floor(i / 6)).values()) {
    expect(mean).toBeCloseTo(0, 10);
    expect(variance).toBeCloseTo(1, 4);
  }
  expect(() => new GroupNorm(3, 4)).toThrow("GroupNorm: got 3 groups of 4 channels, expected a divisor of 4");
});

describe("BatchNorm", () => {
  test("output and updates of one training batch agree with torch.nn.BatchNorm1d(2)", () => {
    const norm = new BatchNorm(2);
    const context = new TrainingContext();
    const y = norm.apply(x, context);
    const roots = [y, context.updates.get(norm.runningMean)!, context.updates.get(norm.runningVariance)!];
    const [out, mean, variance] = evaluate(roots, new Map([...initialValues(norm), [x, held]])) as [
      Value,
      Value,
      Value,
    ];
    expectClose(
      out,
      [
        -1.3730120617676367, 0.48229751483232625, 1.505191327904424, -0.6025131373535371, -1.0119569396501535,
        1.0250171320968278, 0.9807112218375021, -1.035619724984415, -0.4044581803401902, 1.2821125348288263,
        0.27525598855069355, -1.1230256759546677,
      ],
    );
    expectClose(mean, [0.005032962197120738, -0.020208898247878845]);
    expectClose(variance, [0.9648373674280976, 0.9591401579423711]);
  });

  test("evaluation uses the running statistics, changes nothing, and equals an affine map", () => {
    const norm = new BatchNorm(2, { eps: 0 });
    const statistics = new Map<Tensor, Value>([
      ...initialValues(norm),
      [norm.runningMean, value("float32", [2], [1, -1])],
      [norm.runningVariance, value("float32", [2], [4, 0.25])],
      [x, held],
    ]);
    const [y] = evaluate([norm.apply(x, evaluation)], statistics);
    y!.data.forEach((v, i) => {
      const channel = Math.floor(i / 2) % 2;
      expect(v).toBeCloseTo(channel === 0 ? (held.data[i]! - 1) / 2 : (held.data[i]! + 1) / 0.5, 12);
    });
  });

  test("running statistics reach those of the data", () => {
    const wide = new Input("x", [256, 2]);
    const norm = new BatchNorm(2);
    const context = new TrainingContext();
    norm.apply(wide, context);
    let state = initialValues(norm);
    for (let step = 0; step < 150; step++) {
      const normals = new Float32Array(wide.size);
      fillNormal(normals, streamKey(step, "x"));
      const batch = value(
        "float32",
        wide.shape,
        normals.map((v, i) => (i % 2 === 0 ? 3 + 2 * v : -1 + 0.5 * v)),
      );
      const next = evaluate([...context.updates.values()], new Map([...state, [wide, batch]]));
      state = new Map([...state, ...[...context.updates.keys()].map((v, i) => [v, next[i]!] as const)]);
    }
    // An average over about 2 / momentum - 1 = 19 batches of 256: standard errors of 0.029 and 0.081 for N(3, 4).
    const [mean, variance] = [state.get(norm.runningMean)!.data, state.get(norm.runningVariance)!.data];
    expect(Math.abs(mean[0]! - 3)).toBeLessThan(4 * 0.029);
    expect(Math.abs(mean[1]! + 1)).toBeLessThan(4 * 0.0072);
    expect(Math.abs(variance[0]! - 4)).toBeLessThan(4 * 0.081);
    expect(Math.abs(variance[1]! - 0.25)).toBeLessThan(4 * 0.0051);
  });

  test("applied twice in one step, the second update builds on the first", () => {
    const norm = new BatchNorm(1, { momentum: 0.5 });
    const context = new TrainingContext();
    const [a, b] = [new Input("a", [2, 1]), new Input("b", [2, 1])];
    norm.apply(a, context);
    norm.apply(b, context);
    const values = new Map<Tensor, Value>([
      ...initialValues(norm),
      [a, value("float32", [2, 1], [8, 8])],
      [b, value("float32", [2, 1], [2, 2])],
    ]);
    // ((0 + 8) / 2 + 2) / 2
    expect(evaluate([context.updates.get(norm.runningMean)!], values)[0]!.data[0]).toBe(3);
  });
});

describe("values far from zero, in float32", () => {
  const [channels, side] = [4, 8];
  const far = new Input("x", [2, channels, side, side]);
  /** A Gaussian of standard deviation 1 around `center`. */
  const around = (center: number): Float32Array => {
    const data = new Float32Array(far.size);
    fillNormal(data, streamKey(0, "noise", "far", 0, 0));
    return data.map((v) => v + center);
  };
  test.each([
    ["GroupNorm", new GroupNorm(2, channels)],
    ["BatchNorm", new BatchNorm(channels)],
  ])("%s is off by as much as its variance's rounding", async (_, norm) => {
    const y = norm instanceof GroupNorm ? norm.apply(far) : norm.apply(far, new TrainingContext());
    const run = async (data: Float32Array): Promise<Float32Array> => {
      const values = new Map([...initialValues(norm), [far, value("float32", far.shape, data)]]);
      const [found] = await compute(await cpuDevice(1), [y], values);
      return Float32Array.from(found!.data);
    };
    const near = await run(around(0));
    for (const [center, bound] of [
      [10, 1e-4],
      [100, 1e-2],
    ] as const) {
      const found = await run(around(center));
      expect(Math.max(...found.map((v, i) => Math.abs(v - near[i]!)))).toBeLessThan(bound);
    }
    // Constant values: no variance, and nothing to divide by.
    const flat = await run(new Float32Array(far.size).fill(1000));
    expect(Math.max(...flat.map(Math.abs))).toBeLessThan(20);
  });
});
