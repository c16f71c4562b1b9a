import { beforeAll, describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { independent } from "../../distributions/independent.ts";
import { kl } from "../../distributions/kl.ts";
import { Normal } from "../../distributions/normal.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, type Tensor, type Variable } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { parameters, variables } from "../../nn/module.ts";
import { sigmoid, split } from "../../ops/index.ts";
import { compute } from "../../runtime/compute.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { prior, priorNames } from "./priors.ts";
import { VAE, vae } from "../vaes/vae.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const shape = [1, 3, 3];
const settings = { latentDim: 2, hiddenDims: [5], activation: "silu", components: 3 };
const vaeOf = (more: object): VAE => new VAE(vae.config.parse({ ...settings, ...more }), dataSpec(shape));

/** Initial values, moved so that no two components are alike and no bias is 0. */
const shifted = (model: object): Map<Tensor, Value> =>
  new Map(
    [...initialValues(model)].map(([v, { dtype, shape: s, data }], i) => [
      v,
      value(
        dtype,
        s,
        data.map((w, k) => w + 0.3 * Math.sin(1 + i + 3 * k)),
      ),
    ]),
  );

const logNormal = (x: number, mean: number, variance: number): number =>
  -0.5 * ((x - mean) ** 2 / variance + Math.log(2 * Math.PI * variance));

test("a mixture of one N(0, I) has, in expectation, the rate that N(0, I) has in closed form", () => {
  const config = { components: 1 };
  const data = {
    latentDim: 3,
    shape,
    binaryData: true,
    posterior: () => expect.fail("a mixture asks for no posterior"),
  };
  const one = prior({ ...config, prior: "mixture" }, data);
  const standard = prior({ ...config, prior: "standard" }, data);
  const q = independent(
    new Normal(constant([0.5, -1, 2, 0, 0.1, -0.3], [2, 3]), { logVar: constant([-1, 0.5, -2, 0, -0.2, 1], [2, 3]) }),
    1,
  );
  const z = q.rsample([40_000]);
  const each = q.logProb(z).sub(one.of(2, evaluation).logProb(z));
  const leaves = new Map<Tensor, Value>([
    ...[...parameters(one).values()].map((v): [Variable, Value] => [
      v,
      value("float32", v.shape, new Float64Array(v.size)),
    ]),
    ...noiseValues([each], 3),
  ]);
  const [estimate, ratios, closed, exact] = evaluate(
    [one.rate(q, z, evaluation), each, standard.rate(q, z, evaluation), kl(q, standard.of(2, evaluation))],
    leaves,
  );
  expect(closed!.data).toEqual(exact!.data);
  for (const i of [0, 1]) {
    const samples = ratios!.data.filter((_, k) => k % 2 === i);
    const average = samples.reduce((a, b) => a + b, 0) / samples.length;
    const variance = samples.reduce((a, b) => a + (b - average) ** 2, 0) / samples.length;
    expect(estimate!.data[i]).toBeCloseTo(average, 8);
    // Four standard errors.
    expect(Math.abs(average - exact!.data[i]!)).toBeLessThan(4 * Math.sqrt(variance / samples.length));
  }
});

describe.each(["mixture", "vamp"] as const)("the prior %s", (name) => {
  const model = vaeOf({ prior: name });
  const leaves = shifted(model);
  const learned = [...variables(model.prior).values()] as readonly Tensor[];
  const [means, logVars] =
    name === "mixture" ? learned : split(model.encoder.apply(sigmoid(learned[0]!), evaluation), -1, 2);
  const [m, v] = evaluate([means!, logVars!], leaves);
  /** Means and variances of the K components, [K][latentDim]. */
  const components = [0, 1, 2].map((k) =>
    [0, 1].map((d) => ({ mean: m!.data[2 * k + d]!, variance: Math.exp(v!.data[2 * k + d]!) })),
  );

  test("is the average density of its components", () => {
    const z = constant([0.4, -1.2, 3, 0.3], [2, 2]);
    const [logDensity] = evaluate([model.latents[0].prior!({}, 2, evaluation).logProb(z)], leaves);
    const expected = [
      [0.4, -1.2],
      [3, 0.3],
    ].map((code) => {
      const each = components.map((dims) =>
        Math.exp(dims.reduce((sum, { mean, variance }, d) => sum + logNormal(code[d]!, mean, variance), 0)),
      );
      return Math.log(each.reduce((a, b) => a + b) / 3);
    });
    expected.forEach((v, i) => expect(logDensity!.data[i]).toBeCloseTo(v, 6));
  });

  test("samples codes with its mean and variance", () => {
    const count = 20_000;
    const samples = model.latents[0].prior!({}, count, evaluation).sample();
    const [codes] = evaluate([samples], new Map([...leaves, ...noiseValues([samples], 8)]));
    for (const d of [0, 1]) {
      const dims = components.map((dim) => dim[d]!);
      const mean = dims.reduce((sum, c) => sum + c.mean, 0) / 3;
      const variance = dims.reduce((sum, c) => sum + c.variance + (c.mean - mean) ** 2, 0) / 3;
      const found = codes!.data.filter((_, i) => i % 2 === d);
      const average = found.reduce((a, b) => a + b, 0) / count;
      expect(Math.abs(average - mean)).toBeLessThan(4 * Math.sqrt(variance / count));
      expect(found.reduce((a, b) => a + (b - average) ** 2, 0) / count / variance).toBeCloseTo(1, 1);
    }
  });
});

test.each(priorNames)("%s: the loss's gradient is its slope, and ONNX Runtime's", async (name) => {
  const model = vaeOf({ prior: name, samples: 2, beta: 0.8 });
  const x = new Input("x", [4, ...shape]);
  const step = new Input("step", []);
  const [objective] = objectivesOf(model, x, { step });
  const { loss } = objective!;
  const wrt = [...parameters(model).values()];
  expect(wrt).toHaveLength({ standard: 8, mixture: 10, vamp: 9, circle: 8, "swiss-roll": 8 }[name]);
  const leaves = new Map<Tensor, Value>([
    ...shifted(model),
    [
      x,
      value(
        "float32",
        x.shape,
        sines(x, 0.3).data.map((v) => (1 + v) / 2),
      ),
    ],
    [step, value("float32", [], [1])],
    ...noiseValues([loss], 5),
  ]);
  const gradients = grad(loss, wrt);
  const found = evaluate(gradients, leaves);
  const h = 1e-5;
  wrt.forEach((v, i) => {
    const { dtype, shape: s, data } = leaves.get(v)!;
    // Along one direction of each tensor, in which no element is still.
    const direction = data.map((_, k) => Math.cos(2 * k + 1));
    const at = (by: number): number =>
      evaluate(
        [loss],
        new Map(leaves).set(
          v,
          value(
            dtype,
            s,
            data.map((w, k) => w + by * direction[k]!),
          ),
        ),
      )[0]!.data[0]!;
    const slope = (at(h) - at(-h)) / (2 * h);
    const along = found[i]!.data.reduce((sum, g, k) => sum + g * direction[k]!, 0);
    expect(Math.abs(along - slope) / (1 + Math.abs(slope))).toBeLessThan(1e-6);
  });
  (await compute(cpu, gradients, leaves)).forEach(({ data }, i) =>
    data.forEach((got, k) => {
      const want = found[i]!.data[k]!;
      expect(Math.abs(got - want) / (1 + Math.abs(want))).toBeLessThan(1e-4);
    }),
  );
});

test.each(["circle", "swiss-roll"] as const)("%s is of two dimensions", (name) => {
  expect(() => vaeOf({ prior: name, latentDim: 3 })).toThrow(
    `latentDim: the prior ${name} is one of the plane, got 3, expected 2`,
  );
});
