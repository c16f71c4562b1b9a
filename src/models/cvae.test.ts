import { describe, expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { initialValues, sines } from "../../test/variable-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { variables } from "../nn/module.ts";
import { CVAE, cvae } from "./cvae.ts";
import { VAE, vae } from "./vae.ts";

const shape = [1, 4, 4];
const classNames = ["a", "b", "c"];
const settings = { latentDim: 2, hiddenDims: [5], channels: [2] };
const labels = (...values: readonly number[]): Tensor => constant([...values], [values.length], "int64");

/** First values with biases that are not 0. */
const shifted = (model: object): Map<Tensor, Value> =>
  new Map(
    [...initialValues(model)].map(([v, { dtype, shape: s, data }], i) => [
      v,
      value(
        dtype,
        s,
        data.map((w, k) => w + 0.2 * Math.sin(1 + i + 3 * k)),
      ),
    ]),
  );

const intensities = (x: Input): Value =>
  value(
    "float32",
    x.shape,
    sines(x, 0.3).data.map((v) => (1 + v) / 2),
  );

test("given one class it is a VAE whose first biases have the class's weights added", () => {
  const conditional = new CVAE(cvae.config.parse(settings), { shape, classNames });
  const plain = new VAE(vae.config.parse(settings), { shape });
  const x = new Input("x", [4, ...shape]);
  const leaves = shifted(conditional).set(x, intensities(x));
  const of = new Map([...variables(conditional)].map(([name, v]) => [name.replace("network.", ""), leaves.get(v)!]));
  const chosen = 1;
  for (const [name, v] of variables(plain)) {
    const theirs = of.get(name)!;
    const first = name.match(/^(.*layers\.0)\.bias$/)?.[1];
    if (first !== undefined) {
      // Rows [outDim, inDim + classes]: the class's column goes to the bias.
      const { shape: wide, data: weight } = of.get(`${first}.weight`)!;
      const width = wide[1]!;
      const at = width - classNames.length + chosen;
      leaves.set(
        v,
        value(
          "float32",
          v.shape,
          theirs.data.map((b, row) => b + weight[row * width + at]!),
        ),
      );
    } else if (name.endsWith("layers.0.weight")) {
      const width = theirs.shape[1]!;
      leaves.set(
        v,
        value(
          "float32",
          v.shape,
          theirs.data.filter((_, i) => i % width < v.shape[1]!),
        ),
      );
    } else leaves.set(v, theirs);
  }
  const given = conditional.given(labels(chosen, chosen, chosen, chosen));
  const bounds = [given.logWeights(x, 3), plain.logWeights(x, 3)];
  // Each has noise of its own shape only: the same draws for both.
  const found = bounds.map((b) => evaluate([b], new Map([...leaves, ...noiseValues([b], 7)]))[0]!);
  expect(found[0]!.data.length).toBe(12);
  found[0]!.data.forEach((v, i) => expect(v).toBeCloseTo(found[1]!.data[i]!, 8));
});

describe.each(["mlp", "conv"])("network=%s", (network) => {
  const model = new CVAE(cvae.config.parse({ ...settings, network }), { shape, classNames });
  const x = new Input("x", [3, ...shape]);
  const values = shifted(model);
  const latent = [0.3, -1.1, 0.8, 0.2, -0.5, 1.4];
  const numbers = (root: Tensor, more: readonly (readonly [Tensor, Value])[]): readonly number[] => [
    ...evaluate([root], new Map([...values, ...more]))[0]!.data,
  ];

  test("each example sees its own label, in the posterior and in every code of it", () => {
    const [all, one] = [intensities(x), new Input("one", [1, ...shape])];
    const classes = [2, 0, 1];
    const given = model.given(labels(...classes));
    const means = numbers(given.encode(x).mean, [[x, all]]);
    // Two codes for each of the three examples.
    const codes = constant([...latent, ...latent.map((v) => v + 1)], [6, 2]);
    const decoded = numbers(given.decode(codes).mean, []);
    classes.forEach((label, i) => {
      const alone = model.given(labels(label));
      const example = value("float32", one.shape, all.data.slice(16 * i, 16 * (i + 1)));
      const mean = numbers(alone.encode(one).mean, [[one, example]]);
      mean.forEach((v, d) => expect(means[2 * i + d]).toBeCloseTo(v, 10));
      for (const k of [0, 1]) {
        const code = constant([latent[2 * i]! + k, latent[2 * i + 1]! + k], [1, 2]);
        const pixels = numbers(alone.decode(code).mean, []);
        pixels.forEach((v, p) => expect(decoded[(3 * k + i) * 16 + p]).toBeCloseTo(v, 6));
      }
    });
    const others = numbers(model.given(labels(0, 1, 2)).encode(x).mean, [[x, all]]);
    others.forEach((v, i) => expect(Math.abs(v - means[i]!)).toBeGreaterThan(1e-4));
  });

  test("scores are those of the model given the label", () => {
    const label = labels(1, 1, 0);
    const { negElbo } = model.scores(x, label);
    const { elbo } = model.given(label).bound(x);
    const [mine, theirs] = [negElbo!, elbo.neg()].map((root) =>
      numbers(root, [[x, intensities(x)], ...noiseValues([root], 2)]),
    );
    expect(mine).toEqual(theirs);
  });
});

test("what it cannot be built for is said in one line", () => {
  const config = cvae.config.parse(settings);
  expect(() => cvae.build(config, { shape })).toThrow(
    "model: it learns from labels, got data without, expected labelled data, such as digits",
  );
  const vamp = cvae.build({ ...config, prior: "vamp" }, { shape, classNames });
  expect(() => vamp.scores!(new Input("x", [2, ...shape]), labels(0, 1))).toThrow(
    "prior: pseudo-inputs have no labels, got vamp for a model that learns from labels, expected standard or mixture",
  );
});
