import { z } from "zod";
import { kindOf } from "../kinds/registry.ts";
import type { Model } from "../models/model.ts";
import { samplerOf } from "../models/sampler.ts";

/** Whether a model's sampler can give means of p(x|z) in place of samples. */
export function givesMeans(model: Model): boolean {
  const options = samplerOf(model)?.options;
  return options instanceof z.ZodObject && "mean" in options.shape;
}

/** What new examples are: samples of p(x|z), or its means. */
export type Shown = "samples" | "means";

/**
 * Whether examples decoded from codes of another density are means of p(x|z): where asked for, or for a kind that is shown so, and
 * where the model samples no x given z.
 */
export const decodedAsMeans = (model: Model, kind: string, show: Shown = kindOf(kind).shows): boolean =>
  show === "means" || !givesMeans(model);

/** The sampler's option for that: means of p(x|z) where asked for, or for a kind that is shown so, if the sampler gives them. */
export const shownAs = (model: Model, kind: string, show: Shown = kindOf(kind).shows): { readonly mean?: true } =>
  show === "means" && givesMeans(model) ? { mean: true } : {};
