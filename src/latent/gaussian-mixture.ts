import { ShapeError } from "../errors.ts";
import type { Stream } from "../random/index.ts";
import { invertLower } from "./cholesky.ts";

export type CovarianceForm = "diagonal" | "full";

export interface MixtureParameters {
  readonly covariance: CovarianceForm;
  /** [components], positive or 0, with sum 1. */
  readonly weights: Float64Array;
  /** [components, dim]. */
  readonly means: Float64Array;
  /** full: lower triangular L [components, dim, dim] with covariance L L^T; diagonal: standard deviations [components, dim]. */
  readonly factors: Float64Array;
}

/**
 * A Gaussian mixture over codes in float64; with one component, a diagonal or full Gaussian.
 *
 *   p(z) = sum_k weight_k N(z; mean_k, L_k L_k^T)
 *
 * @example
 * const mixture = new GaussianMixture({
 *   covariance: "diagonal",
 *   weights: Float64Array.of(0.5, 0.5),
 *   means: Float64Array.of(-1, 1),
 *   factors: Float64Array.of(0.1, 0.1),
 * });
 * const codes = mixture.sample(4, stream(0, "codes")); // [4, 1]
 * const logProbs = mixture.logProb(codes); // [4]
 */
export class GaussianMixture implements MixtureParameters {
  readonly covariance: CovarianceForm;
  readonly weights: Float64Array;
  readonly means: Float64Array;
  readonly factors: Float64Array;
  readonly components: number;
  readonly dim: number;
  /** L^-1 of each component, or 1 / std. */
  readonly #whiteners: Float64Array;
  /** log weight_k - log |L_k| - dim/2 log 2 pi. */
  readonly #logNorms: Float64Array;

  /** Throws ShapeError where the parts do not fit together. */
  constructor({ covariance, weights, means, factors }: MixtureParameters) {
    const components = weights.length;
    const dim = means.length / components;
    const factorSize = covariance === "full" ? dim * dim : dim;
    if (!Number.isInteger(dim) || dim < 1 || factors.length !== components * factorSize)
      throw new ShapeError(
        `mixture: parts do not fit, got ${components} weights, ${means.length} means and ${factors.length} factors, expected [k], [k, dim] and [k, dim${covariance === "full" ? ", dim" : ""}]`,
      );
    this.covariance = covariance;
    this.weights = weights;
    this.means = means;
    this.factors = factors;
    this.components = components;
    this.dim = dim;
    this.#whiteners = new Float64Array(factors.length);
    this.#logNorms = new Float64Array(components);
    for (let k = 0; k < components; k++) {
      const factor = factors.subarray(k * factorSize, (k + 1) * factorSize);
      this.#whiteners.set(
        covariance === "full" ? invertLower(factor, dim) : factor.map((std) => 1 / std),
        k * factorSize,
      );
      let logNorm = Math.log(weights[k]!) - (dim / 2) * Math.log(2 * Math.PI);
      for (let i = 0; i < dim; i++) logNorm -= Math.log(factor[covariance === "full" ? i * dim + i : i]!);
      this.#logNorms[k] = logNorm;
    }
  }

  /** log p(z) of codes [count, dim], in nats: [count]. */
  logProb(codes: Float32Array | Float64Array): Float64Array {
    return logSumExpRows(this.logJoint(codes), this.components);
  }

  /** log weight_k + log N(z; mean_k, covariance_k) of codes [count, dim]: [count, components]. */
  logJoint(codes: Float32Array | Float64Array): Float64Array {
    const { dim, components, covariance } = this;
    const count = codes.length / dim;
    if (!Number.isInteger(count))
      throw new ShapeError(`mixture: got ${codes.length} numbers, expected codes of ${dim} each`);
    const out = new Float64Array(count * components);
    const squares = new Float64Array(count);
    for (let k = 0; k < components; k++) {
      const mean = this.means.subarray(k * dim, (k + 1) * dim);
      const size = covariance === "full" ? dim * dim : dim;
      const whitener = this.#whiteners.subarray(k * size, (k + 1) * size);
      (covariance === "full" ? squaresFull : squaresDiagonal)(squares, codes, mean, whitener);
      for (let n = 0; n < count; n++) out[n * components + k] = this.#logNorms[k]! - squares[n]! / 2;
    }
    return out;
  }

  /**
   * Sampled codes [count, dim]. `temperature` scales each component's standard deviation; `radius` instead fixes the Mahalanobis distance from the
   * component mean, which is near sqrt(dim) for ordinary samples. Sample i does not depend on `count`: the stream's uniforms choose components,
   * and its normals, a separate sequence, positions within them.
   */
  sample(
    count: number,
    stream: Stream,
    { temperature = 1, radius }: { readonly temperature?: number; readonly radius?: number | undefined } = {},
  ): Float32Array {
    const { dim } = this;
    const codes = new Float32Array(count * dim);
    const noise = new Float64Array(dim);
    for (let n = 0; n < count; n++) {
      const component = this.sampleComponent(stream);
      for (let i = 0; i < dim; i++) noise[i] = stream.normal();
      const scale = radius === undefined ? temperature : radius / Math.hypot(...noise);
      for (let i = 0; i < dim; i++) noise[i]! *= scale;
      codes.set(this.place(component, noise), n * dim);
    }
    return codes;
  }

  /** A component index, sampled by weight. */
  sampleComponent(stream: Stream): number {
    const { weights } = this;
    const u = stream.uniform();
    let component = 0;
    for (let reached = weights[0]!; u >= reached && component < weights.length - 1; reached += weights[component]!)
      component++;
    return component;
  }

  /** mean_k + L_k u: a standard normal u [dim] mapped into a component. */
  place(component: number, u: ArrayLike<number>): Float64Array {
    const { dim } = this;
    const code = this.means.slice(component * dim, (component + 1) * dim);
    for (let i = 0; i < dim; i++)
      if (this.covariance === "diagonal") code[i]! += this.factors[component * dim + i]! * u[i]!;
      else for (let j = 0; j <= i; j++) code[i]! += this.factors[(component * dim + i) * dim + j]! * u[j]!;
    return code;
  }
}

/** |(z - mean) / std|^2 of codes z; the whitener is 1 / std. */
function squaresDiagonal(
  out: Float64Array,
  codes: Float32Array | Float64Array,
  mean: Float64Array,
  whitener: Float64Array,
): void {
  const dim = mean.length;
  for (let n = 0; n < out.length; n++) {
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += ((codes[n * dim + i]! - mean[i]!) * whitener[i]!) ** 2;
    out[n] = sum;
  }
}

/**
 * |L^-1 (z - mean)|^2 of codes z. Four codes at a time give four independent sums, three times as fast in V8 as one.
 */
function squaresFull(
  out: Float64Array,
  codes: Float32Array | Float64Array,
  mean: Float64Array,
  whitener: Float64Array,
): void {
  const dim = mean.length;
  const offsets = new Float64Array(4 * dim);
  for (let first = 0; first < out.length; first += 4) {
    for (let i = 0; i < dim; i++)
      for (let lane = 0; lane < 4; lane++)
        // Lanes past the last code hold zeros and are dropped.
        offsets[4 * i + lane] = (codes[(first + lane) * dim + i] ?? 0) - mean[i]!;
    let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
    for (let i = 0; i < dim; i++) {
      let [y0, y1, y2, y3] = [0, 0, 0, 0];
      for (let j = 0; j <= i; j++) {
        const w = whitener[i * dim + j]!;
        y0 += w * offsets[4 * j]!;
        y1 += w * offsets[4 * j + 1]!;
        y2 += w * offsets[4 * j + 2]!;
        y3 += w * offsets[4 * j + 3]!;
      }
      sum0 += y0 * y0;
      sum1 += y1 * y1;
      sum2 += y2 * y2;
      sum3 += y3 * y3;
    }
    out.set([sum0, sum1, sum2, sum3].slice(0, out.length - first), first);
  }
}

/** log sum_k exp(values[n, k]) of each row; the maximum is taken out so that nothing overflows. */
export function logSumExpRows(values: Float64Array, columns: number): Float64Array {
  const sums = new Float64Array(values.length / columns);
  for (let n = 0; n < sums.length; n++) {
    let largest = -Infinity;
    for (let k = 0; k < columns; k++) largest = Math.max(largest, values[n * columns + k]!);
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += Math.exp(values[n * columns + k]! - largest);
    sums[n] = largest + Math.log(sum);
  }
  return sums;
}
