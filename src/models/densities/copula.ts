import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor, Variable } from "../../graph/tensor.ts";
import { normalNoise } from "../../distributions/noise.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import { normalQuantile } from "../../normal-quantile.ts";
import { and, cast, greater, greaterEqual, less, where } from "../../ops/comparison.ts";
import { erf, floor } from "../../ops/elementwise.ts";
import { gather } from "../../ops/indexing.ts";
import { minimum } from "../../ops/arithmetic.ts";
import { reshape, transpose } from "../../ops/movement.ts";
import { defineModel } from "../definition.ts";
import type { Codes } from "../latent.ts";
import type { ColumnSpec, DataSpec, Examples, Model } from "../model.ts";
import type { Sampler } from "../sampler.ts";

/** Steps between the quantiles of a column of numbers. */
const STEPS = 1000;
/** Columns: their correlations are a full matrix. */
const mostColumns = 2048;
/** Rows it is fitted to, at most: evenly spaced ones of more. */
const mostRows = 2 ** 20;

/** A column of the copula: its first place in an example, and how many categories it has, or which of the numbers it is. */
type Place =
  | { readonly kind: "number"; readonly at: number; readonly width: 1; readonly number: number }
  | { readonly kind: "category"; readonly at: number; readonly width: number };

/**
 * Gaussian copula with empirical marginals (Sklar 1959; Nelsen, "An introduction to copulas", section 2.3):
 *
 *   y ~ N(0, R),     u_i = Phi(y_i),     x_i = F_i^-1(u_i)
 *
 * F_i is the distribution function of column i: of numbers between 1001 quantiles, of categories their frequencies in the order
 * of the table. R comes from normal scores in one pass: s_i(x) = E[y_i | x_i], and since E[y_j | y_i] = R_ij y_i,
 *
 *   R_ij = E[s_i s_j] / (E[s_i^2] E[s_j^2])
 *
 * exactly where one of the two is continuous, and to first order in R_ij for two columns of categories. What is then no
 * correlation matrix is projected: negative eigenvalues become 0. It is the baseline that a model of a table has to beat: the
 * marginals are those of the data, and the dependence has one number a pair.
 */
class Copula implements Model {
  readonly latents = [];
  readonly dataMarginals = true;
  /** Of each number: [numbers, STEPS + 1]. */
  readonly quantiles: Variable;
  /** Where a category begins and ends between 0 and 1: [parts] each, unused for numbers. */
  readonly lower: Variable;
  readonly upper: Variable;
  /** L with R = L L^T: [columns, columns]. */
  readonly factor: Variable;
  readonly sampler: Sampler;
  readonly #places: readonly Place[];
  readonly #parts: number;

  constructor({ shape, columns }: DataSpec) {
    this.#parts = sizeOf(shape);
    this.#places = placesOf(columns, this.#parts);
    const { length } = this.#places;
    if (length > mostColumns)
      throw new ConfigError(`copula: too many columns, got ${length}, expected at most ${mostColumns}`);
    const state = (...extents: number[]): Variable =>
      new Variable(extents, { kind: "constant", value: 0 }, { trainable: false });
    // A table of categories alone has a row that nothing reads.
    this.quantiles = state(Math.max(1, this.#places.filter(({ kind }) => kind === "number").length), STEPS + 1);
    this.lower = state(this.#parts);
    this.upper = state(this.#parts);
    this.factor = state(length, length);
    this.sampler = {
      options: z.strictObject({}),
      schedule: () => [],
      start: (count) => ({ y: normalNoise([count, length], "float32") }),
      finish: ({ y }: Codes) => reshape(this.#fromScores(y!.matmul(transpose(this.factor))), [y!.shape[0]!, ...shape]),
    };
  }

  /** Nothing: `solve` finds every value. */
  objectives(): readonly [] {
    return [];
  }

  async solve(examples: Examples): Promise<ReadonlyMap<Variable, Float32Array>> {
    const parts = this.#parts;
    const values = columnValues(examples, this.#places, parts);
    const [quantiles, lower, upper] = [
      new Float32Array(this.quantiles.size),
      new Float32Array(parts),
      new Float32Array(parts),
    ];
    this.#places.forEach((place, i) => {
      if (place.kind === "number") return quantiles.set(quantilesOf(values[i]!), place.number * (STEPS + 1));
      const { at, width } = place;
      const starts = bounds(values[i]!, width);
      lower.set(starts.subarray(0, width), at);
      upper.set(starts.subarray(1), at);
      // Phi(y) may round to 1.
      upper[at + width - 1] = 2;
    });
    return new Map([
      [this.quantiles, quantiles],
      [this.lower, lower],
      [this.upper, upper],
      [this.factor, factorOf(values.map(scoresOf))],
    ]);
  }

  /** Examples of normal scores y [batch, columns]: [batch, parts]. */
  #fromScores(y: Tensor): Tensor {
    const places = this.#places;
    const parts = <T>(of: (place: Place, i: number) => T): readonly T[] =>
      places.flatMap((place, i) => Array.from({ length: place.width }, () => of(place, i)));
    const owner = constant(
      parts((_, i) => i),
      [this.#parts],
      "int64",
    );
    const u = gather(erf(y.div(Math.SQRT2)).add(1).div(2), owner, 1);
    const chosen = and(greaterEqual(u, this.lower), less(u, this.upper));
    // The inverse of the distribution function: between quantiles, linear.
    const rank = u.mul(STEPS);
    const below = minimum(floor(rank), STEPS - 1);
    const first = constant(
      parts((place) => (place.kind === "number" ? place.number * (STEPS + 1) : 0)),
      [this.#parts],
    );
    // Exact in float32: there are fewer quantiles than 2^24.
    const at = cast(below.add(first), "int64");
    const table = reshape(this.quantiles, [-1]);
    const from = gather(table, at);
    const to = gather(table, at.add(constant([1], [1], "int64")));
    const number = from.add(to.sub(from).mul(rank.sub(below)));
    const isNumber = constant(
      parts(({ kind }) => Number(kind === "number")),
      [this.#parts],
    );
    return where(greater(isNumber, 0), number, cast(chosen, "float32"));
  }
}

/** Numbers, or indices of categories, by column. */
function columnValues(examples: Examples, places: readonly Place[], parts: number): readonly Float32Array[] {
  const step = Math.ceil(examples.count / mostRows);
  const values = places.map(() => new Float32Array(Math.ceil(examples.count / step)));
  let seen = 0;
  examples.visit((x, count) => {
    for (let row = 0; row < count; row++, seen++) {
      if (seen % step !== 0) continue;
      const example = x.subarray(row * parts, (row + 1) * parts);
      places.forEach(({ kind, at, width }, i) => {
        values[i]![seen / step] = kind === "number" ? example[at]! : example.subarray(at, at + width).indexOf(1);
      });
    }
  });
  return values;
}

/** Values at evenly spaced ranks from the least to the greatest, [STEPS + 1]. */
function quantilesOf(values: Float32Array): Float32Array {
  const sorted = values.toSorted();
  return Float32Array.from({ length: STEPS + 1 }, (_, i) => sorted[Math.round((i * (sorted.length - 1)) / STEPS)]!);
}

/** Where each category begins between 0 and 1, and 1: [categories + 1]. */
function bounds(values: Float32Array, categories: number): Float32Array {
  const counts = new Uint32Array(categories);
  for (const category of values) counts[category]! += 1;
  const starts = new Float32Array(categories + 1);
  let rows = 0;
  counts.forEach((count, k) => (starts[k + 1] = (rows += count) / values.length));
  return starts;
}

/** E[y | x] of each row: of equal values, the mean of the normal distribution between their first and last rank. */
function scoresOf(values: Float32Array): Float64Array {
  const count = values.length;
  const order = Uint32Array.from(values.keys()).toSorted((a, b) => values[a]! - values[b]!);
  const scores = new Float64Array(count);
  for (let from = 0, to = 0; from < count; from = to) {
    while (to < count && values[order[to]!] === values[order[from]!]) to += 1;
    const score = ((densityAt(from / count) - densityAt(to / count)) * count) / (to - from);
    for (let i = from; i < to; i++) scores[order[i]!] = score;
  }
  return scores;
}

/** phi(Phi^-1(p)). */
const densityAt = (p: number): number =>
  p <= 0 || p >= 1 ? 0 : Math.exp(-(normalQuantile(p) ** 2) / 2) / Math.sqrt(2 * Math.PI);

/** L with L L^T the correlation matrix of columns with those scores, projected where it is none. */
function factorOf(scores: readonly Float64Array[]): Float32Array {
  const size = scores.length;
  const squares = scores.map((s) => meanProduct(s, s));
  const correlations = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      const square = squares[i]! * squares[j]!;
      // A constant column depends on nothing.
      const r = i === j ? 1 : square > 0 ? meanProduct(scores[i]!, scores[j]!) / square : 0;
      correlations[i * size + j] = correlations[j * size + i] = Math.max(-1, Math.min(1, r));
    }
  const { values, vectors } = symmetricEigen(correlations, size);
  const factor = new Float32Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = Float64Array.from(
      { length: size },
      (_, k) => vectors[k * size + i]! * Math.sqrt(Math.max(0, values[k]!)),
    );
    // Its diagonal stays 1.
    const length = Math.hypot(...row);
    factor.set(
      row.map((v) => v / length),
      i * size,
    );
  }
  return factor;
}

function meanProduct(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum / a.length;
}

/** The columns of a table; each value is one where examples are no table. */
function placesOf(columns: readonly ColumnSpec[] | undefined, parts: number): readonly Place[] {
  let [at, number] = [0, 0];
  const kinds = columns ?? Array.from({ length: parts }, () => ({ kind: "number" as const }));
  return kinds.map((column): Place => {
    const first = at;
    at += column.kind === "category" ? column.values.length : 1;
    return column.kind === "category"
      ? { kind: "category", at: first, width: column.values.length }
      : { kind: "number", at: first, width: 1, number: number++ };
  });
}

/** The model as commands know it. */
export const copula = defineModel({
  name: "copula",
  summary: "Gaussian copula with empirical marginals, in one pass: the baseline of a table",
  paper: "Sklar 1959",
  config: z.strictObject({}),
  build: (_, data) => new Copula(data),
});
