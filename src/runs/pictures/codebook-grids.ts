/** Image grids of codes that are symbols: what each one decodes to, where examples have them, and two examples' codes in one. */
import type { Binarization } from "../../data/binarize.ts";
import { firstExamples } from "../../data/first-examples.ts";
import type { Split } from "../../data/split.ts";
import {
  type LatentCodes,
  latentCodes,
  SymbolCounts,
  type SymbolLatent,
  symbolLatents,
} from "../../evaluation/latent-codes.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";

/** The codes of examples, with the use of each symbol among them. */
export interface ExampleSymbols {
  readonly codes: LatentCodes;
  /** By latent: how often each symbol occurs. */
  readonly counts: ReadonlyMap<string, Float64Array>;
}

/** Symbols of all examples of a split. */
export async function exampleSymbols(
  trained: TrainedModel,
  split: Split,
  binarize: Binarization,
): Promise<ExampleSymbols> {
  const codes = await latentCodes(trained, { split, take: "means", binarize });
  const symbols = new SymbolCounts(symbolLatents(trained.model));
  for (const name of symbols.counts.keys()) symbols.add(name, codes[name]!);
  return { codes, counts: symbols.counts };
}

/** Symbols by decreasing use; equally used ones by number. */
const byUse = (counts: Float64Array): readonly number[] =>
  Array.from(counts, (_, symbol) => symbol).toSorted((a, b) => counts[b]! - counts[a]! || a - b);

/**
 * Each symbol of a latent decoded alone: at every position, all other latents at their most used symbol. The most used come first, `count` of them.
 * Of several symbols a position, it is the first, and the others are the most used one too.
 */
export async function entriesGrid(
  trained: TrainedModel,
  {
    latent,
    counts,
    count,
  }: { readonly latent: SymbolLatent; readonly counts: ExampleSymbols["counts"]; readonly count: number },
): Promise<{ readonly grid: ImageGrid; readonly symbols: readonly number[] }> {
  const symbols = byUse(counts.get(latent.name)!).slice(0, count);
  const latents = symbolLatents(trained.model);
  const codes = Object.fromEntries(
    latents.map(({ name, shape }) => {
      const size = sizeOf(shape);
      const filled = new Float32Array(symbols.length * size).fill(byUse(counts.get(name)!)[0]!);
      const positions = shape.length > 2 ? size / shape[0]! : size;
      if (name === latent.name) symbols.forEach((symbol, i) => filled.fill(symbol, i * size, i * size + positions));
      return [name, filled];
    }),
  );
  const { shape, kind } = trained;
  const columns = Math.ceil(Math.sqrt(symbols.length));
  return { grid: { sets: [await trained.decodeLatents(codes)], count: symbols.length, columns, shape, kind }, symbols };
}

/**
 * Images above their reconstructions and the symbols of a latent where they have them, each symbol in a color of its own; the most used is dark.
 * Of several symbols a position, the first.
 */
export async function symbolsGrid(
  trained: TrainedModel,
  {
    split,
    symbols,
    latent,
  }: { readonly split: Split; readonly symbols: ExampleSymbols; readonly latent: SymbolLatent },
): Promise<ImageGrid> {
  const count = split.indices.length;
  const [channels, height, width] = trained.shape as [number, number, number];
  const [rows, columns] = latent.shape.slice(-2) as [number, number];
  const size = sizeOf(latent.shape);
  const rank = new Map(byUse(symbols.counts.get(latent.name)!).map((symbol, place) => [symbol, place]));
  const codes = symbols.codes[latent.name]!;
  const [area, maps] = [height * width, new Float32Array(count * 3 * height * width)];
  for (let image = 0; image < count; image++)
    for (let at = 0; at < area; at++) {
      const row = Math.floor((Math.floor(at / width) * rows) / height);
      const column = Math.floor(((at % width) * columns) / width);
      const color = colorOf(rank.get(codes[image * size + row * columns + column]!)!);
      color.forEach((v, channel) => (maps[(image * 3 + channel) * area + at] = v));
    }
  const examples = firstExamples(split, count);
  const shown = [examples, await trained.decodeLatents(symbols.codes)];
  return {
    sets: [...shown.map((set) => (channels === 3 ? set : inColors(set, area))), maps],
    count,
    columns: Math.min(16, count),
    shape: [3, height, width],
    kind: trained.kind,
  };
}

/** Gray images in three channels. */
function inColors(gray: Float32Array, area: number): Float32Array {
  const out = new Float32Array(3 * gray.length);
  for (let i = 0; i < gray.length; i++)
    for (let channel = 0; channel < 3; channel++)
      out[(3 * Math.floor(i / area) + channel) * area + (i % area)] = gray[i]!;
  return out;
}

/** Hues a golden section apart, so that neighbors in rank are far from each other. */
function colorOf(rank: number): readonly number[] {
  if (rank === 0) return [0.1, 0.1, 0.1];
  const hue = (rank * 0.618_034) % 1;
  const light = 0.45 + 0.4 * ((rank * 0.381_966) % 1);
  return [0, 1 / 3, 2 / 3].map((shift) => light * (0.55 + 0.45 * Math.cos(2 * Math.PI * (hue - shift))));
}

/**
 * Pairs of examples, the second of each below the first, then the first with the second's symbols in the right half of every grid, and
 * the other way around; of a hierarchy last the first with the second's symbols at the top level alone.
 */
export async function swapsGrid(
  trained: TrainedModel,
  { split, symbols }: { readonly split: Split; readonly symbols: ExampleSymbols },
): Promise<ImageGrid> {
  const pairs = split.indices.length / 2;
  const latents = symbolLatents(trained.model);
  const examples = firstExamples(split, 2 * pairs);
  const each = sizeOf(trained.shape);
  const half = (side: number): Float32Array => picked(examples, each, pairs, side);
  const mixed = (first: number, second: (latent: SymbolLatent) => (column: number, columns: number) => boolean) =>
    Object.fromEntries(
      latents.map((latent) => {
        const { name, shape } = latent;
        const [size, columns] = [sizeOf(shape), shape.at(-1)!];
        const [own, other] = [first, 1 - first].map((side) => picked(symbols.codes[name]!, size, pairs, side));
        const takes = second(latent);
        return [name, own!.map((symbol, i) => (takes(i % columns, columns) ? other![i]! : symbol))];
      }),
    );
  const right = () => (column: number, columns: number) => column >= columns / 2;
  const top = (latent: SymbolLatent) => () => latent === latents[0];
  const codes = [mixed(0, right), mixed(1, right), ...(latents.length > 1 ? [mixed(0, top)] : [])];
  const decoded: Float32Array[] = [];
  for (const one of codes) decoded.push(await trained.decodeLatents(one));
  const { shape, kind } = trained;
  return { sets: [half(0), half(1), ...decoded], count: pairs, columns: Math.min(16, pairs), shape, kind };
}

/** The first or second of each pair of rows. */
function picked(rows: Float32Array, size: number, pairs: number, side: number): Float32Array {
  const out = new Float32Array(pairs * size);
  for (let pair = 0; pair < pairs; pair++)
    out.set(rows.subarray((2 * pair + side) * size, (2 * pair + side + 1) * size), pair * size);
  return out;
}
