/** U-Net as the denoiser of a diffusion model (arXiv:2006.11239) with the preconditioning and loss of EDM (arXiv:2206.00364, table 1). */
import {
  concat,
  Conv,
  exp,
  GroupNorm,
  Linear,
  log,
  mean,
  MultiHeadAttention,
  reciprocal,
  reshape,
  silu,
  sinusoidalEmbedding,
  sqrt,
  square,
  transpose,
  upsampleConv,
} from "../../dist/index.js";

const EMBEDDING = 128;

/** Normalization in 8 groups, SiLU, 3x3 convolution; twice, with the noise level added between. */
class Block {
  constructor(inChannels, outChannels) {
    this.norm1 = new GroupNorm(8, inChannels);
    this.conv1 = new Conv(inChannels, outChannels, [3, 3], { padding: 1 });
    this.level = new Linear(EMBEDDING, outChannels);
    this.norm2 = new GroupNorm(8, outChannels);
    this.conv2 = new Conv(outChannels, outChannels, [3, 3], { padding: 1 });
    if (inChannels !== outChannels) this.skip = new Conv(inChannels, outChannels, [1, 1]);
  }

  apply(x, embedding) {
    const h = this.conv1.apply(silu(this.norm1.apply(x)));
    const level = this.level.apply(embedding);
    const shifted = h.add(reshape(level, [...level.shape, 1, 1]));
    const residual = this.conv2.apply(silu(this.norm2.apply(shifted)));
    return (this.skip?.apply(x) ?? x).add(residual);
  }
}

/** Self-attention between the pixels of a feature map. */
class PixelAttention {
  constructor(channels, heads) {
    this.norm = new GroupNorm(8, channels);
    this.attention = new MultiHeadAttention(channels, heads);
  }

  apply(x) {
    const [n, c, h, w] = x.shape;
    const pixels = transpose(reshape(this.norm.apply(x), [n, c, h * w]), [0, 2, 1]);
    return x.add(reshape(transpose(this.attention.apply(pixels), [0, 2, 1]), x.shape));
  }
}

/** Nearest neighbors at twice the size, then a 3x3 convolution. */
class Upsample {
  constructor(channels) {
    this.conv = new Conv(channels, channels, [3, 3]);
  }

  apply(x) {
    return upsampleConv(x, this.conv.weight, 2).add(reshape(this.conv.bias, [-1, 1, 1]));
  }
}

/** 28x28, 14x14 and 7x7 with 32, 64 and 64 channels. */
class UNet {
  level1 = new Linear(32, EMBEDDING);
  level2 = new Linear(EMBEDDING, EMBEDDING);
  first = new Conv(1, 32, [3, 3], { padding: 1 });
  down28 = new Block(32, 32);
  to14 = new Conv(32, 32, [3, 3], { stride: 2, padding: 1 });
  down14 = new Block(32, 64);
  to7 = new Conv(64, 64, [3, 3], { stride: 2, padding: 1 });
  down7 = new Block(64, 64);
  middle1 = new Block(64, 64);
  attention = new PixelAttention(64, 4);
  middle2 = new Block(64, 64);
  up7 = new Block(128, 64);
  from7 = new Upsample(64);
  up14 = new Block(128, 64);
  from14 = new Upsample(64);
  up28 = new Block(96, 32);
  norm = new GroupNorm(8, 32);
  last = new Conv(32, 1, [3, 3], { padding: 1 });

  /** x [n, 1, 28, 28] at noise levels [n]. */
  apply(x, levels) {
    const embedding = silu(this.level2.apply(silu(this.level1.apply(sinusoidalEmbedding(levels, 32)))));
    const h28 = this.down28.apply(this.first.apply(x), embedding);
    const h14 = this.down14.apply(this.to14.apply(h28), embedding);
    const h7 = this.down7.apply(this.to7.apply(h14), embedding);
    let h = this.middle2.apply(this.attention.apply(this.middle1.apply(h7, embedding)), embedding);
    h = this.from7.apply(this.up7.apply(concat([h, h7], 1), embedding));
    h = this.from14.apply(this.up14.apply(concat([h, h14], 1), embedding));
    h = this.up28.apply(concat([h, h28], 1), embedding);
    return this.last.apply(silu(this.norm.apply(h)));
  }
}

const SIGMA_DATA = 0.5;

/** D(x; sigma) = cSkip x + cOut F(cIn x; cNoise), with sigma [n, 1, 1, 1]. */
function denoise(network, x, sigma) {
  const variance = square(sigma).add(SIGMA_DATA ** 2);
  const cSkip = reciprocal(variance).mul(SIGMA_DATA ** 2);
  const cOut = sigma.mul(SIGMA_DATA).div(sqrt(variance));
  const levels = reshape(log(sigma).mul(250), [-1]);
  return cSkip.mul(x).add(cOut.mul(network.apply(x.div(sqrt(variance)), levels)));
}

export function unet() {
  const module = new UNet();
  return {
    module,
    /** The mean of lambda(sigma) (D(x + sigma eps; sigma) - x)^2 with log sigma = 1.2 n - 1.2. */
    loss({ x, n, eps }) {
      const sigma = exp(n.mul(1.2).sub(1.2));
      const weight = square(sigma)
        .add(SIGMA_DATA ** 2)
        .div(square(sigma.mul(SIGMA_DATA)));
      const denoised = denoise(module, x.add(eps.mul(sigma)), sigma);
      return mean(square(denoised.sub(x)).mul(weight));
    },
  };
}

export function unetSample() {
  const module = new UNet();
  return { module, output: ({ x, sigma }) => denoise(module, x, sigma) };
}
