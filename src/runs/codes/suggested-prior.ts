import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import type { DataSource } from "../../data/split.ts";
import { has, lacking } from "../../evaluation/capabilities.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { fitDensity, parseDensity } from "../../latent/density.ts";
import { standardNormal } from "../../latent/standard-normal.ts";
import { exampleCodes } from "./example-codes.ts";

/** What is suggested in place of p(z). */
const suggestion = "gmm:auto";

/** Codes that the mixture of the check is fitted to, and those that it is held against p(z) on. */
const [fitted, compared] = [2000, 1000];
/** Codes for each Gaussian at least. */
const perComponent = 40;
/** Beyond this many dimensions a mixture needs more codes than that. */
const mostDimensions = 64;

/**
 * The density of codes to sample from where the model has no p(z), or where a mixture fitted to codes of training examples is more likely on codes of
 * validation examples than N(0, I), by more than two standard errors; undefined where p(z) is as good.
 */
export async function suggestedPrior(
  trained: TrainedModel,
  { train, validation }: Pick<DataSource, "train" | "validation">,
): Promise<string | undefined> {
  const { model } = trained;
  if (lacking(model, ["encode", "decode", "vector"]) || model.condition?.required) return undefined;
  if (!has(model, "sample")) return suggestion;
  const { latentDim } = trained;
  if (!has(model, "standardNormal") || latentDim > mostDimensions || validation.indices.length < perComponent)
    return undefined;
  const { samples } = await exampleCodes(trained, drawnExamples(train, fitted));
  const components = Math.min(10, Math.floor(samples.length / latentDim / perComponent));
  if (components < 1) return undefined;
  const { mixture } = fitDensity(samples, { form: parseDensity(`gmm:${components}`), dim: latentDim, seed: 0 });
  const held = (await exampleCodes(trained, drawnExamples(validation, compared))).samples;
  const [ours, usual] = [mixture.logProb(held), standardNormal(latentDim).logProb(held)];
  const gains = ours.map((logProb, i) => logProb - usual[i]!);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / gains.length;
  return mean > 2 * Math.sqrt(variance / gains.length) ? suggestion : undefined;
}
