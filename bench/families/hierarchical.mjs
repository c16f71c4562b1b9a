/** Hierarchical VAE in the manner of VDVAE (arXiv:2011.10650): 12 latents of 8 channels at 1x1, 7x7, 14x14 and 28x28. */
import {
  averagePool,
  Bernoulli,
  concat,
  Conv,
  gelu,
  kl,
  Normal,
  reshape,
  resizeNearest,
  split,
  sum,
  Variable,
} from "../../dist/index.js";

const WIDTH = 32;
const LATENT = 8;
/** Top first: size, and how many latents it has. */
const levels = [
  { size: 1, latents: 2 },
  { size: 7, latents: 4 },
  { size: 14, latents: 4 },
  { size: 28, latents: 2 },
];

class Bottleneck {
  constructor(inChannels, outChannels, size) {
    const kernel = size > 1 ? 3 : 1;
    const padding = size > 1 ? 1 : 0;
    this.enter = new Conv(inChannels, 16, [1, 1]);
    this.first = new Conv(16, 16, [kernel, kernel], { padding });
    this.second = new Conv(16, 16, [kernel, kernel], { padding });
    this.leave = new Conv(16, outChannels, [1, 1]);
  }

  apply(x) {
    const h = this.second.apply(gelu(this.first.apply(gelu(this.enter.apply(gelu(x))))));
    return this.leave.apply(gelu(h));
  }
}

/** Adds one latent to the features h, from the posterior at the encoder's features of the same size. */
class TopDownBlock {
  constructor(size) {
    this.posterior = new Bottleneck(2 * WIDTH, 2 * LATENT, size);
    this.prior = new Bottleneck(WIDTH, 2 * LATENT + WIDTH, size);
    this.project = new Conv(LATENT, WIDTH, [1, 1]);
    this.residual = new Bottleneck(WIDTH, WIDTH, size);
  }

  apply(h, features, eps) {
    const [qMean, qLogVar] = split(this.posterior.apply(concat([h, features], 1)), 1, 2);
    const [pMean, pLogVar, shortcut] = split(this.prior.apply(h), 1, [LATENT, LATENT, WIDTH]);
    const q = new Normal(qMean, { logVar: qLogVar });
    const z = q.mean.add(q.std.mul(eps));
    const next = h.add(shortcut).add(this.project.apply(z));
    return { h: next.add(this.residual.apply(next)), rate: kl(q, new Normal(pMean, { logVar: pLogVar })) };
  }
}

class HierarchicalVAE {
  top = new Variable([WIDTH], { kind: "constant", value: 0 });
  first = new Conv(1, WIDTH, [3, 3], { padding: 1 });
  encoder = levels.toReversed().map(({ size }) => ({
    size,
    blocks: [new Bottleneck(WIDTH, WIDTH, size), new Bottleneck(WIDTH, WIDTH, size)],
  }));
  decoder = levels.map(({ size, latents }) => ({
    size,
    blocks: Array.from({ length: latents }, () => new TopDownBlock(size)),
  }));
  last = new Conv(WIDTH, 1, [1, 1]);

  /** Features by size. */
  encode(x) {
    const features = new Map();
    let h = this.first.apply(x);
    for (const { size, blocks } of this.encoder) {
      if (h.shape[2] !== size) h = averagePool(h, { kernel: h.shape[2] / size });
      for (const block of blocks) h = h.add(block.apply(h));
      features.set(size, h);
    }
    return features;
  }

  /** Logits of the image, and the total of the latents' rates in nats. */
  decode(features, noise) {
    let h = reshape(this.top, [1, WIDTH, 1, 1]).broadcastTo(features.get(1).shape);
    const rates = [];
    for (const { size, blocks } of this.decoder) {
      if (h.shape[2] !== size) h = resizeNearest(h, size / h.shape[2]);
      for (const block of blocks) {
        const step = block.apply(h, features.get(size), noise[rates.length]);
        h = step.h;
        rates.push(sum(step.rate));
      }
    }
    return { logits: this.last.apply(h), rate: rates.reduce((a, b) => a.add(b)) };
  }
}

export function hierarchicalVAE() {
  const module = new HierarchicalVAE();
  return {
    module,
    /** The negative ELBO in nats per pixel. */
    loss({ x, ...noise }) {
      const { logits, rate } = module.decode(module.encode(x), Object.values(noise));
      return rate.sub(sum(new Bernoulli(logits).logProb(x))).div(x.size);
    },
  };
}
