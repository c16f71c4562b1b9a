import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";

/** Widths of fully connected layers, as a setting without a default. */
export const layerWidths = z.array(z.int().positive().max(65536)).min(1).max(32);

/** Channels of convolutions, each at half the size of the one before, as a setting without a default. */
export const layerChannels = z.array(z.int().positive().max(4096)).min(1).max(6);

/** Throws ConfigError where examples are no images, which a `network` of that name needs. */
export function requireImages(network: string, shape: Shape): void {
  if (shape.length !== 3)
    throw new ConfigError(
      `network: ${network} needs images, got examples of shape [${shape}], expected [channels, height, width]; use network=mlp`,
    );
}
