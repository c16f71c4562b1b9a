import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { initialValues } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { variables } from "../../nn/module.ts";
import { latentVariableRemedies } from "./latent-variable-model.ts";
import { VAE, vae } from "./vae.ts";

// z ~ N(0, 1) and x ~ N(c z + d, t^2 I): x is Gaussian, with mean d and covariance c c' + t^2 I, of determinant t^2 (t^2 + c'c) and inverse
// (I - c c' / (t^2 + c'c)) / t^2.
test("weights of codes have p(x) for their mean, whatever q is", () => {
  const [t, c, d] = [0.8, [1.1, -0.6], [0.3, 0.2]] as const;
  const settings = { network: "linear", latentDim: 1, likelihood: "gaussian", std: t };
  const model = new VAE(vae.config.parse(settings), dataSpec([2]));
  const leaves = new Map<Tensor, Value>(initialValues(model));
  const set = (name: string, data: readonly number[]): void => {
    const v = variables(model).get(name)!;
    leaves.set(v, value("float32", v.shape, Float64Array.from(data)));
  };
  set("decoder.mlp.layers.0.weight", c);
  set("decoder.mlp.layers.0.bias", d);
  // A posterior about 0.2 that does not depend on x.
  set("encoder.mlp.layers.0.weight", [0, 0, 0, 0]);
  set("encoder.mlp.layers.0.bias", [0.2, 0.3]);
  const points = [
    [0.5, -0.2],
    [1.4, -0.7],
  ] as const;
  const samples = 40_000;
  const logWeights = model.logWeights(constant(points.flat(), [2, 2]), samples, evaluation);
  const { data } = evaluate([logWeights], new Map([...leaves, ...noiseValues([logWeights], 3)]))[0]!;
  points.forEach(([u, v], i) => {
    const [a, b] = [u - d[0], v - d[1]];
    const length = t * t + c[0] ** 2 + c[1] ** 2;
    const quadratic = (a * a + b * b - (c[0] * a + c[1] * b) ** 2 / length) / t ** 2;
    const logP = -0.5 * (quadratic + Math.log(t * t * length)) - Math.log(2 * Math.PI);
    const ratios = Array.from(data)
      .filter((_, n) => n % 2 === i)
      .map((w) => Math.exp(w - logP));
    const average = ratios.reduce((sum, r) => sum + r, 0) / samples;
    const variance = ratios.reduce((sum, r) => sum + (r - average) ** 2, 0) / samples;
    // Four standard errors.
    expect(Math.abs(average - 1)).toBeLessThan(4 * Math.sqrt(variance / samples));
    expect(variance).toBeGreaterThan(0.01);
  });
});

describe("remedies of a collapsed posterior", () => {
  const of = (settings: object, active: number, binary?: boolean): readonly string[] => {
    const { collapse } = latentVariableRemedies({ ...vae.config.parse({}), ...settings });
    return collapse!(active, { ...(binary !== undefined && { binary }) }).map((each) =>
      each.replace(/^--set (\w+).*/, "$1"),
    );
  };

  test("are the settings that the model has", () => {
    expect(of({}, 0)).toEqual(["warmup", "beta", "samples"]);
    expect(of({ warmup: undefined, beta: undefined }, 0)).toEqual(["samples"]);
    expect(of({ samples: undefined }, 0)).toEqual(["warmup", "beta"]);
  });

  test("are as many dimensions as carry something, if any do", () => {
    expect(of({ warmup: undefined, beta: undefined, samples: undefined }, 0)).toEqual([]);
    expect(of({ warmup: undefined, beta: undefined, samples: undefined }, 1)).toEqual(["latentDim"]);
  });

  test("are another likelihood first where a Bernoulli is of intensities", () => {
    expect(of({ likelihood: "bernoulli" }, 0, false)[0]).toBe("likelihood");
    expect(of({ likelihood: "bernoulli" }, 0, true)[0]).toBe("warmup");
    expect(of({ likelihood: "gaussian" }, 0, false)[0]).toBe("warmup");
  });
});
