import { z } from "zod";
import { Categorical } from "../../src/distributions/categorical.ts";
import { Delta } from "../../src/distributions/delta.ts";
import type { Distribution } from "../../src/distributions/distribution.ts";
import { independent } from "../../src/distributions/independent.ts";
import { constant, type Tensor, Variable } from "../../src/graph/tensor.ts";
import { defineModel } from "../../src/models/definition.ts";
import type { Codes, Latent } from "../../src/models/latent.ts";
import type { Batch, DataSpec, Model, Objective } from "../../src/models/model.ts";
import type { Context } from "../../src/nn/context.ts";
import { MLP } from "../../src/nn/mlp.ts";
import { parameters } from "../../src/nn/module.ts";
import { maximum, square } from "../../src/ops/arithmetic.ts";
import { stopGradient } from "../../src/ops/elementwise.ts";
import { gather, oneHot } from "../../src/ops/indexing.ts";
import { reshape, transpose } from "../../src/ops/movement.ts";
import { argmin, mean, sum } from "../../src/ops/reduction.ts";

interface VQConfig {
  readonly codes: number;
  readonly dim: number;
  readonly hiddenDim: number;
  readonly commitment: number;
  readonly decay: number;
}

/**
 * Vector-quantized auto-encoder with one symbol an example (van den Oord et al. 2017, arXiv:1711.00937):
 *
 *   k = argmin_j |z_e(x) - e_j|,   loss = |x - g(e_k)|^2 + beta |z_e(x) - sg[e_k]|^2          (eq. 3, with the codebook by EMA)
 *
 * with the gradient of g(e_k) copied to z_e, and e_j the moving average of the z_e nearest to it (appendix A.1).
 */
class VQ implements Model {
  readonly encoder: MLP;
  readonly decoder: MLP;
  /** e_j, and N_j and m_j of their moving averages. */
  readonly codebook: Variable;
  readonly counts: Variable;
  readonly sums: Variable;
  readonly latents: readonly [Latent];
  readonly #config: VQConfig;

  constructor(config: VQConfig, { shape }: DataSpec) {
    const { codes, dim, hiddenDim } = config;
    this.#config = config;
    this.encoder = new MLP([shape[0]!, hiddenDim, dim]);
    this.decoder = new MLP([dim, hiddenDim, shape[0]!]);
    const state = { trainable: false };
    this.codebook = new Variable([codes, dim], { kind: "normal", mean: 0, std: 1 }, state);
    this.counts = new Variable([codes, 1], { kind: "constant", value: 0 }, state);
    this.sums = new Variable([codes, dim], { kind: "constant", value: 0 }, state);
    this.latents = [
      {
        name: "symbol",
        shape: [1],
        dtype: "int64",
        symbols: codes,
        prior: (_, count) => new Categorical(constant(0).broadcastTo([count, 1, codes])),
      },
    ];
  }

  /** The nearest entry of the codebook, int64 [batch]. */
  #nearest(ze: Tensor): Tensor {
    const squares = sum(square(this.codebook), 1);
    return argmin(squares.sub(ze.matmul(transpose(this.codebook)).mul(2)), -1);
  }

  encode(x: Tensor): { readonly symbol: Distribution } {
    const symbol = reshape(this.#nearest(this.encoder.apply(x)), [x.shape[0]!, 1]);
    return { symbol: independent(new Delta(symbol), 1) };
  }

  decode({ symbol }: Codes): Distribution {
    const entry = gather(this.codebook, reshape(symbol!, [symbol!.shape[0]!]), 0);
    return independent(new Delta(this.decoder.apply(entry)), 1);
  }

  reconstruct(x: Tensor): Tensor {
    return this.decode({ symbol: this.encode(x).symbol.mean }).mean;
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { codes, commitment, decay } = this.#config;
    const context = contextOf("loss");
    const ze = this.encoder.apply(x);
    const k = this.#nearest(ze);
    const entry = gather(this.codebook, k, 0);
    const reconstruction = mean(sum(square(x.sub(this.decoder.apply(ze.add(stopGradient(entry.sub(ze)))))), 1));
    const loss = reconstruction.add(mean(sum(square(ze.sub(stopGradient(entry))), 1)).mul(commitment));

    const assigned = oneHot(k, codes);
    const counts = this.counts.mul(decay).add(reshape(sum(assigned, 0), [codes, 1]).mul(1 - decay));
    const sums = this.sums.mul(decay).add(
      transpose(assigned)
        .matmul(ze)
        .mul(1 - decay),
    );
    context.update(this.counts, stopGradient(counts));
    context.update(this.sums, stopGradient(sums));
    // An entry that has had no example keeps its place.
    const used = maximum(counts, 1e-3);
    const weight = counts.div(used);
    context.update(
      this.codebook,
      stopGradient(
        sums
          .div(used)
          .mul(weight)
          .add(this.codebook.mul(weight.neg().add(1))),
      ),
    );
    return [{ name: "loss", loss, parameters: parameters(this), metrics: { reconstruction } }];
  }

  validation(x: Tensor): Readonly<Record<string, Tensor>> {
    const ze = this.encoder.apply(x);
    const reconstruction = sum(square(x.sub(this.reconstruct(x))), 1);
    const entry = gather(this.codebook, this.#nearest(ze), 0);
    const loss = reconstruction.add(sum(square(ze.sub(entry)), 1).mul(this.#config.commitment));
    return { loss, reconstruction };
  }
}

export const vq = defineModel<VQConfig>({
  name: "proof-vq",
  summary: "Vector-quantized auto-encoder",
  paper: "arXiv:1711.00937",
  config: z.strictObject({
    codes: z.int().positive().default(16),
    dim: z.int().positive().default(2),
    hiddenDim: z.int().positive().default(64),
    commitment: z.number().min(0).default(0.25),
    decay: z.number().min(0).max(1).default(0.95),
  }),
  build: (config, data) => new VQ(config, data),
});
