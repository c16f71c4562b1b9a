import { beforeAll, describe, expect, test } from "vitest";
import { initialValues } from "../../../test/variable-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { trainBriefly } from "../../../test/train-briefly.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input, type Tensor, Variable } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { codesOf, completeCodes, takeMean } from "../latent.ts";
import { samplerOf } from "../sampler.ts";
import type { GridLevel } from "./networks.ts";
import { vqVAE, vqVAE2, type VQVAE } from "./vq-vae.ts";

const grids = { channels: [4, 6], codebookSize: 8, codeDim: 3, start: "normal" };
const conv = { ...grids, network: "conv" };
const vqOf = (settings: object, shape: readonly number[]): VQVAE =>
  vqVAE.build(vqVAE.config.parse(settings), dataSpec(shape)) as VQVAE;
const hierarchyOf = (settings: object, shape: readonly number[]): VQVAE =>
  vqVAE2.build(vqVAE2.config.parse(settings), dataSpec(shape)) as VQVAE;

/** Binary examples, and the initial variables, moved so that no symbol is of all positions. */
function leavesOf(model: VQVAE, x: Input): Map<Tensor, Value> {
  const each = x.size / x.shape[0]!;
  const pixels = Float64Array.from({ length: x.size }, (_, i) =>
    Number(Math.sin(0.37 * i * (1 + Math.floor(i / each))) > 0),
  );
  const leaves = new Map<Tensor, Value>([[x, value("float32", x.shape, pixels)]]);
  for (const [v, { dtype, shape, data }] of initialValues(model)) {
    const moved = v instanceof Variable && v.trainable ? 0.1 : 0;
    leaves.set(
      v,
      value(
        dtype,
        shape,
        data.map((w, k) => 2 * w + moved * Math.sin(1 + 3 * k)),
      ),
    );
  }
  return leaves;
}

describe("codes", () => {
  test.each([
    [
      [1, 28, 28],
      [7, 7],
    ],
    [
      [3, 32, 32],
      [8, 8],
    ],
    [
      [1, 29, 18],
      [7, 4],
    ],
  ])("of images [%s] are a grid [%s]", (shape, grid) => {
    const model = vqOf(conv, shape);
    expect(model.latents).toMatchObject([{ name: "z", shape: grid, dtype: "int64", symbols: 8 }]);
    const x = new Input("x", [2, ...shape]);
    expect(model.reconstruct(x, evaluation).shape).toEqual([2, ...shape]);
  });

  test("of a hierarchy are named from the top, each at half the resolution of the one below", () => {
    const names = (hierarchy: number) =>
      hierarchyOf({ ...grids, hierarchy }, [1, 32, 32]).latents.map(({ name, shape }) => [name, shape]);
    expect(names(2)).toEqual([
      ["top", [4, 4]],
      ["bottom", [8, 8]],
    ]);
    expect(names(3)).toEqual([
      ["top", [2, 2]],
      ["middle", [4, 4]],
      ["bottom", [8, 8]],
    ]);
  });

  test("of a residual quantizer are one grid a codebook, the coarse one first", () => {
    const model = vqOf({ ...conv, quantizer: "residual", depth: 3 }, [1, 28, 28]);
    expect(model.latents).toMatchObject([{ shape: [3, 7, 7], symbols: 8 }]);
  });

  test("of vectors are as many symbols as there are positions", () => {
    const model = vqOf({ positions: 5, hiddenDims: [7] }, [11]);
    expect(model.latents).toMatchObject([{ shape: [5], symbols: 256 }]);
    expect(model.reconstruct(new Input("x", [2, 11]), evaluation).shape).toEqual([2, 11]);
  });

  const models: readonly (readonly [string, VQVAE])[] = [
    ["one codebook", vqOf(conv, [1, 8, 12])],
    ["a residual quantizer", vqOf({ ...conv, quantizer: "residual", depth: 3 }, [1, 8, 12])],
    ["two levels", hierarchyOf({ ...grids, channels: [6] }, [1, 8, 12])],
    ["an MLP", vqOf({ positions: 3, hiddenDims: [9], codebookSize: 8, codeDim: 2, start: "normal" }, [1, 8, 12])],
  ];
  test.each(models)("of %s decode to the reconstruction, and differ between examples", (_, model) => {
    const x = new Input("x", [3, 1, 8, 12]);
    const leaves = leavesOf(model, x);
    const codes = codesOf(model.encode(x, evaluation, takeMean), takeMean);
    const [reconstruction, decoded, ...symbols] = evaluate(
      [model.reconstruct(x, evaluation), model.decode(codes, evaluation).mean, ...Object.values(codes)],
      leaves,
    );
    expect(decoded!.data).toEqual(reconstruction!.data);
    const last = symbols.at(-1)!;
    const each = last.data.length / 3;
    expect([...last.data.subarray(0, each)]).not.toEqual([...last.data.subarray(each, 2 * each)]);
  });

  test("each level of two matters to what is decoded", () => {
    const model = hierarchyOf({ ...grids, channels: [6] }, [1, 8, 12]);
    const x = new Input("x", [1, 1, 8, 12]);
    const grid = (shape: readonly number[], symbol: number): Tensor =>
      constant(symbol, [], "int64").broadcastTo([1, ...shape]);
    const decoded = ([top, bottom]: readonly [number, number]): Tensor =>
      model.decode({ top: grid([2, 3], top), bottom: grid([4, 6], bottom) }, evaluation).mean;
    const [same, otherTop, otherBottom] = evaluate(
      [decoded([1, 2]), decoded([3, 2]), decoded([1, 4])],
      leavesOf(model, x),
    ).map(({ data }) => Array.from(data));
    expect(otherTop).not.toEqual(same);
    expect(otherBottom).not.toEqual(same);
  });
});

describe("the bound", () => {
  const model = hierarchyOf({ ...grids, channels: [6] }, [1, 8, 12]);
  const x = new Input("x", [3, 1, 8, 12]);
  const { elbo, distortion, rates } = model.elbo(x, evaluation);
  const codes = codesOf(model.encode(x, evaluation, takeMean), takeMean);

  test("is log p(x|z) of the codes of x, and log K less for each of their symbols", () => {
    const found = evaluate(
      [elbo, distortion, rates["top"]!, rates["bottom"]!, model.decode(codes, evaluation).logProb(x)],
      leavesOf(model, x),
    ).map(({ data }) => Array.from(data));
    const [bound, distortions, top, bottom, logLikelihood] = found as [
      number[],
      number[],
      number[],
      number[],
      number[],
    ];
    bound.forEach((b, i) => {
      expect(top[i]).toBeCloseTo(6 * Math.log(8), 5);
      expect(bottom[i]).toBeCloseTo(24 * Math.log(8), 4);
      expect(distortions[i]).toBeCloseTo(-logLikelihood[i]!, 5);
      expect(b).toBeCloseTo(logLikelihood[i]! - 30 * Math.log(8), 4);
    });
  });

  test("its rate is -log p(z) under the prior that it samples from", () => {
    const prior = Object.fromEntries(model.latents.map((latent) => [latent.name, latent.prior!({}, 3, evaluation)]));
    const logs = model.latents.map(({ name }) => prior[name]!.logProb(codes[name]!).neg());
    const [top, bottom] = evaluate(logs, leavesOf(model, x));
    expect(top!.data[0]).toBeCloseTo(6 * Math.log(8), 5);
    expect(bottom!.data[0]).toBeCloseTo(24 * Math.log(8), 4);
    expect(samplerOf(model)).toBeDefined();
  });

  test("reports of training are of the same terms", () => {
    const [{ loss, metrics }] = objectivesOf(vqOf({ ...conv, quantizer: "fsq" }, [1, 8, 12]), x) as [
      ReturnType<typeof objectivesOf>[number],
    ];
    // Nothing is added for a quantizer that learns nothing: the same node.
    expect(loss).toBe(metrics["distortion"]);
    expect(Object.keys(metrics)).toEqual(["negElbo", "distortion", "codebookPerplexity", "quantizationError"]);
  });
});

test.each([true, false])(
  "normalize=%s: whether the scale of encoder outputs leaves their codes as they are",
  (normalize) => {
    const model = vqOf({ ...conv, normalize }, [1, 8, 12]);
    const x = new Input("x", [3, 1, 8, 12]);
    const leaves = leavesOf(model, x);
    const { toVectors } = model.parts[0]!.level as GridLevel;
    const scaled = new Map(leaves);
    for (const v of [toVectors.weight, toVectors.bias!])
      scaled.set(
        v,
        value(
          "float32",
          v.shape,
          leaves.get(v)!.data.map((w) => 100 * w),
        ),
      );
    const codes = [model.encode(x, evaluation, takeMean)["z"]!.mean];
    const [own, others] = [leaves, scaled].map((at) => Array.from(evaluate(codes, at)[0]!.data));
    if (normalize) expect(others).toEqual(own);
    else expect(others).not.toEqual(own);
  },
);

test("what is left out below a given level is sampled, also where means are asked for; a level above cannot be", () => {
  const model = hierarchyOf({ ...grids, channels: [6] }, [1, 8, 12]);
  const top = constant(0, [], "int64").broadcastTo([2, 2, 3]);
  const codes = completeCodes(model.latents, { top }, { count: 2, context: evaluation, means: true });
  expect(codes["bottom"]!.shape).toEqual([2, 4, 6]);
  expect(() => model.decode({ bottom: codes["bottom"]! }, evaluation)).toThrow(
    "decode: a level is missing, got codes of bottom, expected those of top, bottom; a prior for each level: latentkit sample RUN --prior TOP,BOTTOM",
  );
});

test.each([
  [
    () => hierarchyOf({}, [12]),
    "model: vq-vae-2 is of images, got examples of shape [12], expected [channels, height, width]; vq-vae is for others too",
  ],
  [
    () => hierarchyOf({ channels: [4, 4, 4] }, [1, 8, 8]),
    "hierarchy: its levels are too many, got 2 of images [1, 8, 8], whose level 1 is a grid of 1x1, expected fewer",
  ],
  [() => vqOf({ network: "conv" }, [12]), "network: conv needs images, got examples of shape [12]"],
])("refuses networks that do not fit", (build, message) => {
  expect(build).toThrow(message);
});

describe("training", () => {
  let device: Device;
  beforeAll(async () => {
    device = await cpuDevice(1);
  });

  test.each([
    ["vq", {}],
    ["vq", { gradient: "rotation", codebook: "gradient" }],
    ["residual", {}],
    ["fsq", { scalarLevels: [5, 5] }],
    ["simvq", {}],
    ["gumbel", { annealing: 50 }],
  ])("%s, %j: the distortion of a batch falls far below that of its mean", async (quantizer, more) => {
    const shape = [1, 8, 8];
    const settings = { ...conv, channels: [8], codebookSize: 16, start: "k-means", quantizer, ...more };
    const model = vqOf(settings, shape);
    // Bars at some place of an image.
    const x = Float32Array.from({ length: 24 * 64 }, (_, i) => {
      const [image, row, column] = [Math.floor(i / 64), Math.floor(i / 8) % 8, i % 8];
      return Number(image % 2 === 0 ? row === image % 7 : column === image % 5 || row === image % 3);
    });
    const learned = await trainBriefly(model, { device, x, shape, steps: 100, learningRate: 0.02 });
    const input = new Input("x", [24, ...shape]);
    const at = new Map<Tensor, Value>([...learned, [input, value("float32", input.shape, x)]]);
    const [distortion] = evaluate([model.elbo(input, evaluation).distortion], at) as [Value];
    const mean = x.reduce((a, b) => a + b, 0) / x.length;
    const entropy = -64 * (mean * Math.log(mean) + (1 - mean) * Math.log(1 - mean));
    expect(distortion.data.reduce((a, b) => a + b, 0) / 24).toBeLessThan(0.4 * entropy);
  });
});
