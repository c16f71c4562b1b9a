import { constant, type Tensor } from "../../graph/tensor.ts";
import { leadingEigenpairs } from "../../linalg/leading-eigenpairs.ts";
import { innerProducts, orthonormalize, weightedSums } from "../../linalg/row-space.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import { initialValue } from "../../nn/initial-value.ts";
import { flatten, square, transpose } from "../../ops/index.ts";
import type { Examples } from "../model.ts";

export interface PrincipalComponents {
  /** [size]. */
  readonly mean: Float64Array;
  /** The largest eigenvalues of the covariance (by 1 / the number of examples), from the largest down: [count]. */
  readonly eigenvalues: Float64Array;
  /** Their unit eigenvectors in rows: [count, size]. */
  readonly components: Float64Array;
  /** The sum of all eigenvalues. */
  readonly totalVariance: number;
}

/** Values an example may have for its whole covariance to be made: 8 MB, and a second or two for its eigenvectors. */
const largestCovariance = 1024;

/**
 * The principal components of examples of `size` values. Products of float32 batches, less the mean, are added up in float64.
 * Up to 1024 values they come from the covariance, exactly; beyond, from subspace iteration (Halko, Martinsson & Tropp 2009,
 * arXiv:0909.4061, algorithm 4.4), which passes over the examples until the eigenvalues stand still.
 */
export async function principalComponents(
  examples: Pick<Examples, "count" | "total">,
  { size, count }: { readonly size: number; readonly count: number },
): Promise<PrincipalComponents> {
  const sums = await examples.total((x) => ({ x: flatten(x).sum(0) }));
  const mean = sums["x"]!.map((v) => v / examples.count);
  const shift = constant(Float32Array.from(mean), [size]);
  const centered = (x: Tensor): Tensor => flatten(x).sub(shift);
  const spectrum = await (size <= largestCovariance ? byCovariance : bySubspace)(examples, centered, { size, count });
  return { mean, ...spectrum };
}

type Spectrum = Omit<PrincipalComponents, "mean">;
type Search = (
  examples: Pick<Examples, "count" | "total">,
  centered: (x: Tensor) => Tensor,
  wanted: { readonly size: number; readonly count: number },
) => Promise<Spectrum>;

const byCovariance: Search = async (examples, centered, { size, count }) => {
  const { scatter } = (await examples.total((x) => {
    const c = centered(x);
    return { scatter: transpose(c).matmul(c) };
  })) as { scatter: Float64Array };
  for (let i = 0; i < scatter.length; i++) scatter[i]! /= examples.count;
  const { values, vectors } = leadingEigenpairs(scatter, size, count);
  let totalVariance = 0;
  for (let i = 0; i < size; i++) totalVariance += scatter[i * size + i]!;
  return { eigenvalues: values, components: vectors, totalVariance };
};

/** Directions beyond those wanted: with more of them fewer passes are needed. */
const oversampling = 16;
const mostPasses = 40;
/** The largest relative change of a wanted eigenvalue in a pass that ends the search. */
const stillness = 1e-6;
/** Eigenvalues this much smaller than the largest are rounding. */
const negligible = 1e-7;

const bySubspace: Search = async (examples, centered, { size, count }) => {
  const width = Math.min(size, count + Math.max(oversampling, count >> 1));
  // Directions in rows; orthogonal from the start, and the same in every run.
  const first = initialValue({ kind: "orthogonal", gain: 1 }, [width, size], 0, "principal components");
  let basis: Float64Array = Float64Array.from(first);
  let before = new Float64Array(count);
  for (let pass = 1; ; pass++) {
    const directions = constant(Float32Array.from(basis), [width, size]);
    const sums = await examples.total((x) => {
      const c = centered(x);
      return { images: transpose(c.matmul(transpose(directions))).matmul(c), squares: square(c).sum() };
    });
    const images = sums["images"]!.map((v) => v / examples.count);
    // Rayleigh-Ritz: the eigenvectors of the covariance as the directions see it.
    const { values, vectors } = symmetricEigen(innerProducts(images, basis, size), width);
    const eigenvalues = values.slice(0, count);
    const still = eigenvalues.every(
      (v, i) => Math.abs(v - before[i]!) <= stillness * Math.max(v, negligible * eigenvalues[0]!),
    );
    if (still || pass === mostPasses) {
      const components = weightedSums(vectors.subarray(0, count * width), basis, size);
      return { eigenvalues, components, totalVariance: sums["squares"]![0]! / examples.count };
    }
    before = eigenvalues;
    basis = weightedSums(vectors, images, size);
    orthonormalize(basis, size);
  }
};
