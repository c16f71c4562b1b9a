import { z } from "zod";
import type { Distribution } from "../../src/distributions/distribution.ts";
import { type Independent, independent } from "../../src/distributions/independent.ts";
import { kl } from "../../src/distributions/kl.ts";
import { Normal } from "../../src/distributions/normal.ts";
import { constant, type Tensor } from "../../src/graph/tensor.ts";
import { defineModel } from "../../src/models/definition.ts";
import { type Codes, codesOf, type Latent, type Take, takeMean, takeSamples } from "../../src/models/latent.ts";
import type { Batch, DataSpec, Elbo, Model, Objective } from "../../src/models/model.ts";
import { evaluation } from "../../src/nn/context.ts";
import { MLP } from "../../src/nn/mlp.ts";
import { parameters } from "../../src/nn/module.ts";
import { concat, split } from "../../src/ops/movement.ts";
import { mean } from "../../src/ops/reduction.ts";

interface HierarchyConfig {
  readonly topDim: number;
  readonly bottomDim: number;
  readonly hiddenDim: number;
  readonly std: number;
}

/**
 * Two latents with a top-down posterior (Sonderby et al. 2016, arXiv:1602.02282):
 *
 *   p(x, z1, z2) = p(z2) p(z1|z2) p(x|z1, z2),     q(z1, z2|x) = q(z2|x) q(z1|x, z2)
 *   elbo = E[log p(x|z1, z2)] - KL(q(z2|x) || p(z2)) - E[KL(q(z1|x, z2) || p(z1|z2))]
 */
class Hierarchy implements Model {
  readonly topPosterior: MLP;
  readonly bottomPosterior: MLP;
  readonly bottomPrior: MLP;
  readonly decoder: MLP;
  readonly latents: readonly Latent[];
  readonly code = "z2";
  readonly #std: number;

  constructor({ topDim, bottomDim, hiddenDim, std }: HierarchyConfig, { shape }: DataSpec) {
    const [dim] = shape as [number];
    this.topPosterior = new MLP([dim, hiddenDim, 2 * topDim]);
    this.bottomPosterior = new MLP([dim + topDim, hiddenDim, 2 * bottomDim]);
    this.bottomPrior = new MLP([topDim, hiddenDim, 2 * bottomDim]);
    this.decoder = new MLP([topDim + bottomDim, hiddenDim, dim]);
    this.#std = std;
    this.latents = [
      {
        name: "z2",
        shape: [topDim],
        dtype: "float32",
        prior: (_, count) => independent(new Normal(constant(0).broadcastTo([count, topDim]), 1), 1),
        standardNormal: true,
        gaussianPosterior: true,
      },
      {
        name: "z1",
        shape: [bottomDim],
        dtype: "float32",
        prior: ({ z2 }) => gaussian(this.bottomPrior.apply(z2!)),
        gaussianPosterior: true,
      },
    ];
  }

  encode(x: Tensor, _: unknown, take: Take) {
    const z2 = gaussian(this.topPosterior.apply(x));
    return { z2, z1: gaussian(this.bottomPosterior.apply(concat([x, take(z2)], 1))) };
  }

  decode({ z2, z1 }: Codes): Distribution {
    return independent(new Normal(this.decoder.apply(concat([z2!, z1!], 1)), this.#std), 1);
  }

  reconstruct(x: Tensor): Tensor {
    return this.decode(codesOf(this.encode(x, evaluation, takeMean), takeMean)).mean;
  }

  elbo(x: Tensor): Elbo {
    const take = takeSamples(true);
    const q = this.encode(x, evaluation, take);
    const codes = codesOf(q, take);
    const distortion = this.decode(codes).logProb(x).neg();
    const rates = Object.fromEntries(
      this.latents.map(({ name, prior }) => [
        name,
        kl(q[name as keyof typeof q], prior!(codes, x.shape[0]!, evaluation)),
      ]),
    );
    const elbo = Object.values(rates).reduce((sum, rate) => sum.add(rate), distortion);
    return { elbo: elbo.neg(), distortion, rates };
  }

  logWeights(x: Tensor, samples: number): Tensor {
    const one = (): Tensor => {
      const take = takeSamples();
      const q = this.encode(x, evaluation, take);
      const codes = codesOf(q, take);
      const ratio = this.latents.map(({ name, prior }) => {
        const code = codes[name]!;
        return prior!(codes, x.shape[0]!, evaluation)
          .logProb(code)
          .sub(q[name as keyof typeof q].logProb(code));
      });
      return ratio.reduce((sum, each) => sum.add(each), this.decode(codes).logProb(x)).reshape([1, -1]);
    };
    return concat(Array.from({ length: samples }, one), 0);
  }

  objectives({ x }: Batch): readonly Objective[] {
    const { elbo, distortion, rates } = this.elbo(x);
    const metrics = Object.fromEntries(Object.entries({ distortion, ...rates }).map(([name, t]) => [name, mean(t)]));
    return [{ name: "loss", loss: mean(elbo).neg(), parameters: parameters(this), metrics }];
  }

  validation(x: Tensor): Readonly<Record<string, Tensor>> {
    const { elbo, distortion, rates } = this.elbo(x);
    return { negElbo: elbo.neg(), distortion, ...rates };
  }
}

function gaussian(both: Tensor): Independent<Normal> {
  const [center, logVar] = split(both, -1, 2);
  return independent(new Normal(center, { logVar }), 1);
}

export const hierarchy = defineModel<HierarchyConfig>({
  name: "proof-hierarchy",
  summary: "Two latents, each with its own prior",
  paper: "arXiv:1602.02282",
  config: z.strictObject({
    topDim: z.int().positive().default(2),
    bottomDim: z.int().positive().default(2),
    hiddenDim: z.int().positive().default(64),
    std: z.number().positive().default(0.1),
  }),
  build: (config, data) => new Hierarchy(config, data),
});
