import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { reshape } from "../../ops/movement.ts";
import { mean } from "../../ops/reduction.ts";
import type { Conditioning } from "../conditioning.ts";
import { defineModel } from "../definition.ts";
import type { Batch, DataSpec, Model, Objective } from "../model.ts";
import { fieldsOf } from "../parts/fields.ts";
import { GatedStacks, type Grid } from "./gated-stacks.ts";
import { type PixelCNNConfig, pixelCNNConfig, pixelCNNPresets } from "./pixelcnn-settings.ts";
import { PixelConditioning } from "./pixel-conditioning.ts";
import { binaryInput, levelInput, type PixelInput, SymbolInput } from "./pixel-inputs.ts";
import {
  binaryValues,
  categoricalValues,
  ChannelwiseOutput,
  LogisticMixtureOutput,
  type PixelOutput,
} from "./pixel-outputs.ts";
import { rasterEditor, rasterSampler, type RasterOptions, type RasterParts } from "./raster-sampler.ts";
import type { Editor, Sampler } from "../sampler.ts";

/**
 * Gated PixelCNN (van den Oord et al. 2016, arXiv:1606.05328): log p(x) exactly, as a product over pixels in raster order,
 *
 *   log p(x | y) = sum_i log p(x_i | x_1, .., x_(i-1), y)          (eq. 1 and 3)
 *
 * whose factors one pass of two masked [stacks](gated-stacks.ts) gives for all pixels at once. The loss is -log p(x), in nats per example. A factor is
 * Bernoulli, categorical, or a mixture of [discretized logistics](pixel-outputs.ts).
 */
export class PixelCNN implements Model {
  readonly input: PixelInput;
  readonly conditioning: PixelConditioning;
  readonly stacks: GatedStacks;
  readonly output: PixelOutput;
  readonly sampler: Sampler<RasterOptions>;
  readonly editor: Editor<RasterOptions>;
  readonly binaryData: boolean;
  readonly levels?: number;
  readonly condition?: Conditioning;
  readonly #grid: Grid;

  constructor(config: PixelCNNConfig, data: DataSpec) {
    const { likelihood, levels, logistics, width, hidden, embedding, conditional, fields: others = [] } = config;
    const grid = gridOf(data);
    this.#grid = grid;
    checkValues(config, data);
    checkKernels(config);
    const fields = fieldsOf(data, [...(conditional && !others.includes("class") ? ["class"] : []), ...others]);
    if (fields.length > 0) this.condition = { fields, required: true };
    this.binaryData = likelihood === "bernoulli";
    const count = data.symbols ?? levels;
    if (!this.binaryData) this.levels = count;
    this.input = this.binaryData
      ? binaryInput(grid.channels)
      : data.symbols === undefined
        ? levelInput(grid.channels, levels)
        : new SymbolInput(grid.channels, data.symbols, embedding);
    this.conditioning = new PixelConditioning(fields, grid, width);
    this.stacks = new GatedStacks({
      ...config,
      grid,
      inChannels: this.input.channels,
      condition: this.conditioning,
    });
    const options = { channels: grid.channels, features: width, hidden };
    this.output =
      likelihood === "logistic-mixture"
        ? new LogisticMixtureOutput(options, logistics, levels)
        : new ChannelwiseOutput(
            options,
            this.binaryData ? binaryValues : categoricalValues(count, data.symbols === undefined ? 1 : count - 1),
            this.input,
          );
    const parts: RasterParts = {
      shape: data.shape,
      grid,
      binary: this.binaryData,
      stacks: this.stacks,
      input: this.input,
      output: this.output,
      condition: (context, rows) => this.conditioning.apply(context, rows),
    };
    this.sampler = rasterSampler(parts);
    this.editor = rasterEditor(parts);
  }

  logProb(x: Tensor, context: Context): Tensor {
    const { channels, height, width } = this.#grid;
    const [count] = x.shape as readonly [number];
    const pixels = reshape(x, [count, channels, height, width]);
    const given = this.conditioning.apply(context, count);
    return this.output.logProb(this.stacks.apply(this.input.apply(pixels), given, context), pixels);
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const loss = mean(this.logProb(x, contextOf("nll"))).neg();
    return [{ name: "nll", loss, parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    return { nll: this.logProb(x, context).neg() };
  }
}

/** [c, h, w] as it is, [h, w] as one channel, and [n] as one row; a single column is one row too. Throws ConfigError for anything else. */
export function gridOf({ shape, columns, kind }: DataSpec): Grid {
  const [channels, height, width] =
    shape.length === 3 ? shape : shape.length === 2 ? [1, ...shape] : shape.length === 1 ? [1, 1, ...shape] : [];
  if (columns || channels === undefined || height === undefined || width === undefined || height * width < 2)
    throw new ConfigError(
      `model: pixelcnn is of pixels in rows and columns, got ${columns ? "a table" : kind} of shape [${shape.join(", ")}], expected images [channels, height, width], or symbols [height, width] or [length]`,
    );
  return width === 1 ? { channels, height: 1, width: height } : { channels, height, width };
}

function checkValues({ likelihood, levels }: PixelCNNConfig, { kind, range, symbols }: DataSpec): void {
  if (symbols !== undefined) {
    if (likelihood === "categorical") return;
    throw new ConfigError(
      `likelihood: the data are ${symbols} symbols, which have no order, got ${likelihood}, expected categorical`,
    );
  }
  if (range === null)
    throw new ConfigError(
      `model: pixelcnn gives probabilities of values, got ${kind} of real numbers, expected intensities or symbols, or another model, such as diffusion`,
    );
  const [low, high] = range;
  const stored = high - low + 1;
  if (likelihood === "bernoulli" || !(Number.isInteger(stored) && stored > 2)) return;
  if (levels > stored)
    throw new ConfigError(
      `levels: the data have fewer, got ${levels}, expected ${stored}, their values from ${low} to ${high}, or fewer`,
    );
}

function checkKernels(config: PixelCNNConfig): void {
  const even = (["kernel", "firstKernel"] as const).find((name) => config[name] % 2 === 0);
  if (even !== undefined)
    throw new ConfigError(`${even}: a pixel is in the middle of it, got ${config[even]}, expected an odd number`);
}

/** The registered model. */
export const pixelCNN = defineModel<PixelCNNConfig>({
  name: "pixelcnn",
  summary: "Gated PixelCNN: log p(x) exactly, pixel by pixel; of images, levels or symbols",
  paper: "arXiv:1606.05328",
  config: z.strictObject(pixelCNNConfig),
  presets: pixelCNNPresets,
  build: (config, data) => new PixelCNN(config, data),
});
