import { z } from "zod";

const sentence = z.string().max(1000);

export const findingNames = [
  "divergence",
  "posterior-collapse",
  "exploding-gradients",
  "exploding-activations",
  "dead-units",
  "over-fitting",
  "mode-collapse",
  "vanishing-gradients",
  "discriminator-won",
  "discriminator-lost",
  "oscillation",
  "poor-samples",
  "noise-levels-not-learned",
  "dead-codes",
  "index-collapse",
  "quantization-error",
  "average-lags",
  "exploding-inverse",
] as const;

/** A finding of the training doctor: its evidence, and the setting to change. */
export const findingSchema = z.strictObject({
  finding: z.enum(findingNames),
  /** One sentence each. */
  evidence: sentence,
  remedy: sentence,
});
export type Finding = Readonly<z.infer<typeof findingSchema>>;
