import { z } from "zod";
import type { Tensor } from "../../graph/tensor.ts";
import { silu } from "../../ops/elementwise.ts";
import { concat } from "../../ops/movement.ts";
import type { Context } from "../../nn/context.ts";
import { Conv } from "../../nn/conv.ts";
import { lecunNormal } from "../../nn/initializers.ts";
import { parameters } from "../../nn/module.ts";
import { BatchNorm } from "../../nn/normalization.ts";
import { type Layer, SqueezeExcite } from "../../nn/residual.ts";
import { SpectralPenalty } from "../../nn/spectral-normalization.ts";
import { defineModel } from "../definition.ts";
import { likelihoodPresets } from "../parts/presets.ts";
import {
  type GridBlocks,
  type GridConfig,
  gridConfig,
  GridNetworks,
  requireGrids,
  type TopDownBlock,
} from "./grid-networks.ts";
import type { GridSize } from "./grids.ts";
import { Hierarchy, type HierarchyConfig, hierarchyConfig, hierarchyRemedies } from "./hierarchy.ts";
import { gridPresets } from "./presets.ts";

export interface NVAEConfig extends HierarchyConfig, GridConfig {
  readonly expansion: number;
  readonly spectral: number;
}

/** Newest batch's weight in the running statistics (arXiv:2007.03898, section 3.1). */
const momentum = 0.05;
const norm = (channels: number): BatchNorm => new BatchNorm(channels, { momentum });

/** No kernel is larger than what it lies on. */
const kernelAt = (size: GridSize, side: number): { readonly kernel: readonly number[]; readonly padding: number } => {
  const k = Math.min(...size) >= side ? side : Math.min(...size) >= 3 ? 3 : 1;
  return { kernel: [k, k], padding: (k - 1) / 2 };
};

/** x + SE(conv(swish(BN(conv(swish(BN(x))))))): the cell of the encoder (arXiv:2007.03898, figure 3b). */
class EncoderCell implements Layer {
  readonly layers: readonly { readonly normalization: BatchNorm; readonly conv: Conv }[];
  readonly excite: SqueezeExcite;

  constructor(width: number, size: GridSize) {
    const { kernel, padding } = kernelAt(size, 3);
    this.layers = [lecunNormal, lecunNormal].map((weight) => ({
      normalization: norm(width),
      conv: new Conv(width, width, kernel, { padding, weight }),
    }));
    this.excite = new SqueezeExcite(width);
  }

  apply(x: Tensor, context: Context): Tensor {
    const branch = this.layers.reduce(
      (h, { normalization, conv }) => conv.apply(silu(normalization.apply(h, context))),
      x,
    );
    return x.add(this.excite.apply(branch).mul(residualScale));
  }
}

/** Of every residual branch, so that features keep their scale in deep stacks. */
const residualScale = 0.1;

/**
 * x + SE(BN(conv1x1(swish(BN(depthwise5x5(swish(BN(conv1x1(BN(x))))))))): the cell of the generative model, which sees far at little cost, as
 * each of its `expansion` times wider channels is convolved alone (arXiv:2007.03898, figure 3a).
 */
class GenerativeCell implements Layer {
  readonly normalizations: readonly BatchNorm[];
  readonly expand: Conv;
  readonly depthwise: Conv;
  readonly project: Conv;
  readonly excite: SqueezeExcite;

  constructor(width: number, expansion: number, size: GridSize) {
    const wide = expansion * width;
    const { kernel, padding } = kernelAt(size, 5);
    this.normalizations = [norm(width), norm(wide), norm(wide), norm(width)];
    // The normalization that follows each has a bias of its own.
    this.expand = new Conv(width, wide, [1, 1], { weight: lecunNormal, bias: false });
    this.depthwise = new Conv(wide, wide, kernel, { padding, groups: wide, weight: lecunNormal, bias: false });
    this.project = new Conv(wide, width, [1, 1], { weight: lecunNormal, bias: false });
    this.excite = new SqueezeExcite(width);
  }

  apply(x: Tensor, context: Context): Tensor {
    const [first, second, third, last] = this.normalizations as [BatchNorm, BatchNorm, BatchNorm, BatchNorm];
    const wide = silu(second.apply(this.expand.apply(first.apply(x, context)), context));
    const seen = silu(third.apply(this.depthwise.apply(wide), context));
    return x.add(this.excite.apply(last.apply(this.project.apply(seen), context)).mul(residualScale));
  }
}

class NVAEBlock implements TopDownBlock {
  /** None at the top, whose prior is N(0, I). */
  readonly toPrior?: Conv;
  readonly meet: Conv;
  readonly toPosterior: Conv;
  readonly absorb: Conv;
  readonly cell: GenerativeCell;

  constructor({ width, latentChannels, expansion }: NVAEConfig, size: GridSize, top: boolean) {
    const { kernel, padding } = kernelAt(size, 3);
    if (!top) this.toPrior = new Conv(width, 2 * latentChannels, [1, 1], { weight: lecunNormal });
    this.meet = new Conv(width, width, [1, 1], { weight: lecunNormal });
    this.toPosterior = new Conv(width, 2 * latentChannels, kernel, { padding, weight: lecunNormal });
    this.absorb = new Conv(width + latentChannels, width, [1, 1], { weight: lecunNormal });
    this.cell = new GenerativeCell(width, expansion, size);
  }

  prior(h: Tensor): { readonly both?: Tensor; readonly h: Tensor } {
    return this.toPrior ? { both: this.toPrior.apply(silu(h)), h } : { h };
  }
  estimate(h: Tensor, d: Tensor): Tensor {
    return this.toPosterior.apply(silu(d.add(this.meet.apply(h))));
  }
  next(h: Tensor, z: Tensor, context: Context): Tensor {
    return this.cell.apply(this.absorb.apply(concat([h, z], 1)), context);
  }
}

const nvaeBlocks = (config: NVAEConfig): GridBlocks => ({
  up: (size) => new EncoderCell(config.width, size),
  down: (size, top) => new NVAEBlock(config, size, top),
  last: silu,
});

/**
 * NVAE (Vahdat & Kautz 2020, arXiv:2007.03898): residual posteriors (section 3.2), depthwise-separable cells with batch normalization, swish
 * and squeeze-and-excitation (section 3.1), and spectral regularization, lambda times the sum of the layers' largest singular values (eq. 3).
 */
export const nvae = defineModel<NVAEConfig>({
  name: "nvae",
  summary: "NVAE: a hierarchy of grids with residual posteriors and depthwise-separable cells",
  paper: "arXiv:2007.03898",
  config: z.strictObject({
    ...gridConfig,
    expansion: z.int().min(1).max(16).default(3).describe("channels inside of a cell of the decoder, times the width"),
    spectral: z
      .number()
      .min(0)
      .max(100)
      .default(0.01)
      .describe("lambda: weight of the sum of the kernels' largest singular values; 0 for none"),
    ...hierarchyConfig,
    posterior: hierarchyConfig.posterior.default("residual"),
  }),
  presets: [...gridPresets(), ...likelihoodPresets],
  remedies: hierarchyRemedies,
  build(config, data) {
    requireGrids("nvae", data);
    return new Hierarchy(config, data, (decoded) => {
      const networks = new GridNetworks(config, { shape: data.shape, decoded }, nvaeBlocks(config));
      const kernels = [...parameters(networks).values()].filter(({ rank }) => rank === 4);
      return {
        networks,
        standardTop: true,
        ...(config.spectral > 0 && { penalty: new SpectralPenalty(kernels, config.spectral) }),
      };
    });
  },
});
