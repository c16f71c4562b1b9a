import { z } from "zod";
import { kindOf } from "../kinds/registry.ts";
import type { Model } from "../models/model.ts";
import { samplerOf } from "../models/sampler.ts";

/** Whether a model's sampler can give means of p(x|z) in place of samples. */
export function givesMeans(model: Model): boolean {
  const options = samplerOf(model)?.options;
  return options instanceof z.ZodObject && "mean" in options.shape;
}

/** The sampler option for shown samples of a kind: means of p(x|z) where the kind prefers them and the sampler has them. */
export const shownAs = (model: Model, kind: string): { readonly mean?: true } =>
  kindOf(kind).shows === "means" && givesMeans(model) ? { mean: true } : {};
