/** The densities of codes that commands sample from. */
import { z } from "zod";
import { ConfigError, UnsupportedOpError } from "../../errors.ts";
import { has } from "../../evaluation/capabilities.ts";
import { densityForms, isDensity, parseDensity } from "../../latent/density.ts";
import type { GaussianMixture } from "../../latent/gaussian-mixture.ts";
import { standardNormal } from "../../latent/standard-normal.ts";
import { type CodePrior, gaussianPrior } from "../../runs/codes/code-prior.ts";
import { openPrior } from "../../runs/codes/open-prior.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import { printAside } from "../output/terminal.ts";

export const priorSetting = z
  .string()
  .min(1)
  .optional()
  .describe(
    "prior in place of the model's p(z): the folder of a run trained on --data codes:RUN, or a density fitted to the codes of the training examples and kept in the run: gaussian, full-gaussian, gmm:K or gmm:auto (by BIC); diagonal-gmm for diagonal covariances",
  );

/** Throws ConfigError for a --prior that is no density, before anything is loaded for it. */
export function checkPrior(prior: string | undefined): void {
  if (prior !== undefined && isDensity(prior)) parseDensity(prior);
}

/** The prior that --prior names; that a density is fitted now is said on stderr. */
export const namedPrior = (
  loaded: LoadedRun,
  prior: string,
  { json = false }: { readonly json?: boolean },
): Promise<CodePrior> =>
  openPrior(loaded, prior, () => {
    if (!json) printAside(`fitting ${prior} to the codes of the training examples`);
  });

/**
 * The prior that --prior names, else the model's p(z) where that is N(0, I); nothing where the model has learned another one. Throws
 * UnsupportedOpError where it has none.
 */
export async function optionPrior(
  loaded: LoadedRun,
  prior: string | undefined,
  options: { readonly json?: boolean },
): Promise<CodePrior | undefined> {
  if (prior !== undefined) return namedPrior(loaded, prior, options);
  const { trained } = loaded;
  if (has(trained.model, "standardNormal")) return gaussianPrior(trained.code.name, standardNormal(trained.latentDim));
  if (has(trained.model, "prior")) return undefined;
  throw new UnsupportedOpError(
    `${loaded.run.path}: the model has no p(z), got none, expected --prior with one of ${densityForms}`,
  );
}

/** The Gaussians of a prior, for tools that walk in one. Throws ConfigError for a trained one. */
export function mixtureOf({ name, mixture }: CodePrior): GaussianMixture {
  if (mixture) return mixture;
  throw new ConfigError(`--prior: this command needs Gaussians, got the run ${name}, expected one of ${densityForms}`);
}
