import { expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { objectivesOf } from "../../test/objectives-of.ts";
import { initialValues, sines } from "../../test/variable-values.ts";
import { dataSpec } from "../data/spec.ts";
import { evaluate } from "../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { type Condition, conditioned, evaluation } from "../nn/context.ts";
import type { Model } from "./model.ts";
import { findModel, registry } from "./registry.ts";

// The first metric that validation reports picks the best checkpoint: it must be what training minimizes.

const [batch, examples, labeled] = [5, 50, 20];
const shape = [1, 4, 4];
const field = { name: "class", kind: "class", classes: ["a", "b", "c"] } as const;
const data = dataSpec(shape, { range: [0, 255], size: 60, examples, fields: [field] });
const small = { latentDim: 2, topDim: 3, hiddenDims: [5], topHiddenDims: [4], discriminatorDims: [4], components: 3 };
/** Of models whose usual settings are for larger images. */
const ofModel: Readonly<Record<string, object>> = {
  "vq-vae-2": { channels: [3] },
  "ladder-vae": { latentDims: [2], batchNorm: false, warmup: 10 },
  vdvae: { latents: [1, 1], width: 4 },
  nvae: { latents: [1, 1], width: 4 },
};
const classes: Condition = { class: constant([0, 2, 1, 1, 0], [batch], "int64") };
const unlabeled: Condition = { class: constant([-1, -1, -1, -1, -1], [batch], "int64") };

/** A model of small networks, with these settings. */
function modelOf(name: string, settings: object = {}): Model {
  const definition = findModel(name);
  const { config } = definition;
  const known = Object.keys(config.parse({}));
  const own = Object.fromEntries(Object.entries(small).filter(([key]) => known.includes(key)));
  return definition.build(config.parse({ ...own, ...ofModel[name], ...settings }), data);
}

const x = new Input("x", [batch, ...shape]);
/** Initial values with biases that are not 0, and the examples. */
const leavesOf = (model: Model): Map<Tensor, Value> => {
  const intensities = sines(x, 0.3).data.map((v) => (1 + v) / 2);
  const leaves = new Map<Tensor, Value>([[x, value("float32", x.shape, intensities)]]);
  for (const [v, { dtype, shape: s, data: w }] of initialValues(model)) {
    const phase = leaves.size;
    leaves.set(
      v,
      value(
        dtype,
        s,
        w.map((each, k) => 1.5 * each + 0.2 * Math.sin(phase + 3 * k)),
      ),
    );
  }
  return leaves;
};

/** The same noise for every graph: by the shape of a leaf, of which a graph has one each. */
function sharedNoise(root: Tensor): Map<Tensor, Value> {
  const leaves = [...noiseValues([root], 0).keys()];
  expect(new Set(leaves.map((leaf) => leaf.shape.join())).size).toBe(leaves.length);
  const drawn = new Map<Tensor, Value>();
  for (const leaf of leaves) {
    const seed = leaf.shape.reduce((key, n) => 31 * key + n, 7);
    drawn.set(leaf, noiseValues([leaf], seed).get(leaf)!);
  }
  return drawn;
}

const average = (root: Tensor, leaves: ReadonlyMap<Tensor, Value>): number => {
  const [{ data: values }] = evaluate([root], new Map([...leaves, ...sharedNoise(root)])) as [Value];
  return values.reduce((sum, v) => sum + v, 0) / values.length;
};

/** The first metric of validation: its name, and its mean over the batch. */
function firstOf(model: Model, leaves: ReadonlyMap<Tensor, Value>): readonly [name: string, mean: number] {
  const metrics = model.validation!(x, conditioned(evaluation, classes));
  for (const metric of Object.values(metrics)) expect(metric.shape).toEqual([batch]);
  const [[name, metric]] = Object.entries(metrics) as [[string, Tensor]];
  return [name, average(metric, leaves)];
}

/** Models with settings that change what they minimize, and what they call it. */
const trained: readonly (readonly [model: string, settings: object, metric: string])[] = [
  ["ae", {}, "reconstruction"],
  ["dae", {}, "reconstruction"],
  ["rae", {}, "loss"],
  ["rae", { regularizer: "gp", beta: 0.5, lambda: 2 }, "loss"],
  ["rae", { regularizer: "sn" }, "loss"],
  ["rae", { regularizer: "none" }, "loss"],
  ["wae", {}, "loss"],
  ["vae", {}, "negElbo"],
  ["vae", { warmup: 10 }, "negElbo"],
  ["vae", { prior: "mixture" }, "negElbo"],
  ["vae", { beta: 4 }, "loss"],
  ["vae", { beta: 0.5, warmup: 10 }, "loss"],
  ["vae", { beta: 2, finalBeta: 0.5, betaSteps: 10 }, "loss"],
  ["vae", { capacity: 2, capacitySteps: 10, beta: 3 }, "loss"],
  ["vae", { capacity: 2, capacitySteps: 10, beta: 1 }, "loss"],
  ["cvae", {}, "negElbo"],
  ["cvae", { beta: 4 }, "loss"],
  ["iwae", {}, "negBound"],
  ["iwae", { objective: "miwae", samples: 6, groups: 2 }, "negBound"],
  ["iwae", { objective: "piwae", samples: 6, groups: 2 }, "negBound"],
  ["iwae", { objective: "ciwae", samples: 6, mix: 0.25 }, "negBound"],
  ["two-layer", {}, "negBound"],
  ["two-layer", { samples: 1 }, "negElbo"],
  ["ladder-vae", {}, "negElbo"],
  ["ladder-vae", { inference: "bottom-up" }, "negElbo"],
  ["ladder-vae", { freeBits: 3 }, "loss"],
  ["vdvae", {}, "negElbo"],
  ["vdvae", { freeBits: 3, posterior: "residual" }, "loss"],
  ["beta-tcvae", {}, "loss"],
  ["beta-tcvae", { estimator: "weighted", alpha: 0.5, gamma: 2 }, "loss"],
  ["dip-vae", {}, "loss"],
  ["dip-vae", { covariance: "means", offDiagonal: 3, diagonal: 7 }, "loss"],
  ["factor-vae", {}, "loss"],
  ["info-vae", {}, "loss"],
  ["info-vae", { alpha: 0.5, lambda: 3 }, "loss"],
  ["info-vae", { latentDim: 1, lambda: 5 }, "loss"],
  ["vq-vae", { quantizer: "simvq", commitment: 3 }, "loss"],
  ["vq-vae", { quantizer: "fsq" }, "loss"],
  ["vq-vae-2", { quantizer: "simvq" }, "loss"],
  ["diffusion", {}, "loss"],
  ["diffusion", { process: "ddpm", path: "cosine", prediction: "v" }, "loss"],
  ["diffusion", { process: "flow" }, "loss"],
];

test.each(trained)("%s, %j: validation reports %s first, the loss that is trained", (name, settings, metric) => {
  const model = modelOf(name, settings);
  const leaves = leavesOf(model);
  // Schedules have come to their end.
  const [objective] = objectivesOf(model, x, { fields: classes, step: constant(1000) });
  const [first, mean] = firstOf(model, leaves);
  expect(first).toBe(metric);
  expect(mean).toBeCloseTo(average(objective!.loss, leaves), 8);
});

test("m2: validation reports eq. 9 first, each example as one with a label and one without by their fractions", () => {
  const model = modelOf("m2", { labeled, alpha: 2.5 });
  const leaves = leavesOf(model);
  const objective = (fields: Condition, labeledFraction: number) =>
    objectivesOf(model, x, { fields, labeledFraction })[0]!;
  const fraction = labeled / examples;
  const { loss, metrics } = objective(classes, 1);
  const crossEntropy = 2.5 * average(metrics["crossEntropy"]!, leaves);
  const supervised = average(loss, leaves) - crossEntropy;
  const unsupervised = average(objective(unlabeled, 0).loss, leaves);
  const [first, mean] = firstOf(model, leaves);
  expect(first).toBe("loss");
  expect(mean).toBeCloseTo(fraction * supervised + (1 - fraction) * unsupervised + crossEntropy, 8);
});

/** Models whose normalization has other statistics in validation than in training. */
const normalized = ["nvae"];

test("every model that is trained by steps is among them, but for games, which minimize no one loss", () => {
  const models = registry.map(({ name }) => ({ name, model: modelOf(name) }));
  const stepped = models.filter(
    ({ model }) => !model.solve && objectivesOf(model, x, { fields: classes })[0]!.name === "loss",
  );
  expect([...new Set([...trained.map(([name]) => name), "m2", ...normalized])].toSorted()).toEqual(
    stepped.map(({ name }) => name).toSorted(),
  );
});
