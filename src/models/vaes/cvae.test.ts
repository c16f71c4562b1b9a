import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import type { Independent } from "../../distributions/independent.ts";
import type { Normal } from "../../distributions/normal.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { variables } from "../../nn/module.ts";
import { sigmoid } from "../../ops/elementwise.ts";
import { type Context, conditioned, evaluation } from "../../nn/context.ts";
import { cvae } from "./cvae.ts";
import { VAE, vae } from "./vae.ts";

const shape = [1, 4, 4];
const classNames = ["a", "b", "c"];
const data = dataSpec(shape, { fields: [{ name: "class", kind: "class", classes: classNames }] });
const settings = { latentDim: 2, hiddenDims: [5], channels: [2] };
const conditionalOf = (more: object = {}): VAE => cvae.build(cvae.config.parse({ ...settings, ...more }), data) as VAE;
/** The context of examples of these classes. */
const given = (...values: readonly number[]): Context =>
  conditioned(evaluation, { class: constant([...values], [values.length], "int64") });

/** Initial values with biases that are not 0. */
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
  const conditional = conditionalOf();
  const plain = new VAE(vae.config.parse(settings), dataSpec(shape));
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
  const context = given(chosen, chosen, chosen, chosen);
  const bounds = [conditional.logWeights(x, 3, context), plain.logWeights(x, 3, evaluation)];
  // Each has noise of its own shape only: the same noise for both.
  const found = bounds.map((b) => evaluate([b], new Map([...leaves, ...noiseValues([b], 7)]))[0]!);
  expect(found[0]!.data.length).toBe(12);
  found[0]!.data.forEach((v, i) => expect(v).toBeCloseTo(found[1]!.data[i]!, 8));
});

describe.each(["mlp", "conv"])("network=%s", (network) => {
  const model = conditionalOf({ network });
  const x = new Input("x", [3, ...shape]);
  const values = shifted(model);
  const latent = [0.3, -1.1, 0.8, 0.2, -0.5, 1.4];
  const numbers = (root: Tensor, more: readonly (readonly [Tensor, Value])[]): readonly number[] => [
    ...evaluate([root], new Map([...values, ...more]))[0]!.data,
  ];

  test("each example sees its own label, in the posterior and in every code of it", () => {
    const [all, one] = [intensities(x), new Input("one", [1, ...shape])];
    const classes = [2, 0, 1];
    const context = given(...classes);
    const means = numbers(model.posterior(x, context).mean, [[x, all]]);
    // Two codes for each of the three examples.
    const codes = constant([...latent, ...latent.map((v) => v + 1)], [6, 2]);
    const decoded = numbers(model.decode({ z: codes }, context).mean, []);
    classes.forEach((label, i) => {
      const alone = given(label);
      const example = value("float32", one.shape, all.data.slice(16 * i, 16 * (i + 1)));
      const mean = numbers(model.posterior(one, alone).mean, [[one, example]]);
      mean.forEach((v, d) => expect(means[2 * i + d]).toBeCloseTo(v, 10));
      for (const k of [0, 1]) {
        const code = constant([latent[2 * i]! + k, latent[2 * i + 1]! + k], [1, 2]);
        const pixels = numbers(model.decode({ z: code }, alone).mean, []);
        pixels.forEach((v, p) => expect(decoded[(3 * k + i) * 16 + p]).toBeCloseTo(v, 6));
      }
    });
    const others = numbers(model.posterior(x, given(0, 1, 2)).mean, [[x, all]]);
    others.forEach((v, i) => expect(Math.abs(v - means[i]!)).toBeGreaterThan(1e-4));
  });

  test("validation metrics are those of the model given the label", () => {
    const context = given(1, 1, 0);
    const { negElbo } = model.validation(x, context);
    const { elbo } = model.elbo(x, context);
    const [mine, theirs] = [negElbo!, elbo.neg()].map((root) =>
      numbers(root, [[x, intensities(x)], ...noiseValues([root], 2)]),
    );
    expect(mine).toEqual(theirs);
  });
});

describe("p(z|y)", () => {
  const z = constant([0.3, -1.1, 0.8, 0.2], [2, 2]);
  const density = (model: VAE, ...of: readonly number[]): readonly number[] => {
    const logDensity = model.latents[0].prior!({}, of.length, given(...of)).logProb(z);
    return [...evaluate([logDensity], shifted(model))[0]!.data];
  };

  test("is the same for every class where it is N(0, I)", () => {
    const model = conditionalOf();
    expect(density(model, 0, 1)).toEqual(density(model, 2, 0));
  });

  test("is a mixture of the class's own components", () => {
    const model = conditionalOf({ prior: "mixture", components: 6 });
    const leaves = shifted(model);
    const [means, logVars] = [...variables(model.prior).values()].map((v) => leaves.get(v)!.data);
    const expected = [2, 0].map((label, row) => {
      const each = [0, 1].map((k) => {
        const at = 2 * (2 * label + k);
        const logs = [0, 1].map((d) => {
          const code = [0.3, -1.1, 0.8, 0.2][2 * row + d]!;
          return (
            -0.5 *
            ((code - means![at + d]!) ** 2 / Math.exp(logVars![at + d]!) + logVars![at + d]! + Math.log(2 * Math.PI))
          );
        });
        return Math.exp(logs[0]! + logs[1]!);
      });
      return Math.log((each[0]! + each[1]!) / 2);
    });
    density(model, 2, 0).forEach((found, i) => expect(found).toBeCloseTo(expected[i]!, 6));
  });

  test("of pseudo-inputs is a mixture of their posteriors as examples of the class", () => {
    const model = conditionalOf({ prior: "vamp", components: 3 });
    const leaves = shifted(model);
    const [inputs] = [...variables(model.prior).values()];
    const pseudo = sigmoid(inputs!);
    // One each: p(z|y) is the posterior of the class's only one.
    const posterior = model.posterior(pseudo, given(0, 1, 2)) as Independent<Normal>;
    const [m, v] = evaluate([posterior.base.mean, posterior.base.logVar], leaves);
    const expected = [1, 2].map((label, row) =>
      [0, 1].reduce((sum, d) => {
        const code = [0.3, -1.1, 0.8, 0.2][2 * row + d]!;
        const at = 2 * label + d;
        return sum - 0.5 * ((code - m!.data[at]!) ** 2 / Math.exp(v!.data[at]!) + v!.data[at]! + Math.log(2 * Math.PI));
      }, 0),
    );
    density(model, 1, 2).forEach((found, i) => expect(found).toBeCloseTo(expected[i]!, 6));
  });
});

test("data without labels are refused in one line", () => {
  expect(() => cvae.build(cvae.config.parse(settings), dataSpec(shape))).toThrow(
    "model: it is conditioned on labels, got data without, expected labeled data, such as digits",
  );
});
