import { expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { trainBriefly } from "../../test/train-briefly.ts";
import { sines } from "../../test/variable-values.ts";
import { independent, Normal } from "../distributions/index.ts";
import { evaluate } from "../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import type { Model } from "../models/model.ts";
import { evaluation } from "../nn/context.ts";
import { parameters, variables } from "../nn/module.ts";
import { mean, slice, square } from "../ops/index.ts";
import { cpuDevice } from "../runtime/node.ts";
import { affine, Autoregressive, type Bijector, Planar, Transformed } from "./index.ts";

const gaussian = (batch: number, size: number) => independent(new Normal(constant(0).broadcastTo([batch, size]), 1), 1);
const iaf = (size: number): Bijector =>
  new Autoregressive(affine, { size, hiddenDims: [6], activation: "tanh", given: 2 });

const leavesOf = (module: object, roots: readonly Tensor[]): Map<Tensor, Value> =>
  new Map([
    ...[...variables(module).values()].map((v, i): [Tensor, Value] => [v, sines(v, i)]),
    ...noiseValues(roots, 4),
  ]);

test.each([
  ["planar", new Planar(3, { given: 2 })],
  ["inverse autoregressive", iaf(3)],
])("the density of its own samples is that of any values, %s", (_, bijector) => {
  const given = constant([0.3, -1, 0.8, 0.2], [2, 2]);
  const q = new Transformed(gaussian(2, 3), { bijector, context: evaluation, given });
  const z = q.rsample([4]);
  expect(z.shape).toEqual([4, 2, 3]);
  const known = q.logProb(z);
  expect(known.shape).toEqual([4, 2]);
  const leaves = leavesOf(bijector, [z]);
  const [samples, expected] = evaluate([z, known], leaves) as [Value, Value];
  // The same numbers as a leaf, which has to be inverted.
  const others = new Input("z", z.shape);
  const [found] = evaluate([q.logProb(others)], new Map(leaves).set(others, samples)) as [Value];
  found.data.forEach((v, i) => expect(v).toBeCloseTo(expected.data[i]!, 6));
});

test("the density integrates to 1", () => {
  const bijector = new Planar(1);
  const q = new Transformed(gaussian(1, 1), { bijector, context: evaluation });
  const step = 0.01;
  const y = constant(
    Array.from({ length: 2400 }, (_, i) => (i - 1200) * step),
    [2400, 1, 1],
  );
  const [logs] = evaluate([q.logProb(y)], leavesOf(bijector, [])) as [Value];
  expect(step * logs.data.reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 4);
});

test("what has no closed form is refused by name, with what to do instead", () => {
  const q = new Transformed(gaussian(2, 3), { bijector: new Planar(3), context: evaluation });
  expect(() => q.entropy()).toThrow(
    "Transformed.entropy: there is no closed form, expected the mean of -logProb over samples",
  );
  expect(() => q.variance).toThrow("Transformed.variance: there is no closed form, expected the variance of samples");
});

test("it learns a correlation that independent dimensions cannot have", async () => {
  const rho = 0.95;
  // log p of correlated normals; the nearest independent ones are -1/2 log(1 - rho^2) = 1.16 nats away.
  const logTarget = (z: Tensor): Tensor => {
    const [a, b] = [slice(z, -1, 0, 1), slice(z, -1, 1, 2)];
    const exponent = square(a)
      .sub(a.mul(b).mul(2 * rho))
      .add(square(b))
      .div(2 * (1 - rho ** 2));
    return exponent
      .neg()
      .sum(-1)
      .sub(Math.log(2 * Math.PI) + Math.log(1 - rho ** 2) / 2);
  };
  const bijector = new Autoregressive(affine, { size: 2, hiddenDims: [8] });
  const kl = (batch: number): Tensor => {
    const q = new Transformed(gaussian(batch, 2), { bijector, context: evaluation });
    const z = q.rsample();
    return mean(q.logProb(z).sub(logTarget(z)));
  };
  const model: Model & { readonly bijector: Bijector } = {
    bijector,
    objectives: ({ x }) => [{ name: "kl", loss: kl(x.shape[0]!), parameters: parameters({ bijector }), metrics: {} }],
  };
  const device = await cpuDevice(1);
  const learned = await trainBriefly(model, { device, x: new Float32Array(256), shape: [1], steps: 400 });
  const found = kl(20_000);
  const [{ data }] = evaluate([found], new Map([...learned, ...noiseValues([found], 1)])) as [Value];
  expect(data[0]).toBeLessThan(0.05);
  expect(data[0]).toBeGreaterThan(-0.02);
});
