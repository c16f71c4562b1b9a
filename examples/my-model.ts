import type { DataSpec } from "latentkit/data";
import { Bernoulli, independent, kl, Laplace } from "latentkit/distributions";
import { constant, type Shape, sizeOf, type Tensor } from "latentkit/graph";
import { type Batch, type Codes, defineModel, type Latent, type Model } from "latentkit/models";
import { MLP, parameters } from "latentkit/nn";
import { exp, flatten, mean, reshape, split } from "latentkit/ops";
import { z } from "zod";

const config = z.strictObject({
  latentDim: z.int().positive().default(20).describe("latent dimensions"),
  hiddenDim: z.int().positive().default(400).describe("width of the hidden layers"),
});

/**
 * VAE with sparse codes (Barello, Charles & Pillow 2018, bioRxiv 399246): the prior and the posterior are Laplace distributions.
 *
 *   loss = E_q(z|x)[-log p(x|z)] + KL(q(z|x) || p(z))
 */
class SparseVAE implements Model {
  readonly encoder: MLP;
  readonly decoder: MLP;
  readonly latents: readonly [Latent];
  readonly binaryData = true;
  readonly shape: Shape;

  constructor({ latentDim, hiddenDim }: z.output<typeof config>, { shape }: DataSpec) {
    this.encoder = new MLP([sizeOf(shape), hiddenDim, 2 * latentDim]);
    this.decoder = new MLP([latentDim, hiddenDim, sizeOf(shape)]);
    this.latents = [{ name: "z", shape: [latentDim], dtype: "float32", prior: (_, count) => this.prior(count) }];
    this.shape = shape;
  }

  /** p(z) = Laplace(0, 1) in each dimension. */
  prior(count: number) {
    return independent(new Laplace(constant(0).broadcastTo([count, ...this.latents[0].shape]), 1), 1);
  }

  /** q(z|x). */
  encode(x: Tensor) {
    const [center, logScale] = split(this.encoder.apply(flatten(x)), -1, 2);
    return { z: independent(new Laplace(center, exp(logScale)), 1) };
  }

  /** p(x|z). */
  decode(codes: Codes) {
    const logits = reshape(this.decoder.apply(codes["z"]!), [-1, ...this.shape]);
    return independent(new Bernoulli(logits), this.shape.length);
  }

  reconstruct(x: Tensor) {
    return this.decode({ z: this.encode(x).z.mean }).mean;
  }

  elbo(x: Tensor) {
    const q = this.encode(x).z;
    const distortion = this.decode({ z: q.rsample() }).logProb(x).neg();
    const rate = kl(q, this.prior(x.shape[0]!));
    return { elbo: distortion.add(rate).neg(), distortion, rates: { z: rate } };
  }

  objectives({ x }: Batch) {
    const { elbo, distortion, rates } = this.elbo(x);
    const metrics = { distortion: mean(distortion), rate: mean(rates.z) };
    return [{ name: "loss", loss: mean(elbo).neg(), parameters: parameters(this), metrics }];
  }

  validation(x: Tensor) {
    const { elbo, distortion, rates } = this.elbo(x);
    return { negElbo: elbo.neg(), distortion, rate: rates.z };
  }
}

const sparseVAE = defineModel({
  name: "sparse-vae",
  summary: "VAE with sparse codes: Laplace prior and posterior",
  paper: "bioRxiv 399246",
  config,
  build: (settings, data) => new SparseVAE(settings, data),
});

export default sparseVAE;
