import { afterEach, describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { temporaryRun } from "../../../test/temporary-run.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { conditioned, evaluation } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { concat } from "../../ops/movement.ts";
import { AAE, aae } from "./aae.ts";
import type { AAEConfig } from "./aae-settings.ts";
import { circle } from "../parts/fixed-priors.ts";

const classes = ["a", "b", "c"];
const data = dataSpec([4], { fields: [{ name: "class", kind: "class", classes }] });
const small = { hiddenDims: [5], discriminatorDims: [6], latentDim: 2, penalty: "none" };
const modelOf = (more: object = {}): AAE => new AAE(aae.config.parse({ ...small, ...more }), data);
const x = new Input("x", [3, 4]);
const labels = (...of: readonly number[]): Tensor => constant([...of], [of.length], "int64");

/** Initial weights made larger, so that softmax and discriminators are not flat, and the examples. */
function leavesOf(model: AAE): Map<Tensor, Value> {
  const leaves = new Map<Tensor, Value>([[x, sines(x, 0.3)]]);
  for (const [v, { shape, data: w }] of initialValues(model))
    leaves.set(
      v,
      value(
        "float32",
        shape,
        w.map((each, k) => 2 * each + 0.3 * Math.sin(leaves.size + 3 * k)),
      ),
    );
  return leaves;
}
const numbers = (model: AAE, ...roots: readonly Tensor[]): number[][] =>
  evaluate(roots, new Map([...leavesOf(model), ...noiseValues(roots, 2)])).map(({ data: of }) => Array.from(of));
const phasesOf = (model: AAE, label?: Tensor) => {
  const found = objectivesOf(model, x, label ? { fields: { class: label } } : {});
  return Object.fromEntries(found.map((objective) => [objective.name, objective]));
};
const softplus = (v: number): number => Math.log1p(Math.exp(v));
const average = (values: readonly number[]): number => values.reduce((s, v) => s + v, 0) / values.length;

describe("the phases", () => {
  test.each<readonly [settings: object, phases: Readonly<Record<string, readonly string[]>>]>([
    [{}, { reconstruction: ["encoder", "decoder"], discriminator: ["discriminator"], generator: ["encoder"] }],
    [
      { labels: "semi-supervised" },
      {
        reconstruction: ["encoder", "decoder"],
        discriminator: ["discriminator", "classDiscriminator"],
        generator: ["encoder"],
        classification: ["encoder"],
      },
    ],
  ])("%j: each changes its own networks, and has a gradient in all of them", (settings, expected) => {
    const model = modelOf(settings);
    const phases = phasesOf(model, labels(0, 2, 1));
    expect(Object.keys(phases)).toEqual(Object.keys(expected));
    for (const [name, { loss, parameters: own }] of Object.entries(phases)) {
      const networks = [...new Set([...own.keys()].map((path) => path.split(".")[0]!))];
      expect(networks, name).toEqual(expected[name]);
      const weights = [...own].filter(([path]) => path.endsWith("weight")).map(([, v]) => v);
      for (const slope of numbers(model, ...grad(loss, weights)))
        expect(
          slope.some((v) => v !== 0),
          name,
        ).toBe(true);
    }
  });

  test("with a discriminator that knows nothing, the discriminator's loss is 2 log 2 and the generator's log 2", () => {
    const model = modelOf();
    const { discriminator, generator } = phasesOf(model);
    const leaves = leavesOf(model);
    for (const v of parameters(model.discriminator).values())
      leaves.set(v, value("float32", v.shape, new Float64Array(v.size)));
    const roots = [discriminator!.loss, generator!.loss];
    const found = evaluate(roots, new Map([...leaves, ...noiseValues(roots, 2)])).map(({ data: [v] }) => v!);
    expect(found[0]).toBeCloseTo(2 * Math.log(2), 6);
    expect(found[1]).toBeCloseTo(Math.log(2), 6);
  });

  test("the discriminator of modes sees the class one-hot, and one more for an unlabeled example", () => {
    const model = modelOf({ prior: "mixture", labels: "modes" });
    const { generator } = phasesOf(model, labels(1, -1, 2));
    const codes = model.encode(x, evaluation).z.mean;
    const seen = (label: number): Tensor => {
      const y = Array.from({ length: 3 * 4 }, (_, i) => Number(i % 4 === label));
      return model.discriminator.apply(concat([codes, constant(y, [3, 4])], 1));
    };
    const [loss, ...logits] = numbers(model, generator!.loss, seen(1), seen(3), seen(2));
    expect(loss![0]).toBeCloseTo(average([0, 1, 2].map((i) => softplus(-logits[i]![i]!))), 6);
  });

  test("cross-entropy is that of the labeled examples alone", () => {
    const model = modelOf({ labels: "semi-supervised" });
    const { classification } = phasesOf(model, labels(-1, 2, 0));
    const [loss, error, logClasses] = numbers(
      model,
      classification!.loss,
      classification!.metrics["classificationError"]!,
      model.logClasses!(x, evaluation),
    );
    const of = (row: number): number[] => logClasses!.slice(3 * row, 3 * row + 3);
    expect(loss![0]).toBeCloseTo(-(of(1)[2]! + of(2)[0]!) / 2, 6);
    const wrong = Number(of(1)[2]! < Math.max(...of(1))) + Number(of(2)[0]! < Math.max(...of(2)));
    expect(error![0]).toBeCloseTo(wrong / 2, 6);
    expect(Math.exp(of(0)[0]!) + Math.exp(of(0)[1]!) + Math.exp(of(0)[2]!)).toBeCloseTo(1, 6);
  });

  test("validation selects by reconstruction + 10 MMD, the objective of a Wasserstein auto-encoder", () => {
    const model = modelOf({ labels: "semi-supervised" });
    const metrics = model.validation(x, conditioned(evaluation, { class: labels(0, 1, 2) }));
    expect(Object.keys(metrics)).toEqual(["loss", "reconstruction", "mmd", "mse", "classificationError"]);
    const [loss, reconstruction, discrepancy] = numbers(model, ...Object.values(metrics));
    loss!.forEach((v, i) => expect(v).toBeCloseTo(reconstruction![i]! + 10 * discrepancy![i]!, 5));
  });
});

describe("codes", () => {
  test("of a class come from its mode, and from all modes where it is unknown", () => {
    const model = modelOf({ prior: "mixture", labels: "modes" });
    const context = conditioned(evaluation, { class: labels(2, -1) });
    const z = constant([-0.6, -1.1, -0.6, -1.1], [2, 2]);
    const p = model.latents[0].prior!({}, 2, context);
    const [found, own, any] = numbers(
      model,
      p.logProb(z),
      circle(3)(2, labels(2, 2)).logProb(z),
      circle(3)(2).logProb(z),
    );
    expect(found![0]).toBeCloseTo(own![0]!, 6);
    expect(found![1]).toBeCloseTo(any![1]!, 6);
    expect(own![0]).not.toBeCloseTo(any![0]!, 1);
  });

  test.each(["deterministic", "gaussian"] as const)(
    "%s: are (y, z), y probabilities, and the class given",
    (encoder) => {
      const model = modelOf({ labels: "semi-supervised", encoder });
      const code = model.encode(x, evaluation).z;
      const given = model.latents[0].prior!({}, 2, conditioned(evaluation, { class: labels(1, 0) }));
      const [sampled, mean, prior] = numbers(model, code.rsample(), code.mean.broadcastTo(code.shape), given.sample());
      for (const row of [0, 1, 2]) {
        const y = sampled!.slice(5 * row, 5 * row + 3);
        expect(average(y)).toBeCloseTo(1 / 3, 6);
        expect(y).toEqual(mean!.slice(5 * row, 5 * row + 3));
        const noisy = sampled![5 * row + 3] !== mean![5 * row + 3];
        expect(noisy).toBe(encoder === "gaussian");
      }
      expect([prior!.slice(0, 3), prior!.slice(5, 8)]).toEqual([
        [0, 1, 0],
        [1, 0, 0],
      ]);
    },
  );
});

test.each<readonly [config: Partial<AAEConfig>, message: string]>([
  [{ prior: "mixture", latentDim: 3 }, "latentDim: the prior mixture is one of the plane, got 3, expected 2"],
  [{ labels: "modes" }, "labels: the prior gaussian has no modes for classes to pick"],
  [{ labels: "semi-supervised", clusters: 4 }, "clusters: they are found without labels, got clusters=4"],
  [{ labeled: 10 }, "labeled: no labels are used, got 10, expected labels to be modes or semi-supervised"],
  [{ penalty: "none", penaltyWeight: 1 }, "penaltyWeight: there is no penalty, got 1"],
])("%j is refused", (config, message) => {
  expect(() => aae.build(aae.config.parse(config), data)).toThrow(message);
});

test("each class has a label at least", () => {
  expect(() => modelOf({ labels: "semi-supervised", labeled: 2 })).toThrow(
    "labeled: classes without a label, got 2 for 3 classes, expected at least one of each",
  );
  expect(modelOf({ labels: "semi-supervised", labeled: 3 }).labeledExamples).toBe(3);
});

test("labels need labeled data", () => {
  const config = aae.config.parse({ labels: "semi-supervised" });
  expect(() => aae.build(config, dataSpec([4]))).toThrow("model: it is conditioned on labels, got data without");
});

describe("learning, on digits", () => {
  let remove: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const each of remove) await each();
    remove = [];
  });
  const networks = { hiddenDims: [64], discriminatorDims: [64, 64] };
  const trained = async (config: object, steps: number) => {
    const settings = { steps, batchSize: 100, learningRate: 2e-3, beta1: 0.5 };
    const run = await temporaryRun("aae", "digits:1000", {
      config: { ...networks, ...config },
      settings,
      dataOptions: { validation: 300 },
    });
    remove.push(() => run.remove());
    return run;
  };
  const valueOf = async (run: Awaited<ReturnType<typeof trained>>, metric: string): Promise<number> => {
    const { metrics } = await run.evaluate({ metrics: [metric] });
    return metrics[metric]!.results[0]!.value;
  };

  test("a mixture whose modes the classes pick: codes match it, and lie in the modes of their classes", async () => {
    const config = { prior: "mixture", labels: "modes" };
    const [before, after] = [await trained(config, 1), await trained(config, 400)];
    expect(await valueOf(after, "code-mmd")).toBeLessThan((await valueOf(before, "code-mmd")) / 8);
    const { trained: model } = after.loaded;
    const { test: split } = await after.loaded.openData();
    const { means } = await model.codes(split);
    const inMode = Array.from(split.indices).filter((example, i) => {
      const angle = Math.atan2(means[2 * i + 1]!, means[2 * i]!) / (2 * Math.PI);
      return (Math.round(10 * angle) + 10) % 10 === split.dataset.labels![example];
    }).length;
    // A tenth by chance.
    expect(inMode / split.indices.length).toBeGreaterThan(0.4);
  });

  test("from 100 labels it classifies far better than chance", async () => {
    const run = await trained({ labels: "semi-supervised", labeled: 100 }, 300);
    expect(await valueOf(run, "class-error")).toBeLessThan(0.35);
  });

  test("clusters are those of classes, more often than by chance", async () => {
    const run = await trained({ clusters: 20 }, 300);
    const { metrics } = await run.evaluate({ metrics: ["class-error"] });
    const { value: error, note } = metrics["class-error"]!.results[0]!;
    expect(error).toBeLessThan(0.75);
    expect(note).toMatch(/^20 clusters, of \d+ classes$/);
  });
});
