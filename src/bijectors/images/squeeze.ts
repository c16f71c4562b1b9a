import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { depthToSpace, spaceToDepth } from "../../ops/resize.ts";
import { type Bijector, type Mapped, unchangedVolume } from "../bijector.ts";

/**
 * Each 2x2 block of an image as four channels (arXiv:1605.08803, section 3.6): [channels, height, width] as
 * [4 channels, height / 2, width / 2], channel by channel, each block in reading order.
 */
export class Squeeze implements Bijector {
  /** Throws ConfigError for images with an odd side. */
  toLatent(x: Tensor): Mapped {
    const [, , height, width] = x.shape;
    if (x.rank !== 4 || height! % 2 !== 0 || width! % 2 !== 0)
      throw new ConfigError(
        `Squeeze: examples have no 2x2 blocks, got shape [${x.shape.slice(1).join(", ")}], expected images of even height and width`,
      );
    return { z: spaceToDepth(x, 2), logDet: unchangedVolume(x) };
  }

  toData(z: Tensor): Tensor {
    return depthToSpace(z, 2);
  }
}
