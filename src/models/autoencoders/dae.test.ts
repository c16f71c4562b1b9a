import { beforeAll, describe, expect, test } from "vitest";
import { knownSpectrum } from "../../../test/known-spectrum.ts";
import { noiseValues } from "../../../test/noise-values.ts";
import { trainBriefly } from "../../../test/train-briefly.ts";
import { dataSpec } from "../../data/spec.ts";
import { ConfigError } from "../../errors.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input } from "../../graph/tensor.ts";
import { value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { dae } from "./dae.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

describe("corruption", () => {
  const n = 40_000;
  const corrupted = (settings: object): Float64Array => {
    const model = dae.build(dae.config.parse({ ...settings, latentDim: 2 }), dataSpec([n / 2]));
    const root = model.corrupt!(constant(0.25).broadcastTo([2, n / 2]), evaluation);
    return evaluate([root], noiseValues([root], 3))[0]!.data;
  };
  const fraction = (data: Float64Array, of: number): number => data.filter((v) => v === of).length / data.length;
  // Four standard errors of a fraction of one half.
  const tolerance = (4 * 0.5) / Math.sqrt(n);

  test("gaussian adds N(0, noise^2)", () => {
    const added = corrupted({ noise: 0.5 }).map((v) => v - 0.25);
    expect(Math.abs(added.reduce((a, b) => a + b, 0) / n)).toBeLessThan(tolerance);
    expect(added.reduce((a, b) => a + b * b, 0) / n).toBeCloseTo(0.25, 2);
  });
  test("masking sets a fraction to 0 and leaves the others", () => {
    const data = corrupted({ corruption: "masking", noise: 0.3 });
    expect(Math.abs(fraction(data, 0) - 0.3)).toBeLessThan(tolerance);
    expect(fraction(data, 0) + fraction(data, 0.25)).toBe(1);
  });
  test("salt-and-pepper sets a fraction to 0 or 1, half each", () => {
    const data = corrupted({ corruption: "salt-and-pepper", noise: 0.4 });
    expect(Math.abs(fraction(data, 0) - 0.2)).toBeLessThan(tolerance);
    expect(Math.abs(fraction(data, 1) - 0.2)).toBeLessThan(tolerance);
    expect(fraction(data, 0) + fraction(data, 1) + fraction(data, 0.25)).toBe(1);
  });
  test("a fraction above 1 is refused", () => {
    const build = () => dae.build(dae.config.parse({ corruption: "masking", noise: 2 }), dataSpec([4]));
    expect(build).toThrow(ConfigError);
    expect(build).toThrow(
      /^noise: for corruption=masking it is a fraction of the values, got 2, expected a number from 0/,
    );
  });
});

/**
 * For Gaussian noise the best linear map of x~ is S (S + noise^2 I)^-1 x~ with the covariance S: each principal direction is
 * shrunk by lambda / (lambda + noise^2), and leaves lambda noise^2 / (lambda + noise^2).
 */
test("a linear one learns to shrink each principal direction by lambda / (lambda + noise^2)", async () => {
  const eigenvalues = [4, 1, 0.25];
  const noiseVariance = 0.5;
  const count = 2048;
  const shape = [eigenvalues.length];
  const { rows, eigenvectors } = knownSpectrum(eigenvalues, count);
  const settings = { network: "linear", latentDim: 3, noise: Math.sqrt(noiseVariance) };
  const model = dae.build(dae.config.parse(settings), dataSpec(shape));
  const learned = await trainBriefly(model, { device: cpu, x: Float32Array.from(rows.flat()), shape, steps: 800 });

  const input = new Input("x", [4, 3]);
  const directions = value("float32", [4, 3], [0, 0, 0, ...eigenvectors.flat()]);
  const [{ data }] = evaluate([model.reconstruct!(input, evaluation)], new Map([...learned, [input, directions]])) as [
    typeof directions,
  ];
  eigenvalues.forEach((lambda, i) => {
    const gain = eigenvectors[i]!.reduce((a, v, k) => a + v * (data[(i + 1) * 3 + k]! - data[k]!), 0);
    expect(Math.abs(gain - lambda / (lambda + noiseVariance))).toBeLessThan(0.02);
  });

  const x = new Input("x", [count, 3]);
  const { reconstruction } = model.validation!(x, evaluation);
  const leaves = [
    ...learned,
    [x, value("float32", x.shape, rows.flat())] as const,
    ...noiseValues([reconstruction!], 9),
  ];
  const [distances] = evaluate([reconstruction!], new Map(leaves));
  const expected = eigenvalues.reduce((sum, v) => sum + (v * noiseVariance) / (v + noiseVariance), 0);
  const found = distances!.data.reduce((a, b) => a + b, 0) / count;
  expect(Math.abs(found / expected - 1)).toBeLessThan(0.08);
});
