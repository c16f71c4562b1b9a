import { ConfigError } from "../../errors.ts";

/** Mutual information of latent dimensions and factors, and its gap between the two most informative dimensions. */
export interface MutualInformationGap {
  /** Mean gap over factors: 1 where a single dimension encodes each factor, 0 where two are equally informative. */
  readonly mig: number;
  /** (I(z_best; v) - I(z_second; v)) / H(v) of each factor. */
  readonly gaps: readonly number[];
  /** I(z_j; v_k) in nats: [factors][dimensions]. */
  readonly information: readonly (readonly number[])[];
  /** The most informative dimension for each factor. */
  readonly best: readonly number[];
}

/**
 * Mutual information gap, MIG (Chen et al. 2018, arXiv:1802.04942, eq. 6), with codes discretized into bins of equal width as in Locatello
 * et al. 2019 (arXiv:1811.12359, appendix C; 20 bins, posterior means as codes):
 *
 *   MIG = mean_k (I(z_j1; v_k) - I(z_j2; v_k)) / H(v_k),  j1 and j2 the two most informative dimensions for factor k
 *
 * codes: [count, latentDim]; factors: one array [count] per factor. Constant factors are left out. Few examples bias each mutual information
 * upwards by about (K_zv - K_z - K_v + 1) / (2 count) nats, of so many bins, values and pairs of both that occur (Miller 1955):
 * (bins - 1)(values - 1) / (2 count) where all do. Throws ConfigError for fewer than two dimensions, lengths that differ, a code
 * that is not finite, or no factor that varies.
 *
 * @example
 * const codes = Float32Array.of(0, 0, 1, 0, 0, 1, 1, 1);
 * mutualInformationGap(codes, 2, [[0, 1, 0, 1], [0, 0, 1, 1]]).mig.toFixed(2); // "1.00"
 */
export function mutualInformationGap(
  codes: Float32Array | Float64Array,
  latentDim: number,
  factors: readonly ArrayLike<number>[],
  { bins = 20 } = {},
): MutualInformationGap {
  const count = codes.length / latentDim;
  if (latentDim < 2)
    throw new ConfigError(`mig: a gap needs two dimensions, got codes of ${latentDim}, expected 2 or more`);
  if (factors.some((f) => f.length !== count))
    throw new ConfigError(
      `mig: codes and factors differ in number, got ${count} codes and ${factors.map((f) => f.length).join(", ")} values, expected as many`,
    );
  const cells = Array.from({ length: latentDim }, (_, j) => binned(codes, latentDim, j, bins));
  const varying = factors.map(ranked).filter(({ distinct }) => distinct > 1);
  if (varying.length === 0) throw new ConfigError("mig: no factor varies, got one value of each, expected two or more");
  const information = varying.map((v) => cells.map((z) => mutualInformation(z, bins, v)));
  const best = information.map((row) => row.indexOf(Math.max(...row)));
  const gaps = information.map((row, k) => {
    const [first, second] = row.toSorted((a, b) => b - a) as [number, number];
    return (first - second) / entropy(varying[k]!);
  });
  return { mig: gaps.reduce((a, b) => a + b) / gaps.length, gaps, information, best };
}

interface Ranked {
  /** Index of each example's value among the distinct values. */
  readonly index: Uint32Array;
  readonly distinct: number;
}

function ranked(values: ArrayLike<number>): Ranked {
  const places = new Map<number, number>();
  const index = Uint32Array.from(values, (v) => {
    if (!places.has(v)) places.set(v, places.size);
    return places.get(v)!;
  });
  return { index, distinct: places.size };
}

/** The bin of each example's code, of `bins` bins of equal width from the smallest to the largest value. */
function binned(codes: Float32Array | Float64Array, latentDim: number, j: number, bins: number): Uint32Array {
  const count = codes.length / latentDim;
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    const z = codes[i * latentDim + j]!;
    if (!Number.isFinite(z)) throw new ConfigError(`mig: a code is not finite, got ${z}, expected numbers`);
    low = Math.min(low, z);
    high = Math.max(high, z);
  }
  const width = (high - low) / bins;
  return Uint32Array.from({ length: count }, (_, i) =>
    width === 0 ? 0 : Math.min(bins - 1, Math.floor((codes[i * latentDim + j]! - low) / width)),
  );
}

/** sum p(z, v) log (p(z, v) / (p(z) p(v))) */
function mutualInformation(z: Uint32Array, bins: number, { index: v, distinct }: Ranked): number {
  const joint = new Float64Array(bins * distinct);
  z.forEach((bin, i) => (joint[bin * distinct + v[i]!]! += 1 / z.length));
  const pz = new Float64Array(bins);
  const pv = new Float64Array(distinct);
  joint.forEach((p, i) => {
    pz[Math.floor(i / distinct)]! += p;
    pv[i % distinct]! += p;
  });
  return joint.reduce(
    (sum, p, i) => (p === 0 ? sum : sum + p * Math.log(p / (pz[Math.floor(i / distinct)]! * pv[i % distinct]!))),
    0,
  );
}

function entropy({ index, distinct }: Ranked): number {
  const p = new Float64Array(distinct);
  index.forEach((v) => (p[v]! += 1 / index.length));
  return p.reduce((sum, each) => (each === 0 ? sum : sum - each * Math.log(each)), 0);
}
