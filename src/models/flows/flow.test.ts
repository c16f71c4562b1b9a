import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { randomParameters } from "../../../test/check-bijector.ts";
import { trainBriefly } from "../../../test/train-briefly.ts";
import { sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { conditioned, evaluation } from "../../nn/context.ts";
import { stream } from "../../random/index.ts";
import { compute } from "../../runtime/compute.ts";
import { cpuDevice } from "../../runtime/node.ts";
import type { ModelDefinition } from "../definition.ts";
import type { DataSpec } from "../model.ts";
import type { Flow } from "./flow.ts";
import { glow } from "./glow.ts";
import { nice } from "./nice.ts";
import { realNVP } from "./realnvp.ts";

const flows = [nice, realNVP, glow];
const named = flows.map((definition) => [definition.name, definition] as const);
const built = (definition: ModelDefinition, config: object, data: DataSpec): Flow =>
  definition.build(definition.config.parse(config), data) as Flow;
const small = { hiddenDims: [32], couplings: 2 };
const smallImages = { width: 4, couplings: 1 };

describe("learns a density of which it is no special case", () => {
  // x_1 ~ N(0, 1), x_2 = x_1^2 + 0.3 n: the entropy is that of its factors.
  const entropy = 1 + Math.log(2 * Math.PI) + Math.log(0.3);
  const banana = (count: number, seed: number): Float32Array => {
    const random = stream(seed, "banana");
    return Float32Array.from(
      Array.from({ length: count }, () => {
        const u = random.normal();
        return [u, u ** 2 + 0.3 * random.normal()];
      }).flat(),
    );
  };

  test.each(named)("%s", async (_, definition) => {
    const [device, shape, count] = [await cpuDevice(1), [2], 4000];
    const model = built(definition, { ...small, couplings: 4 }, dataSpec(shape, { range: null }));
    const learned = await trainBriefly(model, { device, x: banana(2000, 1), shape, steps: 300 });
    const x = new Input("x", [count, ...shape]);
    const held = value("float32", x.shape, Float64Array.from(banana(count, 2)));
    const [found] = await compute(device, [model.logProb!(x, evaluation)], new Map([...learned, [x as Tensor, held]]));
    const nlls = Array.from(found!.data, (logProb) => -logProb);
    const nll = nlls.reduce((a, b) => a + b) / count;
    const error = Math.sqrt(nlls.reduce((a, b) => a + (b - nll) ** 2, 0)) / count;
    // NICE has one scale of all places; what is below the entropy is no density.
    expect(nll).toBeLessThan(entropy + (definition === nice ? 0.35 : 0.1));
    expect(nll).toBeGreaterThan(entropy - 4 * error);
  });
});

describe("of levels, it has probabilities: those of all images add up to 1", () => {
  const [levels, size, samples] = [2, 4, 3000];
  const images = Array.from({ length: levels ** size }, (_, k) => Array.from({ length: size }, (_, i) => (k >> i) & 1));
  const binary = dataSpec([1, 2, 2]);

  test.each([
    ["nice", nice, small],
    ["realnvp, uniform", realNVP, { ...smallImages, dequantization: "uniform" }],
    ["glow, variational", glow, { ...smallImages, dequantization: "variational" }],
  ])("%s", async (_, definition, config) => {
    const model = built(definition, { ...config, levels }, binary);
    const x = new Input("x", [images.length, 1, 2, 2]);
    const weights = model.logWeights!(x, samples, evaluation);
    const leaves = new Map([
      ...randomParameters(model, 0.05),
      [x as Tensor, value("float32", x.shape, Float64Array.from(images.flat()))],
      ...noiseValues([weights], 4),
    ]);
    const [found] = await compute(await cpuDevice(1), [weights], leaves);
    // Each row of samples is an estimate of the sum by itself.
    const sums = Array.from({ length: samples }, (_, k) =>
      images.reduce((total, _, i) => total + Math.exp(found!.data[k * images.length + i]!), 0),
    );
    const mean = sums.reduce((a, b) => a + b) / samples;
    const error = Math.sqrt(sums.reduce((a, b) => a + (b - mean) ** 2, 0)) / samples;
    expect(error).toBeLessThan(0.1);
    expect(Math.abs(mean - 1)).toBeLessThan(4 * error);
  });
});

describe("images of levels", () => {
  const data = dataSpec([1, 4, 4], {
    range: [0, 255],
    fields: [{ name: "class", kind: "class", classes: ["a", "b"] }],
  });
  const model = built(glow, { ...smallImages, conditional: true }, data);
  const leaves = randomParameters(model, 0.2);
  const numbers = (t: Tensor, more: readonly (readonly [Tensor, Value])[]): number[] =>
    Array.from(evaluate([t], new Map([...leaves, ...more, ...noiseValues([t], 1)]))[0]!.data);
  const classes = (...of: number[]): { readonly class: Tensor; readonly leaf: readonly [Tensor, Value] } => {
    const leaf = new Input("class", [of.length], "int64");
    return { class: leaf, leaf: [leaf, value("int64", leaf.shape, of)] };
  };

  test("come back from their codes, and samples are levels", () => {
    const { class: y, leaf } = classes(0, 1);
    const context = conditioned(evaluation, { class: y });
    const x = new Input("x", [2, 1, 4, 4]);
    const bytes = sines(x, 0.4).data.map((v) => Math.round(127.5 * (v + 1)) / 255);
    const back = numbers(model.reconstruct!(x, context), [leaf, [x, value("float32", x.shape, bytes)]]);
    back.forEach((v, i) => expect(v).toBeCloseTo(bytes[i]!, 10));
    const code = new Input("z", [2, 16]);
    const samples = numbers(model.decode!({ z: code }, context).mean, [leaf, [code, sines(code, 0.2)]]);
    for (const v of samples) expect(Math.abs(v * 255 - Math.round(v * 255))).toBeLessThan(1e-9);
    expect(new Set(samples).size).toBeGreaterThan(8);
  });

  test("are other ones given another class, which importance weights repeat with them", () => {
    const { class: y, leaf } = classes(0, 1);
    const x = new Input("x", [2, 1, 4, 4]);
    const same = value("float32", x.shape, new Float64Array(32).fill(0.2));
    const weights = model.logWeights!(x, 3, conditioned(evaluation, { class: y }));
    expect(weights.shape).toEqual([3, 2]);
    const code = new Input("z", [2, 16]);
    const one = sines({ shape: [1, 16], size: 16 }, 0.2).data;
    const decoded = numbers(model.decode!({ z: code }, conditioned(evaluation, { class: y })).mean, [
      leaf,
      [code, value("float32", code.shape, Float64Array.from([...one, ...one]))],
    ]);
    expect(decoded.slice(0, 16)).not.toEqual(decoded.slice(16));
    expect(numbers(weights, [leaf, [x, same]]).every(Number.isFinite)).toBe(true);
  });
});

test("validation reports how far examples come back from their codes, as numbers even where the inverse explodes", () => {
  const model = built(realNVP, small, dataSpec([3], { range: null }));
  const x = new Input("x", [2, 3]);
  const { roundTrip } = model.validation(x, evaluation);
  const at = (scale: number): number[] => {
    const data = sines(x, 0.1).data.map((v) => scale * v);
    return Array.from(
      evaluate([roundTrip!], new Map([...randomParameters(model, 0.3), [x, value("float32", x.shape, data)]]))[0]!.data,
    );
  };
  expect(Math.max(...at(1))).toBeLessThan(1e-10);
  expect(at(Infinity)).toEqual([1e6, 1e6]);
});

describe("refuses", () => {
  const bytes = { range: [0, 255] } as const;
  test.each<[string, ModelDefinition, object, DataSpec, string]>([
    [
      "images that cannot be squeezed",
      glow,
      {},
      dataSpec([1, 27, 28], bytes),
      "glow: 2x2 blocks of images become channels, got 27x28, expected an even height and width; --image-size resizes a folder of images",
    ],
    [
      "more scales than sides halve",
      realNVP,
      { scales: 3 },
      dataSpec([1, 28, 28], bytes),
      "scales: images of 28x28 halve 2 times, got 3, expected 2 or fewer",
    ],
    [
      "one value",
      realNVP,
      {},
      dataSpec([1], { range: null }),
      "realnvp: couplings change some values by others, got 1 value of each example, expected two or more",
    ],
    [
      "symbols",
      glow,
      {},
      dataSpec([7, 7], { kind: "codes", symbols: 64 }),
      "glow: symbols have no density, got 64 of them, expected real numbers or intensities; made, pixelcnn and transformer are of symbols",
    ],
    [
      "intensities of unknown levels",
      nice,
      {},
      dataSpec([1, 28, 28]),
      "levels: the data do not say how many they have, got values from 0 to 1, expected levels=2 of binary data, levels=256 of bytes that were scaled",
    ],
    [
      "levels of real numbers",
      nice,
      { levels: 4 },
      dataSpec([5], { range: null }),
      "levels: the data have none, got 4 for vector of real numbers, expected intensities",
    ],
  ])("%s", (_, definition, config, data, message) => {
    expect(() => built(definition, config, data)).toThrow(message);
  });
});

test("images squeeze as often as their sides halve, unless fewer scales are set", () => {
  const parametersOf = (shape: readonly number[], scales?: number): number =>
    randomParameters(
      built(realNVP, { ...smallImages, ...(scales && { scales }) }, dataSpec(shape, { range: [0, 255] })),
      0,
    ).size;
  expect(parametersOf([1, 6, 6])).toBe(parametersOf([1, 12, 12], 1));
  expect(parametersOf([1, 12, 12])).toBeGreaterThan(parametersOf([1, 6, 6]));
});
