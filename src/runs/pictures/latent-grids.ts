/** Image grids of a latent space: interpolations, traversals and latent arithmetic. */
import { exampleSize } from "../../data/dataset.ts";
import { ConfigError } from "../../errors.ts";
import { analogy } from "../../latent/code-arithmetic.ts";
import { linear, pathBetween, spherical } from "../../latent/interpolation.ts";
import { traversal } from "../../latent/traversal.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { meanSquaredError } from "../../metrics/psnr.ts";
import type { LatentPoints } from "../codes/latent-points.ts";

/** The paths of the rows of an interpolation: two in latent space, one in data space. */
export const interpolationPaths = ["linear", "spherical", "data"] as const;

/**
 * Interpolations between pairs of points, three rows each: decoded codes of linear and of spherical interpolation, and linear
 * interpolation of the examples themselves. The condition of the model changes from that of one to that of the other in the middle.
 */
export async function interpolationGrid(pairs: LatentPoints, steps: number): Promise<ImageGrid> {
  const { trained, codes, examples } = pairs;
  const count = codes.length / trained.latentDim / 2;
  if (!Number.isInteger(count))
    throw new ConfigError(`interpolate: not pairs of points, got ${2 * count}, expected an even number`);
  const between = (rows: Float32Array, path: typeof linear): Float32Array => {
    const size = rows.length / (2 * count);
    const at = (i: number): Float32Array => rows.subarray(i * size, (i + 1) * size);
    const out = new Float32Array(count * steps * size);
    for (let pair = 0; pair < count; pair++)
      out.set(pathBetween(at(2 * pair), at(2 * pair + 1), steps, path), pair * steps * size);
    return out;
  };
  const nearest = Array.from({ length: count * steps }, (_, i) => {
    const second = (i % steps) / (steps - 1) >= 0.5;
    return 2 * Math.floor(i / steps) + Number(second);
  });
  const conditional = pairs.given(nearest);
  const sets = [
    await conditional.decode(between(codes, linear)),
    await conditional.decode(between(codes, spherical)),
    between(examples, linear),
  ];
  return { sets, count: count * steps, columns: steps, shape: trained.shape, kind: trained.kind };
}

type RangeOf = (dim: number) => readonly [low: number, high: number];

/** Latent traversals of the first point: a row for each dimension, decoded while it varies over its range. */
export async function traversalGrid(
  points: LatentPoints,
  options: { readonly dims: readonly number[]; readonly size: number; readonly rangeOf: RangeOf },
): Promise<ImageGrid> {
  const { dims, size, rangeOf } = options;
  const { trained, codes } = points;
  const base = codes.subarray(0, trained.latentDim);
  const sets = [await points.given([0]).decode(traversal(base, dims, size, rangeOf))];
  return { sets, count: dims.length * size, columns: size, shape: trained.shape, kind: trained.kind };
}

/** What each latent dimension changes: the mean squared difference between the ends of its traversal of the first point, [latentDim]. */
export async function changeByDimension(points: LatentPoints, rangeOf: RangeOf): Promise<readonly number[]> {
  const { latentDim } = points.trained;
  const dims = Array.from({ length: latentDim }, (_, dim) => dim);
  const { sets } = await traversalGrid(points, { dims, size: 2, rangeOf });
  const size = sets[0]!.length / (2 * latentDim);
  const end = (i: number): Float32Array => sets[0]!.subarray(i * size, (i + 1) * size);
  return dims.map((dim) => meanSquaredError(end(2 * dim), end(2 * dim + 1)));
}

/** A term of latent arithmetic: its code, and the example, or the decoded mean code of a class. */
export interface Term {
  readonly code: Float32Array;
  readonly picture: Float32Array;
  readonly label?: number;
}

/** A row for each c: a, b and c, then the decoded c + strength (a - b) for each strength. */
export async function analogyGrid(
  trained: TrainedModel,
  {
    a,
    b,
    c,
    strengths,
  }: { readonly a: Term; readonly b: Term; readonly c: readonly Term[]; readonly strengths: readonly number[] },
): Promise<ImageGrid> {
  const results = c.flatMap((term) => strengths.map((strength) => analogy([a.code, b.code, term.code], strength)));
  const labels = c.flatMap(({ label = 0 }) => strengths.map(() => label));
  // A condition that is given holds for all terms.
  const own = trained.model.condition?.required && !trained.isGiven;
  const pictures = await (own ? trained.given({ class: labels }) : trained).decode(joined(results));
  const size = exampleSize(trained);
  const rowOf = (term: Term, row: number): Float32Array[] => [
    a.picture,
    b.picture,
    term.picture,
    pictures.subarray(row * strengths.length * size, (row + 1) * strengths.length * size),
  ];
  const columns = 3 + strengths.length;
  return {
    sets: [joined(c.flatMap(rowOf))],
    count: c.length * columns,
    columns,
    shape: trained.shape,
    kind: trained.kind,
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
