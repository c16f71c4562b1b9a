import { beforeAll, describe, expect, test } from "vitest";
import { knownSpectrum } from "../../../test/known-spectrum.ts";
import { trainBriefly } from "../../../test/train-briefly.ts";
import { numbersOf } from "../../../test/values.ts";
import { initialValues } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input } from "../../graph/tensor.ts";
import { value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { samplerOf } from "../sampler.ts";
import { AE, ae } from "./ae.ts";
import { reconstructionLosses } from "./reconstruction-losses.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const aeOf = (settings: object, shape: readonly number[]): AE => new AE(ae.config.parse(settings), dataSpec(shape));

describe("distances", () => {
  const output = constant([0.5, -1, 2, 0], [2, 2], "float64");
  const x = constant([0, 1, 1, 0.25], [2, 2], "float64");

  test("l2 and l1 add up over the values of an example", () => {
    expect(numbersOf(reconstructionLosses.l2.distance(output, x))).toEqual([4.25, 1.0625]);
    expect(numbersOf(reconstructionLosses.l1.distance(output, x))).toEqual([2.5, 1.25]);
    expect(numbersOf(reconstructionLosses.l1.example(output))).toEqual([0.5, -1, 2, 0]);
  });

  test("bce is the cross-entropy of intensities with the probabilities it gives as the example", () => {
    const p = numbersOf(reconstructionLosses.bce.example(output));
    const intensities = numbersOf(x);
    const each = intensities.map((v, i) => -v * Math.log(p[i]!) - (1 - v) * Math.log(1 - p[i]!));
    const found = numbersOf(reconstructionLosses.bce.distance(output, x));
    expect(found[0]).toBeCloseTo(each[0]! + each[1]!, 12);
    expect(found[1]).toBeCloseTo(each[2]! + each[3]!, 12);
  });
});

test.each(["linear", "mlp", "conv"])("a code is a point, %s: encode, decode and reconstruct agree", (network) => {
  const model = aeOf({ network, latentDim: 3, hiddenDims: [5], channels: [2], loss: "bce" }, [1, 4, 4]);
  const x = new Input("x", [2, 1, 4, 4]);
  const q = model.encode(x, evaluation).z;
  const [first, samples, again, reconstruction] = evaluate(
    [q.mean, q.sample([2]), model.decode({ z: q.mean }, evaluation).mean, model.reconstruct(x, evaluation)],
    new Map([...initialValues(model), [x, value("float32", x.shape, new Float64Array(32).fill(0.5))]]),
  );
  expect(first!.shape).toEqual([2, 3]);
  expect([...samples!.data]).toEqual([...first!.data, ...first!.data]);
  expect([...reconstruction!.data]).toEqual([...again!.data]);
  expect(model.latents).toEqual([{ name: "z", shape: [3], dtype: "float32" }]);
  expect(samplerOf(model)).toBeUndefined();
});

// Baldi & Hornik 1989: the squared error has no local minima, and at its minimum x^ is the projection on the leading eigenvectors.
test("a linear auto-encoder learns the principal subspace: its error is the sum of the eigenvalues left out", async () => {
  const eigenvalues = [6, 3, 1, 0.5, 0.4];
  const latentDim = 2;
  const { rows, eigenvectors } = knownSpectrum(eigenvalues, 64);
  const shape = [eigenvalues.length];
  const model = aeOf({ network: "linear", latentDim }, shape);
  const x = Float32Array.from(rows.flat());
  const learned = await trainBriefly(model, { device: cpu, x, shape, steps: 1500, learningRate: 0.02 });

  const input = new Input("x", [64, ...shape]);
  const { reconstruction, mse } = model.validation(input, evaluation);
  const leaves = new Map([...learned, [input, value("float32", input.shape, x)] as const]);
  const [distances, squares] = evaluate([reconstruction!, mse!], leaves);
  const average = (data: Float64Array): number => data.reduce((a, b) => a + b, 0) / data.length;
  const leftOut = 1 + 0.5 + 0.4;
  expect(average(distances!.data)).toBeCloseTo(leftOut, 4);
  expect(average(squares!.data)).toBeCloseTo(leftOut / eigenvalues.length, 4);

  // The decoder sends codes into the span of the first two eigenvectors.
  const at = new Input("z", [latentDim + 1, latentDim]);
  const codes = value("float32", at.shape, [0, 0, 1, 0, 0, 1]);
  const [{ data }] = evaluate([model.decode({ z: at }, evaluation).mean], new Map([...learned, [at, codes]])) as [
    typeof codes,
  ];
  for (let code = 1; code <= latentDim; code++) {
    const direction = eigenvalues.map((_, k) => data[code * 5 + k]! - data[k]!);
    const along = eigenvectors.map((v) => v.reduce((a, b, k) => a + b * direction[k]!, 0));
    expect(Math.hypot(...along.slice(latentDim)) / Math.hypot(...along)).toBeLessThan(0.01);
  }
});
