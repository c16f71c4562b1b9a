import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { type AEConfig, aeConfig } from "../autoencoders/ae.ts";
import type { Preset } from "../definition.ts";
import { circle, type FixedPrior, standardNormal, swissRoll } from "../parts/fixed-priors.ts";
import { networkPresets } from "../parts/presets.ts";
import { type AdversarialLossName, adversarialLossNames } from "./losses.ts";
import { layerWidths } from "../parts/layer-sizes.ts";
import { type GradientPenaltyName, gradientPenaltyNames } from "./penalties.ts";

export interface AAEConfig extends Omit<AEConfig, "latentDim"> {
  readonly latentDim?: number | undefined;
  readonly prior: "gaussian" | "mixture" | "swiss-roll";
  readonly encoder: "deterministic" | "gaussian";
  readonly labels: "none" | "modes" | "semi-supervised";
  readonly labeled?: number | undefined;
  readonly clusters: number;
  readonly adversarial: AdversarialLossName;
  readonly penalty: GradientPenaltyName;
  readonly penaltyWeight?: number | undefined;
  readonly discriminatorDims: readonly number[];
  readonly rateRatio: number;
}

/** Of the gradient penalty: codes have a variance of 1 by value, and few values. */
export const PENALTY_WEIGHT = 0.1;

/** Settings of an adversarial auto-encoder. */
export const aaeSettings = {
  ...aeConfig,
  latentDim: z
    .int()
    .positive()
    .max(4096)
    .optional()
    .describe("latent dimensions of z (default: 8, of the priors of the plane 2)"),
  prior: z
    .enum(["gaussian", "mixture", "swiss-roll"])
    .default("gaussian")
    .describe("p(z); gaussian: N(0, I); mixture: ten elongated 2-D Gaussians on a circle; swiss-roll: a 2-D spiral"),
  encoder: z
    .enum(["deterministic", "gaussian"])
    .default("deterministic")
    .describe("q(z|x): a point, or a Gaussian of independent dimensions"),
  labels: z
    .enum(["none", "modes", "semi-supervised"])
    .default("none")
    .describe(
      "use of the class; modes: it picks the mode, or segment, of p(z); semi-supervised: y is a latent variable that a few examples have labels of",
    ),
  labeled: z
    .int()
    .positive()
    .max(1_000_000_000)
    .optional()
    .describe("number of labeled training examples, balanced over the classes (default: all; semi-supervised: 100)"),
  clusters: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe("unsupervised clustering: number of clusters, a latent variable y beside z; 0: none"),
  adversarial: z
    .enum(adversarialLossNames)
    .default("non-saturating")
    .describe("game between the discriminator of codes and the encoder"),
  penalty: z
    .enum(gradientPenaltyNames)
    .default("r1")
    .describe("gradient penalty of the discriminator of codes: see gan"),
  penaltyWeight: z.number().min(0).max(1e6).optional().describe(`weight of the penalty (default: ${PENALTY_WEIGHT})`),
  discriminatorDims: layerWidths
    .default([256, 256])
    .describe("widths of the discriminator's hidden layers (paper: two of 1000)"),
  rateRatio: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .describe("learning rate of discriminator and generator as a multiple of the run's, which is the reconstruction's"),
};

/**
 * On generated digits (784-128-2, a mixture, 800 steps) the MMD of codes to the prior ends at 0.005, without the penalty at 0.02, and
 * with neither it nor this beta1 at 0.32.
 */
export const aaePresets: readonly Preset[] = [
  { suits: "adversarial training of codes", fits: () => true, training: { beta1: 0.5 } },
  ...networkPresets,
];

/** The Gaussians of the mixture where no classes of the data pick them. */
export const MODES = 10;

/** p(z) by name; `classes` is the number of its parts. */
export const priors: Readonly<
  Record<AAEConfig["prior"], { readonly planar: boolean; of(dim: number, classes: number): FixedPrior }>
> = {
  gaussian: { planar: false, of: standardNormal },
  mixture: { planar: true, of: (_, classes) => circle(classes) },
  "swiss-roll": { planar: true, of: (_, classes) => swissRoll(classes) },
};

/** The number of latent dimensions. Throws ConfigError for settings that exclude each other. */
export function checkedLatentDim({
  prior,
  latentDim,
  labels,
  labeled,
  clusters,
  penalty,
  penaltyWeight,
}: AAEConfig): number {
  const { planar } = priors[prior];
  if (planar && latentDim !== undefined && latentDim !== 2)
    throw new ConfigError(
      `latentDim: the prior ${prior} is one of the plane, got ${latentDim}, expected 2; or use prior=gaussian`,
    );
  if (labels === "modes" && !planar)
    throw new ConfigError(
      `labels: the prior ${prior} has no modes for classes to pick, got labels=modes, expected prior to be mixture or swiss-roll`,
    );
  if (labels !== "none" && clusters > 0)
    throw new ConfigError(
      `clusters: they are found without labels, got clusters=${clusters} with labels=${labels}, expected one of the two`,
    );
  if (labels === "none" && labeled !== undefined)
    throw new ConfigError(
      `labeled: no labels are used, got ${labeled}, expected labels to be modes or semi-supervised`,
    );
  if (penalty === "none" && penaltyWeight !== undefined)
    throw new ConfigError(
      `penaltyWeight: there is no penalty, got ${penaltyWeight}, expected penalty to be one of ${gradientPenaltyNames.slice(1).join(", ")}`,
    );
  return latentDim ?? (planar ? 2 : 8);
}

/** Throws ConfigError where some of the classes to be told apart would have no labeled example. */
export function checkLabeled({ labels, labeled = Infinity }: AAEConfig, classes: number): void {
  if (labels === "semi-supervised" && labeled < classes)
    throw new ConfigError(
      `labeled: classes without a label, got ${labeled} for ${classes} classes, expected at least one of each`,
    );
}
