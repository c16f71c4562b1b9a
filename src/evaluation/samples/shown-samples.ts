import { z } from "zod";
import { kindOf } from "../../kinds/registry.ts";
import { has } from "../capabilities.ts";
import type { Model } from "../../models/model.ts";
import { reservedOptions, samplerOf } from "../../models/sampler.ts";

/** Whether a model's sampler can give means of p(x|z) in place of samples. */
export function givesMeans(model: Model): boolean {
  const options = samplerOf(model)?.options;
  return options instanceof z.ZodObject && "mean" in options.shape;
}

/** What generated examples are: samples of p(x|z), or its means. */
export type Shown = "samples" | "means";

/** What samples of a model are called: a generator without noise in p(x|z) gives samples either way. */
export const shownName = (model: Model, means: boolean): string => {
  if (!has(model, "likelihood")) return "samples";
  return means ? "means of p(x|z)" : "samples of p(x|z)";
};

/** Whether codes of another density are decoded to means of p(x|z): by default as the kind prefers, always where the model has no p(x|z). */
export const decodedAsMeans = (model: Model, kind: string, show: Shown = kindOf(kind).shows): boolean =>
  show === "means" || !givesMeans(model);

/** The sampler option for shown samples: means of p(x|z) where the kind prefers them, or as asked, and the sampler has them. */
export const shownAs = (model: Model, kind: string, show: Shown = kindOf(kind).shows): { readonly mean?: true } =>
  show === "means" && givesMeans(model) ? { mean: true } : {};

/** Settings of a model's own sampler: its options, but for whether means are shown, which is a setting of all, and names that are taken. */
export function samplerOptions(options: z.ZodType | undefined): z.ZodObject {
  if (!(options instanceof z.ZodObject)) return z.strictObject({});
  const own = Object.entries(options.shape);
  return z.strictObject(Object.fromEntries(own.filter(([name]) => name !== "mean" && !reservedOptions.includes(name))));
}
