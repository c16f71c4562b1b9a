import { expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { temporaryRun } from "../../../test/temporary-run.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { Input, Noise, type Tensor } from "../../graph/tensor.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { VAEGAN, vaeGAN } from "./vae-gan.ts";

const data = dataSpec([4], { range: null });
const modelOf = (more: object = {}): VAEGAN =>
  new VAEGAN(vaeGAN.config.parse({ hiddenDims: [6, 5], latentDim: 2, penaltyWeight: 0, ...more }), data);
const x = new Input("x", [3, 4]);
const leavesOf = (model: VAEGAN): Map<Tensor, Value> => new Map([...initialValues(model), [x, sines(x, 0.3)]]);
const softplus = (v: number): number => Math.log1p(Math.exp(v));
const average = (values: readonly number[]): number => values.reduce((s, v) => s + v, 0) / values.length;
const objectives = (model: VAEGAN) =>
  Object.fromEntries(objectivesOf(model, x).map((objective) => [objective.name, objective]));

/** Values of a loss and of what the decoder made in its graph, with one noise. */
function withFakes(model: VAEGAN, loss: Tensor): { readonly loss: number; readonly fakes: readonly Tensor[] } {
  const noise = noiseValues([loss], 4);
  const leaves = new Map([...leavesOf(model), ...noise]);
  const [found] = evaluate([loss], leaves);
  // The codes by their definition, from the same noise: of q(z|x) first, of p(z) second.
  const [q] = Object.values(model.encode(x, evaluation));
  const [mean, std] = evaluate([q!.mean, q!.base.std], leaves);
  const fakes = topologicalOrder([loss])
    .filter((t) => t instanceof Noise)
    .map((leaf, k) => {
      const e = noise.get(leaf)!.data;
      const z = new Input(`z${k}`, [3, 2]);
      const ofPosterior = k === 0;
      const code = Float64Array.from(e, (v, i) => (ofPosterior ? mean!.data[i]! + std!.data[i]! * v : v));
      const [decoded] = evaluate(
        [model.decode({ z }, evaluation).mean],
        new Map([...leaves, [z, value("float32", [3, 2], code)]]),
      );
      const input = new Input(`fake${k}`, [3, 4]);
      values.set(input, decoded!);
      return input;
    });
  return { loss: found!.data[0]!, fakes };
}
const values = new Map<Tensor, Value>();
const numbers = (model: VAEGAN, t: Tensor): number[] =>
  Array.from(evaluate([t], new Map([...leavesOf(model), ...values]))[0]!.data);
const features = (model: VAEGAN, of: Tensor, depth?: number): number[] =>
  numbers(model, model.discriminator.features(of, evaluation, depth));
const featureError = (model: VAEGAN, fake: Tensor, depth?: number): number => {
  const [real, made] = [features(model, x, depth), features(model, fake, depth)];
  return real.reduce((s, v, i) => s + (v - made[i]!) ** 2, 0) / 2 / 3;
};

test.each([undefined, 1])("the encoder's loss is the rate and the error of features of layer %s", (layer) => {
  const model = modelOf(layer === undefined ? {} : { layer });
  const { encoder } = objectives(model);
  const { loss, fakes } = withFakes(model, encoder!.loss);
  expect(fakes).toHaveLength(1);
  const { z: q } = model.encode(x, evaluation);
  const [mean, logVar] = [numbers(model, q.mean), numbers(model, q.base.logVar)];
  const rate = mean.reduce((s, m, i) => s + 0.5 * (m * m + Math.exp(logVar[i]!) - 1 - logVar[i]!), 0) / 3;
  expect(loss).toBeCloseTo(rate + featureError(model, fakes[0]!, layer), 5);
  expect(features(model, x, 1)).toHaveLength(3 * 6);
});

test.each([false, true])(
  "the decoder's is gamma times that error, and the game on x~ and x_p, saturating: %s",
  (saturating) => {
    const model = modelOf({ gamma: 0.7, saturating });
    const { decoder } = objectives(model);
    const { loss, fakes } = withFakes(model, decoder!.loss);
    const fooling = fakes.map((fake) => {
      const f = numbers(model, model.discriminate(fake, evaluation));
      return saturating ? -average(f.map(softplus)) : average(f.map((v) => softplus(-v)));
    });
    expect(fakes).toHaveLength(2);
    expect(loss).toBeCloseTo(0.7 * featureError(model, fakes[0]!) + fooling[0]! + fooling[1]!, 5);
  },
);

test("the discriminator's is -L_GAN: examples against x~ and x_p, each with the weight of the examples", () => {
  const model = modelOf();
  const { discriminator } = objectives(model);
  const { loss, fakes } = withFakes(model, discriminator!.loss);
  const f = (of: Tensor): number[] => numbers(model, model.discriminate(of, evaluation));
  const onFakes = fakes.map((fake) => average(f(fake).map(softplus)));
  expect(loss).toBeCloseTo(average(f(x).map((v) => softplus(-v))) + onFakes[0]! + onFakes[1]!, 5);
});

test("each objective changes its own network, and has a gradient in all of its weights", () => {
  const model = modelOf({ penaltyWeight: 1 });
  for (const [name, { loss, parameters: own }] of Object.entries(objectives(model))) {
    expect([...new Set([...own.keys()].map((path) => path.split(".")[0]))]).toEqual([name]);
    expect(own.size).toBe(parameters(model[name as "encoder" | "decoder" | "discriminator"]).size);
    const weights = [...own].filter(([path]) => path.endsWith("weight")).map(([, v]) => v);
    const slopes = evaluate(grad(loss, weights), new Map([...leavesOf(model), ...noiseValues([loss], 1)]));
    for (const { data: slope } of slopes)
      expect(
        slope.some((v) => v !== 0),
        name,
      ).toBe(true);
  }
});

test("a layer that the discriminator lacks is refused", () => {
  expect(() => modelOf({ layer: 3 })).toThrow(
    "layer: the discriminator has no such hidden layer, got 3, expected 1 to 2: one for each of hiddenDims",
  );
  expect(() => vaeGAN.build(vaeGAN.config.parse({ network: "dcgan" }), data)).toThrow("network: dcgan needs images");
});

test("reconstructions of digits, which no loss compares in values, come nearer to them", async () => {
  const errorAfter = async (steps: number): Promise<number> => {
    const settings = { steps, batchSize: 50, learningRate: 2e-3, beta1: 0.5, patience: 0 };
    const config = { hiddenDims: [64], latentDim: 8 };
    const run = await temporaryRun("vae-gan", "digits:500", { config, settings });
    const { metrics } = await run.evaluate({ metrics: ["reconstruction"] });
    await run.remove();
    return metrics["reconstruction"]!.results[0]!.value;
  };
  expect(await errorAfter(300)).toBeLessThan((await errorAfter(1)) / 3);
});
