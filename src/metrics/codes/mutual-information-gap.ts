import { ConfigError } from "../../errors.ts";

/** How much a latent dimension tells of a factor, and what the best one tells beyond the second best. */
export interface MutualInformationGap {
  /** Mean over factors: 1 where each factor is in one dimension alone, 0 where two dimensions tell as much. */
  readonly mig: number;
  /** (I(z_best; v) - I(z_second; v)) / H(v) of each factor. */
  readonly gaps: readonly number[];
  /** I(z_j; v_k) in nats: [factors][dimensions]. */
  readonly information: readonly (readonly number[])[];
  /** The dimension that tells the most of each factor. */
  readonly best: readonly number[];
}

/**
 * The mutual information gap (Chen et al. 2018, arXiv:1802.04942, eq. 6), of codes cut into bins of equal width as in Locatello
 * et al. 2019 (arXiv:1811.12359, appendix C; 20 bins, means of q(z|x) as codes):
 *
 *   MIG = mean_k (I(z_j1; v_k) - I(z_j2; v_k)) / H(v_k),  j1 and j2 the dimensions that tell the most of factor k
 *
 * codes: [count, latentDim]; factors: the value of each example, one array a factor. A factor with one value is left out.
 * Estimates from few examples are biased upwards: bins x values / (2 count) nats each. Throws ConfigError for fewer than two
 * dimensions, or no factor that varies.
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
  /** Index of each example's value among the distinct ones. */
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

/** Which of `bins` bins of equal width between the least and the largest value each example's code is in. */
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
