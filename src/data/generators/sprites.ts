import { ConfigError } from "../../errors.ts";
import { stream } from "../../random/index.ts";
import { createDataset, type Dataset, type ExampleStore } from "../dataset.ts";
import { type Factors, gridFactors } from "./factors.ts";
import { createDataSource, heldOutCount, type DataSource } from "../split.ts";

const SIDE = 64;
/** Supported image sides. */
export const spriteSides = [32, SIDE] as const;
export type SpriteSide = (typeof spriteSides)[number];
/** Side of the square that contains a sprite in any orientation. */
const BOX = 32;
/** Pixels per unit at scale 1: every shape lies within a circle of radius BOX / 2. */
const UNIT = 11;

/** Whether the point (x, y), y upwards, lies inside a shape of unit size centered at the origin. */
const SHAPES: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 0.9,
  ellipse: (x, y) => x ** 2 / 1.3 ** 2 + y ** 2 / 0.65 ** 2 <= 1,
  // The sextic (x^2 + y^2 - 1)^3 = x^2 y^3.
  heart: (x, y) => (x ** 2 + y ** 2 - 1) ** 3 - x ** 2 * y ** 3 <= 0,
};
const SCALES = 6;
const ORIENTATIONS = 40;
const POSITIONS = 32;
const names = Object.keys(SHAPES);

/** Generative factors of an example, slowest-varying first. */
export const spriteFactors: Factors = gridFactors(
  { shape: names.length, scale: SCALES, orientation: ORIENTATIONS, x: POSITIONS, y: POSITIONS },
  ["shape"],
);

/** Cached bitmaps [BOX, BOX] of each shape, scale and orientation: at most 720 of 1 KiB. */
const bitmaps: Uint8Array[] = [];

function bitmap(shape: number, scale: number, orientation: number): Uint8Array {
  const at = (shape * SCALES + scale) * ORIENTATIONS + orientation;
  const cached = bitmaps[at];
  if (cached) return cached;
  const inside = SHAPES[names[shape]!]!;
  const unit = UNIT * (0.5 + (0.5 * scale) / (SCALES - 1));
  const angle = (2 * Math.PI * orientation) / ORIENTATIONS;
  const [cos, sin] = [Math.cos(angle) / unit, Math.sin(angle) / unit];
  const pixels = Uint8Array.from({ length: BOX * BOX }, (_, i) => {
    const x = (i % BOX) - (BOX - 1) / 2;
    const y = (BOX - 1) / 2 - Math.floor(i / BOX);
    return Number(inside(cos * x + sin * y, cos * y - sin * x));
  });
  bitmaps[at] = pixels;
  return pixels;
}

/** Images of `side` x `side`, downsampled from SIDE x SIDE: a pixel counts the pixels inside the shape in its block. */
function store(side: SpriteSide): ExampleStore {
  const block = SIDE / side;
  return {
    content: side === SIDE ? "latentkit sprites 1" : `latentkit sprites 1, side ${side}`,
    read(example, into) {
      const [shape, scale, orientation, x, y] = spriteFactors.of(example) as [number, number, number, number, number];
      const pixels = bitmap(shape, scale, orientation);
      into.fill(0);
      for (let row = 0; row < BOX; row++) {
        const start = Math.floor((y + row) / block) * side;
        for (let column = 0; column < BOX; column++)
          into[start + Math.floor((x + column) / block)]! += pixels[row * BOX + column]!;
      }
    },
  };
}

/**
 * Sprites after dSprites (Matthey, Higgins, Hassabis & Lerchner 2017, github.com/google-deepmind/dsprites-dataset): binary 64 x 64 images, one
 * for each combination of five factors: 3 shapes, 6 scales from 1/2 to 1, 40 orientations, 32 x 32 positions, 737,280 in all, rendered on demand.
 * Orientations are i / 40 of a turn (dSprites contains the first one twice); positions are one pixel apart. With side 32 each pixel is the mean
 * of 2 x 2, so neighboring positions, half a pixel apart, still differ.
 */
export function sprites(side: SpriteSide = SIDE): Promise<Dataset<ExampleStore>> {
  const size = spriteFactors.count;
  return createDataset({
    name: "sprites",
    description: `${size} images of ${names.join(", ")} in every scale, orientation and position`,
    shape: [1, side, side],
    size,
    values: store(side),
    range: [0, (SIDE / side) ** 2],
    labels: Uint8Array.from({ length: size }, (_, i) => spriteFactors.of(i)[0]!),
    classNames: names,
    factors: spriteFactors,
  });
}

export interface SpritesSourceOptions {
  /** Number of training sprites, sampled at random; by default all that are not held out. */
  readonly size?: number;
  /** Side of the square images, 64 by default. */
  readonly side?: number;
  /** Validation sprites: a count from 1 or a fraction of `size`; a tenth by default. There are as many test sprites. */
  readonly validation?: number;
  readonly seed?: number;
}

/** Disjoint training, validation and test sprites. */
export async function spritesSource({
  size,
  side = SIDE,
  validation = 0.1,
  seed = 0,
}: SpritesSourceOptions = {}): Promise<DataSource> {
  const known = spriteSides.find((each) => each === side);
  if (known === undefined)
    throw new ConfigError(`sprites: no images of this side, got ${side}, expected ${spriteSides.join(" or ")}`);
  const dataset = await sprites(known);
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 1 && size <= dataset.size))
    throw new ConfigError(`sprites: size out of range, got ${size}, expected an integer from 1 to ${dataset.size}`);
  const held = heldOutCount("validation", validation, size ?? dataset.size);
  const kept = size ?? dataset.size - 2 * held;
  if (kept < 1 || kept + 2 * held > dataset.size)
    throw new ConfigError(
      `sprites: too many to hold ${held} out twice, got ${kept}, expected at most ${dataset.size} together`,
    );
  // In shuffled order, so that image grids, which show the first few, contain all shapes.
  const order = stream(seed, "split").permutation(dataset.size);
  const part = (from: number, count: number) => ({ dataset, indices: order.slice(from, from + count) });
  return createDataSource({
    name: "sprites",
    description: `generated sprites of ${side} x ${side} pixels: ${kept} for training, ${held} each for validation and test (seed ${seed})`,
    train: part(0, kept),
    validation: part(kept, held),
    test: part(kept + held, held),
  });
}
