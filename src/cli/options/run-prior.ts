/** The densities that commands draw codes from. */
import { z } from "zod";
import { UnsupportedOpError } from "../../errors.ts";
import { densityForms, parseDensity } from "../../latent/density.ts";
import type { GaussianMixture } from "../../latent/gaussian-mixture.ts";
import { has } from "../../evaluation/capabilities.ts";
import { standardNormal } from "../../latent/standard-normal.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import { type DensityFit, runDensity } from "../../runs/density.ts";

export const priorSetting = z
  .string()
  .optional()
  .describe(
    "density of codes in place of the model's own p(z), fitted to those of the training examples and kept in the run: gaussian, full-gaussian, gmm:K or gmm:auto (by BIC); diagonal-gmm for diagonal covariances",
  );

/** Throws ConfigError for a --prior that is none, before anything is loaded for it. */
export function checkPrior(prior: string | undefined): void {
  if (prior !== undefined) parseDensity(prior);
}

/** The density that --prior names: kept in the run, or fitted now, which is told on stderr. */
export async function fittedPrior(
  loaded: LoadedRun,
  prior: string,
  { json = false }: { readonly json?: boolean },
): Promise<{ readonly density: GaussianMixture; readonly fit: DensityFit }> {
  const { mixture, fit } = await runDensity(loaded, prior, () => {
    if (!json) console.error(`fitting ${prior} to the codes of the training examples`);
  });
  return { density: mixture, fit };
}

/**
 * The density that --prior names, else the model's p(z) where that is N(0, I); nothing where the model has learned another one. Throws
 * UnsupportedOpError where it has none.
 */
export async function optionPrior(
  loaded: LoadedRun,
  prior: string | undefined,
  options: { readonly json?: boolean },
): Promise<{ readonly density: GaussianMixture; readonly fit?: DensityFit } | undefined> {
  if (prior !== undefined) return fittedPrior(loaded, prior, options);
  const { trained } = loaded;
  if (has(trained.model, "standardNormal")) return { density: standardNormal(trained.latentDim) };
  if (has(trained.model, "prior")) return undefined;
  throw new UnsupportedOpError(
    `${loaded.run.path}: the model has no p(z), got none, expected --prior with one of ${densityForms}`,
  );
}
