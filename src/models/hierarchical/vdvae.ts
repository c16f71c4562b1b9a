import { z } from "zod";
import type { Tensor } from "../../graph/tensor.ts";
import { type ActivationName, activations, initializationFor } from "../../nn/activation.ts";
import { Conv } from "../../nn/conv.ts";
import { type Initialize, zeros } from "../../nn/initializers.ts";
import type { Layer } from "../../nn/residual.ts";
import { concat, split } from "../../ops/movement.ts";
import { defineModel } from "../definition.ts";
import { networkConfig } from "../parts/networks.ts";
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

export interface VDVAEConfig extends HierarchyConfig, GridConfig {
  readonly bottleneck: number;
  readonly activation: ActivationName;
}

/** From this side on, kernels are 3x3: smaller grids are mostly border. */
const smallest = 3;

/** Convolutions of 1x1, k x k, k x k and 1x1, an activation before each, the inner ones of few channels (arXiv:2011.10650, figure 3). */
class Bottleneck {
  readonly convolutions: readonly Conv[];
  readonly #activation: ActivationName;

  constructor(
    [inChannels, outChannels]: readonly [number, number],
    {
      inner,
      size,
      activation,
      last,
    }: {
      readonly inner: number;
      readonly size: GridSize;
      readonly activation: ActivationName;
      readonly last: Initialize;
    },
  ) {
    const k = Math.min(...size) < smallest ? 1 : 3;
    const weight = initializationFor(activation);
    const padding = (k - 1) / 2;
    this.convolutions = [
      new Conv(inChannels, inner, [1, 1], { weight }),
      new Conv(inner, inner, [k, k], { padding, weight }),
      new Conv(inner, inner, [k, k], { padding, weight }),
      new Conv(inner, outChannels, [1, 1], { weight: last }),
    ];
    this.#activation = activation;
  }

  apply(x: Tensor): Tensor {
    const activate = activations[this.#activation];
    return this.convolutions.reduce((h, layer) => layer.apply(activate(h)), x);
  }
}

class ResidualBottleneck implements Layer {
  readonly branch: Bottleneck;
  constructor(branch: Bottleneck) {
    this.branch = branch;
  }
  apply(x: Tensor): Tensor {
    return x.add(this.branch.apply(x));
  }
}

class VDVAEBlock implements TopDownBlock {
  readonly toPrior: Bottleneck;
  readonly toPosterior: Bottleneck;
  readonly project: Conv;
  readonly residual: ResidualBottleneck;
  readonly #sizes: readonly [latent: number, features: number];

  constructor(
    { width, latentChannels }: VDVAEConfig,
    make: (channels: readonly [number, number], last: Initialize) => Bottleneck,
    small: Initialize,
  ) {
    // The prior starts at N(0, I).
    this.toPrior = make([width, 2 * latentChannels + width], zeros);
    this.toPosterior = make([2 * width, 2 * latentChannels], zeros);
    this.project = new Conv(latentChannels, width, [1, 1], { weight: small });
    this.residual = new ResidualBottleneck(make([width, width], small));
    this.#sizes = [2 * latentChannels, width];
  }

  prior(h: Tensor): { readonly both: Tensor; readonly h: Tensor } {
    const [both, more] = split(this.toPrior.apply(h), 1, this.#sizes);
    return { both, h: h.add(more) };
  }
  estimate(h: Tensor, d: Tensor): Tensor {
    return this.toPosterior.apply(concat([h, d], 1));
  }
  next(h: Tensor, z: Tensor): Tensor {
    return this.residual.apply(h.add(this.project.apply(z)));
  }
}

/**
 * Very deep VAE (Child 2021, arXiv:2011.10650, section 3): blocks of one form for every latent, features by average pooling and nearest
 * neighbors, and last convolutions scaled by 1 / sqrt(blocks), so that the depth does not change the scale of the features.
 */
function vdvaeBlocks(config: VDVAEConfig, depth: number): GridBlocks {
  const { activation, width } = config;
  const inner = Math.max(1, Math.round(config.bottleneck * width));
  const small: Initialize = (fans) => ({ kind: "normal", mean: 0, std: Math.sqrt(1 / (fans.in * depth)) });
  const makeAt =
    (size: GridSize) =>
    (channels: readonly [number, number], last: Initialize): Bottleneck =>
      new Bottleneck(channels, { inner, size, activation, last });
  return {
    up: (size) => new ResidualBottleneck(makeAt(size)([width, width], small)),
    down: (size) => new VDVAEBlock(config, makeAt(size), small),
    last: activations[activation],
  };
}

/** The registered model. */
export const vdvae = defineModel<VDVAEConfig>({
  name: "vdvae",
  summary: "Very deep VAE: a hierarchy of latents on grids, from 1x1 to the image",
  paper: "arXiv:2011.10650",
  config: z.strictObject({
    ...gridConfig,
    bottleneck: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe("channels inside of a residual block, as a fraction of the width"),
    activation: networkConfig.activation.default("gelu"),
    ...hierarchyConfig,
    posterior: hierarchyConfig.posterior.default("absolute"),
  }),
  presets: [...gridPresets({ clipNorm: 200, skipNorm: 1000 }), ...likelihoodPresets],
  remedies: hierarchyRemedies,
  build(config, data) {
    requireGrids("vdvae", data);
    return new Hierarchy(config, data, (decoded) => {
      const depth = config.latents.reduce((a, b) => a + b, 0);
      const networks = new GridNetworks(config, { shape: data.shape, decoded }, vdvaeBlocks(config, depth));
      return { networks, standardTop: false };
    });
  },
});
