import { Delta, independent, Normal } from "latentkit/distributions";
import { constant, type Tensor } from "latentkit/graph";
import { type Batch, type Codes, type DataSpec, defineModel, type Latent, type Model } from "latentkit/models";
import { evaluation, MLP, parameters } from "latentkit/nn";
import { concat, exp, mean, slice, split, sum, tanh } from "latentkit/ops";
import { z } from "zod";

/**
 * RealNVP (Dinh, Sohl-Dickstein & Bengio 2016, arXiv:1605.08803) on vectors: log p(x) = log N(f(x); 0, I) + log |det df/dx| (eq. 3),
 * where each layer of f maps (a, b) to (b exp(s(a)) + t(a), a): eq. 4, and the halves change places.
 */
class RealNVP implements Model {
  readonly layers: readonly MLP[];
  readonly halves: readonly [number, number];
  readonly latents: readonly [Latent];

  constructor(depth: number, { shape }: DataSpec) {
    const dim = shape[0]!;
    // Where dim is odd, the halves differ in size by one.
    const halves = [Math.floor(dim / 2), Math.ceil(dim / 2)] as const;
    this.halves = halves;
    this.layers = Array.from({ length: depth }, (_, i) => new MLP([halves[i % 2]!, 64, 64, 2 * halves[1 - (i % 2)]!]));
    const prior = (_: Codes, count: number) => independent(new Normal(constant(0).broadcastTo([count, dim]), 1), 1);
    this.latents = [{ name: "z", shape, dtype: "float32", prior, standardNormal: true }];
  }

  /** z = f(x), and log |det df/dx| = sum s. */
  forward(x: Tensor) {
    return this.layers.reduce(
      ({ z, logDet }, layer, i) => {
        const [a, b] = [slice(z, 1, 0, this.halves[i % 2]), slice(z, 1, this.halves[i % 2]!)];
        const [s, t] = split(layer.apply(a), -1, 2);
        return { z: concat([b.mul(exp(tanh(s))).add(t), a], 1), logDet: logDet.add(sum(tanh(s), 1)) };
      },
      { z: x, logDet: constant(0).broadcastTo([x.shape[0]!]) },
    );
  }

  encode(x: Tensor) {
    return { z: independent(new Delta(this.forward(x).z), 1) };
  }

  /** x = f^-1(z). */
  decode(codes: Codes) {
    const x = this.layers.reduceRight((z, layer, i) => {
      const n = this.halves[1 - (i % 2)]!;
      const [moved, a] = [slice(z, 1, 0, n), slice(z, 1, n)];
      const [s, t] = split(layer.apply(a), -1, 2);
      return concat([a, moved.sub(t).mul(exp(tanh(s).neg()))], 1);
    }, codes["z"]!);
    return independent(new Delta(x), 1);
  }

  logProb(x: Tensor) {
    const { z, logDet } = this.forward(x);
    return this.latents[0].prior!({}, x.shape[0]!, evaluation).logProb(z).add(logDet);
  }

  objectives({ x }: Batch) {
    return [{ name: "nll", loss: mean(this.logProb(x)).neg(), parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor) {
    return { nll: this.logProb(x).neg() };
  }
}

export default defineModel({
  name: "real-nvp",
  summary: "Normalizing flow of affine couplings",
  paper: "arXiv:1605.08803",
  config: z.strictObject({ depth: z.int().positive().default(8).describe("number of coupling layers") }),
  build: ({ depth }, data) => new RealNVP(depth, data),
});
