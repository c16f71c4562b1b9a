/** Pictures of a latent space: what a model decodes along paths, traversals and analogies. */
import type { Split } from "../../data/split.ts";
import { exampleSize } from "../../data/dataset.ts";
import { ConfigError } from "../../errors.ts";
import { analogy } from "../../latent/code-arithmetic.ts";
import { linear, pathBetween, spherical } from "../../latent/interpolation.ts";
import { traversal } from "../../latent/traversal.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { forExamples } from "../../evaluation/given-examples.ts";

/** Decodes codes, each with the label beside it where the model learns from labels. */
const decoded = (trained: TrainedModel, codes: Float32Array, labels: readonly number[]): Promise<Float32Array> =>
  (trained.model.condition?.required && labels.length > 0 ? trained.given({ class: labels }) : trained).decode(codes);

/** How the rows of an interpolation differ, in their order: in the latent space twice, and in that of the data. */
export const interpolationPaths = ["linear", "spherical", "data"] as const;

/**
 * From each example of a split to the next one, two by two: a row decoded along the straight line between their codes, one along the
 * great circle, and one of the straight line between the examples themselves. In the middle what the model is told changes from what is known of one to that of the
 * other.
 */
export async function interpolationGrid(trained: TrainedModel, pairs: Split, steps: number): Promise<ImageGrid> {
  const count = pairs.indices.length / 2;
  if (!Number.isInteger(count))
    throw new ConfigError(`interpolate: not pairs of examples, got ${2 * count}, expected an even number`);
  const x = firstExamples(pairs, 2 * count);
  const codes = await forExamples(trained, pairs).encode(x);
  const between = (rows: Float32Array, path: typeof linear): Float32Array => {
    const size = rows.length / (2 * count);
    const at = (i: number): Float32Array => rows.subarray(i * size, (i + 1) * size);
    const out = new Float32Array(count * steps * size);
    for (let pair = 0; pair < count; pair++)
      out.set(pathBetween(at(2 * pair), at(2 * pair + 1), steps, path), pair * steps * size);
    return out;
  };
  const nearest = Uint32Array.from({ length: count * steps }, (_, i) => {
    const second = (i % steps) / (steps - 1) >= 0.5;
    return pairs.indices[2 * Math.floor(i / steps) + Number(second)]!;
  });
  const told = forExamples(trained, { ...pairs, indices: nearest });
  const sets = [
    await told.decode(between(codes, linear)),
    await told.decode(between(codes, spherical)),
    between(x, linear),
  ];
  return { sets, count: count * steps, columns: steps, shape: trained.shape, kind: trained.kind };
}

/** A row for each dimension: what an example's code decodes to as that dimension goes through its range. */
export async function traversalGrid(
  trained: TrainedModel,
  example: Split,
  options: {
    readonly dims: readonly number[];
    readonly size: number;
    readonly rangeOf: (dim: number) => readonly [low: number, high: number];
  },
): Promise<ImageGrid> {
  const { dims, size, rangeOf } = options;
  const told = forExamples(trained, { ...example, indices: example.indices.subarray(0, 1) });
  const base = await told.encode(firstExamples(example, 1));
  const sets = [await told.decode(traversal(base, dims, size, rangeOf))];
  return { sets, count: dims.length * size, columns: size, shape: trained.shape, kind: trained.kind };
}

/** A term of an analogy: its code, and how it looks, which for the mean code of a class is what that decodes to. */
export interface Term {
  readonly code: Float32Array;
  readonly picture: Float32Array;
  readonly label?: number;
}

/** A row for each c: a, b and c, then what c + strength (a - b) decodes to for each strength. */
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
  const pictures = await decoded(trained, joined(results), labels);
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
