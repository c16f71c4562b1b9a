import { ConfigError } from "../errors.ts";
import { stream } from "../random/index.ts";
import { fitMixture, type MixtureFit } from "./fit-mixture.ts";
import type { CovarianceForm } from "./gaussian-mixture.ts";

/** Form of a density over codes: number of Gaussian components, and the form of their covariances. */
export interface DensityForm {
  readonly covariance: CovarianceForm;
  /** `auto`: the number of components with the lowest BIC. */
  readonly components: number | "auto";
}

/** The density names, for messages. */
export const densityForms = "gaussian, full-gaussian, gmm:K, gmm:auto, diagonal-gmm:K or diagonal-gmm:auto";

/** Whether a name has the form of a density, in range or not. */
export const isDensity = (name: string): boolean => /^((full-)?gaussian|(diagonal-)?gmm(:[^/]*)?)$/.test(name);

/** Parses a density name: `gaussian` has a diagonal covariance, `gmm:10` ten full ones. Throws ConfigError. */
export function parseDensity(name: string): DensityForm {
  if (name === "gaussian") return { covariance: "diagonal", components: 1 };
  if (name === "full-gaussian") return { covariance: "full", components: 1 };
  const [, diagonal, components] = /^(diagonal-)?gmm:([1-9][0-9]{0,2}|auto)$/.exec(name) ?? [];
  if (components === undefined)
    throw new ConfigError(
      `density: unknown density, got ${JSON.stringify(name)}, expected ${densityForms}, K from 1 to 999`,
    );
  return {
    covariance: diagonal ? "diagonal" : "full",
    components: components === "auto" ? "auto" : Number(components),
  };
}

/** Numbers of components tried by `auto`, in order, until two in a row do not lower the BIC. */
const candidates = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64];
/** Number of codes on which `auto` compares numbers of components; the chosen mixture is fitted to all codes. */
const comparedCodes = 10_000;

/**
 * Fits a density to codes [count, dim] by expectation-maximization; deterministic given codes and seed.
 *
 * @example
 * const random = stream(0, "codes");
 * const codes = Float32Array.from({ length: 2_000 }, () => random.normal());
 * const { mixture, bic } = fitDensity(codes, { form: parseDensity("gmm:2"), dim: 2 });
 * mixture.components; // 2
 */
export function fitDensity(
  codes: Float32Array,
  { form, dim, seed = 0 }: { readonly form: DensityForm; readonly dim: number; readonly seed?: number },
): MixtureFit {
  const { covariance, components } = form;
  return fitMixture(codes, {
    dim,
    covariance,
    seed,
    components: components === "auto" ? componentsByBic(codes, { covariance, dim, seed }) : components,
  });
}

function componentsByBic(
  codes: Float32Array,
  options: { readonly covariance: CovarianceForm; readonly dim: number; readonly seed: number },
): number {
  const { dim, seed } = options;
  const count = codes.length / dim;
  const compared = count > comparedCodes ? someOf(codes, dim, seed) : codes;
  let best = { components: 1, bic: Infinity };
  let worse = 0;
  for (const components of candidates) {
    if (components > count || worse === 2) break;
    const { bic } = fitMixture(compared, { ...options, components });
    if (bic < best.bic) [best, worse] = [{ components, bic }, 0];
    else worse++;
  }
  return best.components;
}

function someOf(codes: Float32Array, dim: number, seed: number): Float32Array {
  const some = new Float32Array(comparedCodes * dim);
  const order = stream(seed, "compared codes").permutation(codes.length / dim);
  for (let i = 0; i < comparedCodes; i++) some.set(codes.subarray(order[i]! * dim, (order[i]! + 1) * dim), i * dim);
  return some;
}
