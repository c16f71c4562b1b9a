import { z } from "zod";
import { AffineCoupling } from "../../bijectors/affine-coupling.ts";
import type { BijectorNetwork } from "../../bijectors/bijector.ts";
import { Chain } from "../../bijectors/chain.ts";
import { ConfigError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import { MLP } from "../../nn/mlp.ts";
import { defineModel } from "../definition.ts";
import type { DataSpec } from "../model.ts";
import { layerWidths } from "../parts/layer-sizes.ts";
import { Flow } from "./flow.ts";

interface RealNVPConfig {
  readonly couplings: number;
  readonly hiddenDims: readonly number[];
}

function build({ couplings, hiddenDims }: RealNVPConfig, data: DataSpec): Flow {
  const size = sizeOf(data.shape);
  if (data.shape.length !== 1 || size < 2)
    throw new ConfigError(
      `realnvp: examples cannot be halved, got shape [${data.shape}], expected vectors of 2 or more`,
    );
  const first = Math.floor(size / 2);
  const sizes = [first, size - first] as const;
  const network = (kept: number, changed: number): BijectorNetwork => new MLP([kept, ...hiddenDims, 2 * changed]);
  const stack = Array.from({ length: couplings }, (_, i) =>
    i % 2 === 0
      ? new AffineCoupling(network(sizes[0], sizes[1]), sizes, "second")
      : new AffineCoupling(network(sizes[1], sizes[0]), sizes, "first"),
  );
  return new Flow(new Chain(stack as [AffineCoupling, ...AffineCoupling[]]), data);
}

/** The registered model. */
export const realNVP = defineModel<RealNVPConfig>({
  name: "realnvp",
  summary: "RealNVP: a normalizing flow of affine couplings, with its exact likelihood and inverse",
  paper: "arXiv:1605.08803",
  config: z.strictObject({
    couplings: z.int().min(1).max(64).default(8).describe("affine couplings"),
    hiddenDims: layerWidths.default([128, 128]).describe("widths of the hidden layers of each coupling's network"),
  }),
  build,
});
