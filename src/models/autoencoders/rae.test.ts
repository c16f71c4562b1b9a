import { beforeAll, describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { Input, type Tensor, type Variable } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { compileStep } from "../../training/compile-step.ts";
import { adam } from "../../optim/adam.ts";
import type { AE } from "./ae.ts";
import { rae } from "./rae.ts";
import { SpectrallyNormalized } from "../../nn/spectral-normalization.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const raeOf = (settings: object, shape: readonly number[]): AE =>
  rae.build(rae.config.parse(settings), dataSpec(shape)) as AE;

/** A model's objective on a batch, with a value for every leaf. */
function objectiveOf(model: AE, shape: readonly number[], batch: number) {
  const x = new Input("x", [batch, ...shape]);
  const [objective] = objectivesOf(model, x);
  const leaves = new Map<Tensor, Value>([
    ...initialValues(model),
    [x, sines(x, 0.3)],
    ...noiseValues([objective!.loss], 5),
  ]);
  return { objective: objective!, leaves };
}
const scalar = (t: Tensor, leaves: ReadonlyMap<Tensor, Value>): number => evaluate([t], leaves)[0]!.data[0]!;
const weightsOf = (decoder: object): Variable[] => [...parameters(decoder).values()].filter(({ rank }) => rank > 1);

test.each(["l2", "gp", "none"])("the loss is reconstruction + beta |z|^2/2 + lambda L_REG, %s", (regularizer) => {
  const [beta, lambda] = [0.7, 0.3];
  const model = raeOf({ regularizer, beta, lambda, hiddenDims: [5], latentDim: 2 }, [1, 3, 3]);
  const { objective, leaves } = objectiveOf(model, [1, 3, 3], 4);
  const { reconstruction, latentNorm, regularization } = objective.metrics;
  const penalty = regularization ? lambda * scalar(regularization, leaves) : 0;
  expect(regularization === undefined).toBe(regularizer === "none");
  expect(scalar(objective.loss, leaves)).toBeCloseTo(
    scalar(reconstruction!, leaves) + beta * scalar(latentNorm!, leaves) + penalty,
    10,
  );
  const x = [...leaves.keys()].find((t) => t instanceof Input)!;
  const [codes] = evaluate([model.encode(x, evaluation).z.mean], leaves);
  expect(scalar(latentNorm!, leaves)).toBeCloseTo(codes!.data.reduce((a, b) => a + b * b, 0) / 2 / 4, 10);
});

test("l2 adds up the squared weights of the decoder, without biases", () => {
  const model = raeOf({ regularizer: "l2", hiddenDims: [5], latentDim: 2 }, [6]);
  const { objective, leaves } = objectiveOf(model, [6], 2);
  const squares = weightsOf(model.decoder).flatMap((w) => [...leaves.get(w)!.data].map((v) => v * v));
  expect(squares).toHaveLength(2 * 5 + 5 * 6);
  const total = squares.reduce((a, b) => a + b, 0);
  expect(scalar(objective.metrics["regularization"]!, leaves)).toBeCloseTo(total, 10);
});

describe("gp", () => {
  test("of a linear decoder W z + b is |W|_F^2 in expectation", () => {
    const model = raeOf({ regularizer: "gp", network: "linear", latentDim: 3 }, [5]);
    const batch = 4000;
    const { objective, leaves } = objectiveOf(model, [5], batch);
    const [weight] = weightsOf(model.decoder);
    const norm = leaves.get(weight!)!.data.reduce((a, b) => a + b * b, 0);
    // Of |W^T v|^2 the variance is 2 |W^T W|_F^2 <= 2 norm^2; four standard errors.
    expect(Math.abs(scalar(objective.metrics["regularization"]!, leaves) - norm)).toBeLessThan(
      (4 * Math.SQRT2 * norm) / Math.sqrt(batch),
    );
  });

  test.each(["mlp", "conv"])("differentiates again: the loss's gradient is its slope, %s", (network) => {
    const shape = [1, 4, 4];
    const settings = {
      network,
      channels: [2],
      hiddenDims: [4],
      activation: "silu",
      latentDim: 2,
      beta: 0.5,
      lambda: 2,
    };
    const model = raeOf({ ...settings, regularizer: "gp" }, shape);
    const { objective, leaves } = objectiveOf(model, shape, 2);
    const wrt = [...parameters(model).values()];
    const gradients = evaluate(grad(objective.loss, wrt), leaves);
    const h = 1e-5;
    for (const [i, v] of wrt.entries()) {
      const { dtype, shape: s, data } = leaves.get(v)!;
      const k = data.length >> 1;
      const at = (by: number): number =>
        scalar(objective.loss, new Map(leaves).set(v, value(dtype, s, data.with(k, data[k]! + by))));
      const slope = (at(h) - at(-h)) / (2 * h);
      expect(Math.abs(gradients[i]!.data[k]! - slope) / (1 + Math.abs(slope))).toBeLessThan(1e-6);
    }
  });
});

describe("sn", () => {
  test("divides each weight by its largest singular value, which the steps find", async () => {
    const shape = [6];
    const model = raeOf({ regularizer: "sn", network: "linear", latentDim: 4 }, shape);
    expect(model.decoder).toBeInstanceOf(SpectrallyNormalized);
    const optimizer = adam({ learningRate: 1e-9 });
    const step = compileStep(model, { device: cpu, shape, batchSize: 2, optimizer });
    await step.initialize(3);
    const x = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
    for (let i = 1; i <= 60; i++)
      await step.run({ inputs: { x, step: Float32Array.of(i) }, seed: 0, step: i, metrics: false });
    const leaves = new Map<Tensor, Value>();
    for (const v of step.variables.values())
      leaves.set(v, value("float32", v.shape, Float64Array.from((await step.store.read(v)) as Float32Array)));
    await step.release();

    // The images of the unit codes are the columns of W / sigma: their Gram matrix has the largest eigenvalue 1.
    const z = new Input("z", [5, 4]);
    const codes = value("float32", [5, 4], [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const [{ data }] = evaluate([model.decode({ z }, evaluation).mean], new Map([...leaves, [z, codes]])) as [Value];
    const columns = [1, 2, 3, 4].map((c) => Array.from({ length: 6 }, (_, r) => data[c * 6 + r]! - data[r]!));
    let v = [1, 0.9, 0.8, 0.7];
    let largest = 0;
    for (let i = 0; i < 500; i++) {
      const image = Array.from({ length: 6 }, (_, r) => columns.reduce((s, column, c) => s + column[r]! * v[c]!, 0));
      const next = columns.map((column) => column.reduce((s, w, r) => s + w * image[r]!, 0));
      largest = Math.hypot(...next);
      v = next.map((w) => w / largest);
    }
    expect(largest).toBeCloseTo(1, 5);
  });

  test("keeps the direction of its estimate out of the trained weights and in the checkpoint", () => {
    const model = raeOf({ regularizer: "sn", hiddenDims: [5], latentDim: 2 }, [6]);
    const { objective } = objectiveOf(model, [6], 2);
    expect([...objective.updates!.keys()].map(({ shape, trainable }) => ({ shape, trainable }))).toEqual([
      { shape: [1, 5], trainable: false },
      { shape: [1, 6], trainable: false },
    ]);
  });
});
