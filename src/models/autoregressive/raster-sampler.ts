import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { cast, greater, greaterEqual, where } from "../../ops/comparison.ts";
import { dynamicSlice, dynamicUpdateSlice } from "../../ops/indexing.ts";
import { reshape } from "../../ops/movement.ts";
import type { Shape } from "../../graph/shape.ts";
import type { Codes } from "../latent.ts";
import type { Edited, Editor, Sampler, StepScalars, Symbolic } from "../sampler.ts";
import type { GatedStacks, Grid, PixelCondition } from "./gated-stacks.ts";
import type { PixelInput } from "./pixel-inputs.ts";
import type { PixelOutput } from "./pixel-outputs.ts";

/** What an autoregressive model of pixels consists of. */
export interface RasterParts {
  /** Of an example, which is a grid of pixels. */
  readonly shape: Shape;
  readonly grid: Grid;
  /** Whether values are 0 or 1: given ones between are rounded. */
  readonly binary: boolean;
  readonly stacks: GatedStacks;
  readonly input: PixelInput;
  readonly output: PixelOutput;
  readonly condition: (context: Context, count: number) => PixelCondition;
}

const rasterOptions = z.strictObject({
  temperature: z
    .number()
    .min(0.01)
    .max(100)
    .default(1)
    .describe("temperature: logits of each pixel are divided by it; below 1 for likelier pixels"),
});
export type RasterOptions = z.output<typeof rasterOptions>;

/**
 * Samples pixel by pixel, rows from above and each from the left. What a layer computes of rows and pixels that are behind is kept, so that a row costs
 * the vertical stack one row, and a pixel costs the horizontal stack one pixel.
 */
export function rasterSampler(parts: RasterParts): Sampler<RasterOptions> {
  return {
    options: rasterOptions,
    schedule: () => scheduleOf(parts.grid),
    start: (count, _, context) => startOf(parts, count, context),
    step: (state, at, options, context) => stepOf(parts, state, { at, options, context }),
    finish: ({ x }) => reshape(x!, [x!.shape[0]!, ...parts.shape]),
  };
}

/**
 * Completes examples: the new pixels are samples of p(x_i | x_1, .., x_(i-1)) where the kept ones among those before are as given. Kept pixels that
 * come after a new one do not inform it, so that samples are of p(new | kept) exactly where what is kept comes first in raster order.
 */
export function rasterEditor(parts: RasterParts): Editor<RasterOptions> {
  return {
    options: rasterOptions,
    schedule(_, { masked }) {
      if (!masked)
        throw new ConfigError(
          "edit: an autoregressive model completes examples, got none of their values to keep, expected a mask, or latentkit complete",
        );
      return { start: {}, steps: scheduleOf(parts.grid) };
    },
    start({ x, mask }: Edited, _, __, context) {
      const count = x.shape[0]!;
      const onGrid = (t: Tensor): Tensor =>
        reshape(t, [count, parts.grid.channels, parts.grid.height, parts.grid.width]);
      const kept = parts.binary ? cast(greaterEqual(x, 0.5), "float32") : x;
      return { ...startOf(parts, count, context), x: onGrid(kept), mask: onGrid(mask!), example: x };
    },
    step: (state, at, options, context) => stepOf(parts, state, { at, options, context }),
    finish({ x, mask, example }) {
      const whole = (t: Tensor): Tensor => reshape(t, example!.shape);
      return where(greater(whole(mask!), 0.5), whole(x!), example!);
    },
  };
}

/** A step where each row begins, but for a single row, and one for each pixel. */
const scheduleOf = ({ height, width }: Grid): readonly StepScalars[] =>
  Array.from({ length: height }, (_, row) => [
    ...(height > 1 ? [{ row }] : []),
    ...Array.from({ length: width }, (__, column) => ({ row, column })),
  ]).flat();

function startOf({ grid, stacks, condition }: RasterParts, count: number, context: Context): Codes {
  const { picture } = condition(context, count);
  return {
    x: constant(0).broadcastTo([count, grid.channels, grid.height, grid.width]),
    ...stacks.start(count),
    ...(picture && { picture }),
  };
}

interface StepParts {
  readonly at: Readonly<Record<string, Tensor>>;
  readonly options: Symbolic<RasterOptions>;
  readonly context: Context;
}

function stepOf(parts: RasterParts, state: Codes, { at, options, context }: StepParts): Codes {
  const { grid, stacks, input, output, condition } = parts;
  const { x, mask, picture } = state as Codes & { readonly x: Tensor };
  const [count] = x.shape as readonly [number];
  const [row, column] = [cast(at["row"]!, "int64"), at["column"] && cast(at["column"], "int64")];
  const { vector } = condition(context, count);
  const pictureRow = picture && dynamicSlice(picture, 2, row, 1);
  if (!column) return stacks.row(state, { vector, picture: pictureRow }, context);

  const here = { vector, picture: pictureRow && dynamicSlice(pictureRow, 3, column, 1) };
  const { h, next } = stacks.pixel(state, column, here, context);
  const place = row.mul(constant(grid.width, [], "int64")).add(column);
  const flat = (t: Tensor): Tensor => reshape(t, [count, grid.channels, grid.height * grid.width]);
  const found = (t: Tensor): Tensor => reshape(dynamicSlice(flat(t), 2, place, 1), [count, grid.channels, 1, 1]);
  const kept = mask && { x: found(x), mask: found(mask) };
  const pixel = output.sample(h, { temperature: options.temperature, kept });
  const changed = dynamicUpdateSlice(flat(x), reshape(pixel, [count, grid.channels, 1]), 2, place);
  return { ...stacks.put(next, input.apply(pixel), column), x: reshape(changed, x.shape) };
}
