/** VQ-VAE (arXiv:1711.00937) whose codebook follows moving averages of what was assigned to its codes (appendix A.1). */
import {
  argmin,
  Conv,
  ConvTranspose,
  gather,
  matmul,
  mean,
  oneHot,
  relu,
  reshape,
  sigmoid,
  square,
  stopGradient,
  straightThrough,
  sum,
  transpose,
  Variable,
} from "../../dist/index.js";

const CODES = 256;
const DIM = 32;
const DECAY = 0.99;
const halving = { stride: 2, padding: 1 };
const state = (shape, value) => new Variable(shape, { kind: "constant", value }, { trainable: false });

class VQVAE {
  encoder1 = new Conv(1, 32, [4, 4], halving);
  encoder2 = new Conv(32, 64, [4, 4], halving);
  encoder3 = new Conv(64, DIM, [1, 1]);
  decoder1 = new Conv(DIM, 64, [3, 3], { padding: 1 });
  decoder2 = new ConvTranspose(64, 32, [4, 4], halving);
  decoder3 = new ConvTranspose(32, 1, [4, 4], halving);
  sums = state([CODES, DIM], 0);
  counts = state([CODES], 1);

  encode(x) {
    return this.encoder3.apply(relu(this.encoder2.apply(relu(this.encoder1.apply(x)))));
  }

  decode(z) {
    return sigmoid(this.decoder3.apply(relu(this.decoder2.apply(relu(this.decoder1.apply(z))))));
  }

  /** The mean of what each code was assigned, with counts smoothed so that none is 0: [CODES, DIM]. */
  get codebook() {
    const total = sum(this.counts);
    const smoothed = this.counts
      .add(1e-5)
      .div(total.add(CODES * 1e-5))
      .mul(total);
    return this.sums.div(reshape(smoothed, [CODES, 1]));
  }

  /** The nearest code of each vector [n, DIM]. */
  nearest(vectors) {
    const { codebook } = this;
    const distances = sum(square(codebook), [1]).sub(matmul(vectors, transpose(codebook)).mul(2));
    return argmin(distances, 1);
  }

  follow(vectors, indices, context) {
    const assigned = oneHot(indices, CODES);
    const average = (old, value) => old.mul(DECAY).add(value.mul(1 - DECAY));
    context.update(this.counts, average(this.counts, sum(assigned, [0])));
    context.update(this.sums, average(this.sums, matmul(transpose(assigned), vectors)));
  }
}

export function vqVAE() {
  const module = new VQVAE();
  return {
    module,
    loss({ x }, context) {
      const z = module.encode(x);
      const [n, , h, w] = z.shape;
      const vectors = reshape(transpose(z, [0, 2, 3, 1]), [-1, DIM]);
      const indices = module.nearest(vectors);
      const quantized = transpose(reshape(gather(module.codebook, indices), [n, h, w, DIM]), [0, 3, 1, 2]);
      module.follow(stopGradient(vectors), indices, context);
      const reconstruction = module.decode(straightThrough(quantized, z));
      const commitment = mean(square(z.sub(stopGradient(quantized))));
      return mean(square(reconstruction.sub(x))).add(commitment.mul(0.25));
    },
  };
}
