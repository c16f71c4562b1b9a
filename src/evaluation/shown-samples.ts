import { z } from "zod";
import type { Model } from "../models/model.ts";
import { samplerOf } from "../models/sampler.ts";

/** Whether a model's sampler can give means of p(x|z) in place of samples. */
export function givesMeans(model: Model): boolean {
  const options = samplerOf(model)?.options;
  return options instanceof z.ZodObject && "mean" in options.shape;
}

/**
 * The option by which people are shown samples: means of p(x|z) of images, whose noise says nothing. The mean of a category is none, and
 * points without their noise are not where the data are.
 */
export const shownAs = (model: Model, kind: string): { readonly mean?: true } =>
  kind === "image" && givesMeans(model) ? { mean: true } : {};
