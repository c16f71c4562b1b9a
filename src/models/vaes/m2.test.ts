import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { Batches } from "../../data/batches.ts";
import { createDataset } from "../../data/dataset.ts";
import { dataSpec } from "../../data/spec.ts";
import { whole } from "../../data/split.ts";
import { splitSpec } from "../../data/split-spec.ts";
import { TrainedModel } from "../../evaluation/trained-model.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { conditioned, type Context, evaluation } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { adam } from "../../optim/adam.ts";
import { stream } from "../../random/index.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { compileStep } from "../../training/compile-step.ts";
import { validationMetrics } from "../../evaluation/validation-metrics.ts";
import { fit } from "../../training/fit.ts";
import { M2, m2 } from "./m2.ts";

const shape = [1, 3, 3];
const classNames = ["a", "b", "c"];
const classes = classNames.length;
const batch = 4;
const alpha = 2.5;
const model = new M2(m2.config.parse({ latentDim: 2, hiddenDims: [5], activation: "silu", alpha }), {
  ...dataSpec(shape),
  fields: [{ name: "class", kind: "class", classes: classNames }],
});
const x = new Input("x", [batch, ...shape]);
const pixels = value(
  "float32",
  x.shape,
  sines(x, 0.3).data.map((v) => (1 + v) / 2),
);
/** Initial values with biases that are not 0, and the examples. */
const leaves = new Map<Tensor, Value>([
  ...[...initialValues(model)].map(([v, { dtype, shape: s, data }], i): [Tensor, Value] => [
    v,
    value(
      dtype,
      s,
      data.map((w, k) => 1.5 * w + 0.2 * Math.sin(1 + i + 3 * k)),
    ),
  ]),
  [x, pixels],
]);
const labels = (...of: readonly number[]): Tensor => constant([...of], [of.length], "int64");
const given = (...of: readonly number[]): Context => conditioned(evaluation, { class: labels(...of) });

/** q(y|x) by its definition, [batch][classes]. */
const [logits] = evaluate([model.classifier.apply(x, evaluation)], leaves);
const q = Array.from({ length: batch }, (_, i) => {
  const e = Array.from({ length: classes }, (__, k) => Math.exp(logits!.data[classes * i + k]!));
  const total = e.reduce((a, b) => a + b);
  return e.map((v) => v / total);
});

/** L(x, y) of every example and class, each computed for that class alone, with the noise that `root` has for it. */
function eachBound(root: Tensor): { readonly bounds: number[][]; readonly noise: Map<Tensor, Value> } {
  const noise = noiseValues([root], 5);
  expect(noise.size).toBe(1);
  const [all] = [...noise.values()];
  const bounds = Array.from({ length: batch }, () => Array.from({ length: classes }, () => 0));
  for (let y = 0; y < classes; y++) {
    const { elbo } = model.conditional.elbo(x, given(...Array.from({ length: batch }, () => y)));
    const [leaf] = noiseValues([elbo], 0).keys();
    const own = all!.data.slice(y * batch * 2, (y + 1) * batch * 2);
    const [found] = evaluate([elbo], new Map(leaves).set(leaf!, value("float32", leaf!.shape, own)));
    found!.data.forEach((v, i) => (bounds[i]![y] = Math.log(classes) - v));
  }
  return { bounds, noise };
}

test("the bound of an example without a label is the sum over all classes (eq. 7)", () => {
  const { negElbo } = model.validation(x, given(0, 1, 2, 0));
  const { bounds, noise } = eachBound(negElbo!);
  const [found] = evaluate([negElbo!], new Map([...leaves, ...noise]));
  bounds.forEach((of, i) => {
    const enumerated = of.reduce((sum, bound, y) => sum + q[i]![y]! * (bound + Math.log(q[i]![y]!)), 0);
    expect(found!.data[i]).toBeCloseTo(enumerated, 6);
    // A mean over classes is above what the best class alone would give, and q(y|x) is no point.
    expect(enumerated).toBeGreaterThan(Math.min(...of) - Math.log(classes));
  });
});

describe("the loss (eq. 8 and 9)", () => {
  const found = (label: Tensor, labeledFraction: number) => {
    const [objective] = objectivesOf(model, x, { fields: { class: label }, labeledFraction });
    const { loss, metrics } = objective!;
    const { bounds, noise } = eachBound(loss);
    const all = [loss, metrics["negElbo"]!, metrics["crossEntropy"]!, metrics["classificationError"]!];
    const [l, negElbo, crossEntropy, error] = evaluate(all, new Map([...leaves, ...noise])).map(({ data }) => data[0]!);
    return { bounds, loss: l!, negElbo: negElbo!, crossEntropy: crossEntropy!, error: error! };
  };
  const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0) / of.length;

  test("with all labels is the supervised one", () => {
    const y = [2, 0, 1, 1];
    const { bounds, loss, negElbo, crossEntropy, error } = found(labels(...y), 1);
    expect(negElbo).toBeCloseTo(mean(y.map((label, i) => bounds[i]![label]!)), 6);
    expect(crossEntropy).toBeCloseTo(mean(y.map((label, i) => -Math.log(q[i]![label]!))), 6);
    expect(loss).toBeCloseTo(negElbo + alpha * crossEntropy, 6);
    expect(error).toBeCloseTo(mean(y.map((label, i) => Number(q[i]![label]! < Math.max(...q[i]!)))), 6);
  });

  test("with some is each kind's mean by its fraction", () => {
    const y = [-1, 0, -1, 1];
    const { bounds, loss, negElbo, crossEntropy } = found(labels(...y), 0.1);
    const labeled = mean([bounds[1]![0]!, bounds[3]![1]!]);
    const unlabeled = mean(
      [0, 2].map((i) => bounds[i]!.reduce((sum, bound, k) => sum + q[i]![k]! * (bound + Math.log(q[i]![k]!)), 0)),
    );
    expect(negElbo).toBeCloseTo(0.1 * labeled + 0.9 * unlabeled, 6);
    expect(crossEntropy).toBeCloseTo(mean([-Math.log(q[1]![0]!), -Math.log(q[3]![1]!)]), 6);
    expect(loss).toBeCloseTo(negElbo + alpha * crossEntropy, 6);
  });

  test("has its slope for gradient, of every parameter", () => {
    const [objective] = objectivesOf(model, x, { fields: { class: labels(-1, 0, -1, 1) }, labeledFraction: 0.3 });
    const { loss } = objective!;
    const wrt = [...parameters(model).values()];
    const all = new Map([...leaves, ...noiseValues([loss], 5)]);
    const gradients = evaluate(grad(loss, wrt), all);
    const h = 1e-5;
    wrt.forEach((v, i) => {
      const { dtype, shape: s, data } = all.get(v)!;
      const direction = data.map((_, k) => Math.cos(2 * k + 1));
      const at = (by: number): number => {
        const moved = value(
          dtype,
          s,
          data.map((w, k) => w + by * direction[k]!),
        );
        return evaluate([loss], new Map(all).set(v, moved))[0]!.data[0]!;
      };
      const slope = (at(h) - at(-h)) / (2 * h);
      const along = gradients[i]!.data.reduce((sum, g, k) => sum + g * direction[k]!, 0);
      expect(Math.abs(along - slope) / (1 + Math.abs(slope))).toBeLessThan(1e-6);
    });
  });
});

test("from one label of each of four classes it learns the classes of all", async () => {
  const size = 800;
  const labelsOf = Uint8Array.from({ length: size }, (_, i) => (i >> 1) & 3);
  const random = stream(0, "corners");
  // A long cloud in each corner, so that the one example with a label lies anywhere in it.
  const values = Float32Array.from({ length: 2 * size }, (_, k) => {
    const corner = labelsOf[k >> 1]!;
    return k % 2
      ? 0.2 + 0.6 * (corner >> 1) + 0.03 * random.normal()
      : 0.2 + 0.6 * (corner & 1) + 0.09 * random.normal();
  });
  const parts = { name: "corners", description: "", shape: [2], size, range: null, values, labels: labelsOf } as const;
  const split = whole(await createDataset(parts));
  const settings = { latentDim: 2, hiddenDims: [32], likelihood: "gaussian", std: 0.05, labeled: 4 };
  const corners = new M2(m2.config.parse(settings), splitSpec(split));
  const device = await cpuDevice(1);
  const [batchSize, seed] = [80, 1];
  const { labeledExamples, condition } = corners;
  const batches = new Batches(split, {
    batchSize,
    purpose: "training",
    seed,
    fields: condition.fields,
    labeledExamples,
  });
  const { labeledFraction } = batches;
  const optimizer = adam({ learningRate: 3e-3 });
  const step = compileStep(corners, { device, shape: [2], batchSize, labeledFraction, optimizer });
  await step.initialize(seed);
  const trained = new TrainedModel(corners, { store: step.store, shape: [2] });
  const before = await validationMetrics(trained, { split, binarize: "none" });
  for await (const _ of fit({ step, batches, seed, steps: 600 })) continue;
  const after = await validationMetrics(trained, { split, binarize: "none" });
  await trained.release({ weights: false });
  await step.release();
  expect(before["classificationError"]).toBeGreaterThan(0.4);
  expect(after["classificationError"]).toBeLessThan(0.02);
  expect(after["negElbo"]).toBeLessThan(before["negElbo"]! - 1);
});
