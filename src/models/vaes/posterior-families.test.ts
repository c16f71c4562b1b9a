import { beforeAll, describe, expect, test } from "vitest";
import { knownSpectrum } from "../../../test/known-spectrum.ts";
import { noiseValues } from "../../../test/noise-values.ts";
import { trainBriefly } from "../../../test/train-briefly.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import type { Transformed } from "../../bijectors/transformed.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { variables } from "../../nn/module.ts";
import { logMeanExp, mean } from "../../ops/reduction.ts";
import { compute } from "../../runtime/compute.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { VAE, vae } from "./vae.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const build = (settings: object, shape: readonly number[]): VAE =>
  new VAE(vae.config.parse({ hiddenDims: [6], latentDim: 3, flowDims: [5], ...settings }), dataSpec(shape));

const flows = ["iaf", "planar"] as const;
const numbers = (roots: readonly Tensor[], leaves: ReadonlyMap<Tensor, Value>): number[][] =>
  evaluate(roots, leaves).map(({ data }) => Array.from(data));

const average = ({ data }: Value): number => data.reduce((sum, v) => sum + v, 0) / data.length;

describe.each(flows)("a posterior of %s", (posterior) => {
  const model = build({ posterior, likelihood: "gaussian", std: 0.5 }, [4]);
  const x = new Input("x", [6, 4]);
  const at = (t: readonly Tensor[], values: Map<Tensor, Value>): Map<Tensor, Value> =>
    new Map([...values, [x, sines(x, 1)], ...noiseValues(t, 3)]);

  test("is at first the Gaussian that it starts from", () => {
    const q = model.posterior(x, evaluation) as Transformed;
    const z = q.rsample();
    const [found, expected] = numbers([q.logProb(z), q.base.logProb(z)], at([z], initialValues(model)));
    found!.forEach((v, i) => expect(v).toBeCloseTo(expected![i]!, 5));
  });

  test("gives a bound below the importance-weighted one, and weights whose mean is p(x)", async () => {
    const scaled = (v: Tensor, phase: number, by: number): Value =>
      value(
        "float32",
        v.shape,
        sines(v, phase).data.map((w) => by * w),
      );
    const settings = { likelihood: "gaussian", std: 1.5, flowSteps: 2 };
    const mine = build({ ...settings, posterior }, [4]);
    const values = new Map([...variables(mine).values()].map((v, i): [Tensor, Value] => [v, scaled(v, i, 0.2)]));
    // The same p(x) by the weights of another posterior: that of a plain Gaussian.
    const plain = build({ ...settings, posterior: "gaussian" }, [4]);
    const others = new Map(
      [...variables(plain)].map(([name, v], i): [Tensor, Value] => [
        v,
        name.startsWith("decoder") ? values.get(variables(mine).get(name)!)! : scaled(v, i, 0.1),
      ]),
    );
    const weights = mine.logWeights(x, 20_000, evaluation);
    const roots = [mean(weights, 0), logMeanExp(weights, 0), mine.elbo(x, evaluation).elbo];
    const [bound, tight, one] = await compute(cpu, roots, at(roots, values));
    const plainly = logMeanExp(plain.logWeights(x, 20_000, evaluation), 0);
    const [expected] = await compute(cpu, [plainly], at([plainly], others));
    tight!.data.forEach((v, i) => {
      expect(v).toBeGreaterThan(bound!.data[i]! + 0.01);
      expect(Math.abs(v - expected!.data[i]!)).toBeLessThan(0.1);
    });
    // The bound from one sample of each example is that of many, up to noise.
    expect(Math.abs(average(one!) - average(bound!))).toBeLessThan(3);
  });

  test("says that it is no Gaussian of independent dimensions", () => {
    expect(model.latents[0].gaussianPosterior).toBe(false);
    expect(model.latents[0].standardNormal).toBe(true);
  });

  test("a linear VAE with it has a bound as tight as probabilistic PCA's likelihood, and none above", async () => {
    const eigenvalues = [4, 2, 0.5, 0.5];
    const n = 64;
    const rows = Float32Array.from(knownSpectrum(eigenvalues, n).rows.flat());
    const linear = build(
      {
        posterior,
        latentDim: 2,
        flowSteps: 2,
        activation: "identity",
        likelihood: "gaussian-learned",
        std: 1,
        samples: 4,
      },
      [4],
    );
    const learned = await trainBriefly(linear, { device: cpu, x: rows, shape: [4], steps: 1500 });
    const exact = (4 * Math.log(2 * Math.PI) + eigenvalues.reduce((sum, v) => sum + Math.log(v), 0) + 4) / 2;
    const input = new Input("x", [n, 4]);
    const { rate, distortion } = linear.terms(linear.samplePosterior(input, 1000, evaluation), evaluation);
    const total = mean(rate.add(distortion));
    const [found] = numbers(
      [total],
      new Map([...learned, [input, value("float32", [n, 4], rows)], ...noiseValues([total], 2)]),
    );
    expect(found![0]! - exact).toBeGreaterThan(-0.02);
    expect(found![0]! - exact).toBeLessThan(0.06);
  });
});

test.each(flows)("what needs log q(z|x) of given codes is refused with %s", (posterior) => {
  expect(() => build({ posterior, prior: "vamp" }, [4])).toThrow(
    `prior: vamp is a mixture of posteriors whose density is known everywhere, got posterior ${posterior}, expected gaussian, or the prior standard or mixture`,
  );
  expect(() => build({ posterior, gradient: "score" }, [4])).toThrow(
    `gradient: the score-function estimator needs log q(z|x) at given codes, got posterior ${posterior}, expected gaussian`,
  );
});
