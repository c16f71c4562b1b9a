import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { Normal } from "../../distributions/normal.ts";
import type { Shape } from "../../graph/shape.ts";
import { constant, type Tensor, Variable } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { Conv } from "../../nn/conv.ts";
import type { Layer } from "../../nn/residual.ts";
import { reshape } from "../../ops/movement.ts";
import { checkPatch, depthToSpace, spaceToDepth } from "../parts/patches.ts";
import type { DataSpec } from "../model.ts";
import { type GridSize, pooled, resolutions, upsampled } from "./grids.ts";
import { gaussianOf, type HierarchyNetworks, type Level } from "./level.ts";

/** Settings of hierarchies of grids. */
export const gridConfig = {
  latents: z
    .array(z.int().min(0).max(64))
    .min(2)
    .max(10)
    .default([2, 2])
    .describe("latents at each resolution, the coarsest first: 1x1, then up to the finest by factors of 2"),
  latentChannels: z.int().positive().max(1024).default(8).describe("channels of each latent"),
  width: z.int().min(4).max(4096).default(32).describe("channels of the features"),
  blocks: z.int().min(1).max(64).default(1).describe("residual blocks of the encoder at each resolution"),
  patch: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe("side of the squares that images are cut into, whose pixels are channels of the finest grid"),
};
export interface GridConfig {
  readonly latents: readonly number[];
  readonly latentChannels: number;
  readonly width: number;
  readonly blocks: number;
  readonly patch: number;
}

/** The networks of one latent on a grid. Features h and d are [n, width, height, width]. */
export interface TopDownBlock {
  /** Mean and log variance of p(z|h) side by side, [n, 2 channels, ...], where it is not N(0, I); and what of h goes on. */
  prior(h: Tensor, context: Context): { readonly both?: Tensor; readonly h: Tensor };
  /** Those of the recognition network. */
  estimate(h: Tensor, d: Tensor, context: Context): Tensor;
  /** Features below, of z as a grid. */
  next(h: Tensor, z: Tensor, context: Context): Tensor;
}

/** Kinds of blocks: what tells one hierarchy of grids from another. */
export interface GridBlocks {
  /** On the way up, of features at a resolution. */
  up(size: GridSize): Layer;
  /** On the way down; `top` for the first of all. */
  down(size: GridSize, top: boolean): TopDownBlock;
  /** Before the convolution to p(x|z). */
  last(h: Tensor, context: Context): Tensor;
}

/** The way into a resolution: features of the one above, plus a bias of every position. */
interface Entry {
  readonly size: GridSize;
  readonly bias: Variable;
}

const entered = (h: Tensor, entries: readonly Entry[]): Tensor =>
  entries.reduce((from, { size, bias }) => upsampled(from, size).add(bias), h);

class GridLevel implements Level {
  readonly shape: Shape;
  readonly entries: readonly Entry[];
  readonly block: TopDownBlock;
  readonly #grid: Shape;

  constructor(block: TopDownBlock, channels: number, size: GridSize, entries: readonly Entry[]) {
    this.block = block;
    this.entries = entries;
    this.#grid = [channels, ...size];
    // A single position is a vector, which tools on codes take.
    this.shape = Math.max(...size) === 1 ? [channels] : this.#grid;
  }

  prior(above: Tensor, context: Context): { readonly p: Normal; readonly h: Tensor } {
    const { both, h } = this.block.prior(entered(above, this.entries), context);
    const p = both
      ? gaussianOf(both, this.shape)
      : new Normal(constant(0).broadcastTo([h.shape[0]!, ...this.shape]), { logVar: 0 });
    return { p, h };
  }

  estimate(h: Tensor, d: Tensor, context: Context): Normal {
    return gaussianOf(this.block.estimate(h, d, context), this.shape);
  }

  next(h: Tensor, z: Tensor, context: Context): Tensor {
    return this.block.next(h, reshape(z, [z.shape[0]!, ...this.#grid]), context);
  }
}

/** Up by average pooling, with blocks at each resolution; down by nearest neighbors, with a block for each latent. */
export class GridNetworks implements HierarchyNetworks {
  readonly first: Conv;
  /** Finest first. */
  readonly up: readonly { readonly size: GridSize; readonly blocks: readonly Layer[] }[];
  readonly top: Variable;
  readonly levels: readonly GridLevel[];
  /** From the last latent to the finest resolution. */
  readonly entries: readonly Entry[];
  readonly last: Conv;
  readonly #blocks: GridBlocks;
  readonly #patch: number;
  /** Place of each level's features in `up`. */
  readonly #places: readonly number[];

  constructor(
    config: GridConfig,
    { shape, decoded }: { readonly shape: Shape; readonly decoded: Shape },
    kinds: GridBlocks,
  ) {
    const { latents, latentChannels, width, blocks, patch } = config;
    const [channels, ...size] = shape as readonly [number, number, number];
    checkPatch(patch, size);
    const sizes = resolutions([size[0] / patch, size[1] / patch], latents.length);
    if (latents.every((count) => count === 0))
      throw new ConfigError(`latents: none, got ${latents.join(",")}, expected at least one`);
    this.#blocks = kinds;
    this.#patch = patch;
    this.first = new Conv(channels * patch ** 2, width, [3, 3], { padding: 1 });
    this.up = sizes
      .map((at) => ({ size: at, blocks: Array.from({ length: blocks }, () => kinds.up(at)) }))
      .toReversed();
    const biasOf = (at: GridSize): Variable => new Variable([width, ...at], { kind: "constant", value: 0 });
    this.top = biasOf([1, 1]);
    const levels: GridLevel[] = [];
    const places: number[] = [];
    let entries: Entry[] = [];
    sizes.forEach((at, i) => {
      if (i > 0) entries.push({ size: at, bias: biasOf(at) });
      for (let k = 0; k < latents[i]!; k++) {
        levels.push(new GridLevel(kinds.down(at, levels.length === 0), latentChannels, at, entries));
        places.push(sizes.length - 1 - i);
        entries = [];
      }
    });
    this.levels = levels;
    this.#places = places;
    this.entries = entries;
    this.last = new Conv(width, decoded[0]! * patch ** 2, [3, 3], { padding: 1 });
  }

  rise(x: Tensor, context: Context): readonly Tensor[] {
    const features: Tensor[] = [];
    this.up.reduce(
      (from, { size, blocks }, i) => {
        const start = i === 0 ? from : pooled(from, size);
        const h = blocks.reduce((each, block) => block.apply(each, context), start);
        features.push(h);
        return h;
      },
      this.first.apply(spaceToDepth(x, this.#patch)),
    );
    return this.#places.map((place) => features[place]!);
  }

  start(count: number): Tensor {
    return this.top.broadcastTo([count, ...this.top.shape]);
  }

  output(h: Tensor, context: Context): Tensor {
    return depthToSpace(this.last.apply(this.#blocks.last(entered(h, this.entries), context)), this.#patch);
  }
}

/** Throws ConfigError where examples are no images. */
export function requireGrids(name: string, { shape }: DataSpec): void {
  if (shape.length !== 3)
    throw new ConfigError(
      `model: ${name} is of images, got examples of shape [${shape.join(", ")}], expected [channels, height, width]; ladder-vae is for others too`,
    );
}
