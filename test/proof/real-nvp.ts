import { z } from "zod";
import { Delta } from "../../src/distributions/delta.ts";
import type { Distribution } from "../../src/distributions/distribution.ts";
import { independent } from "../../src/distributions/independent.ts";
import { Normal } from "../../src/distributions/normal.ts";
import { constant, type Tensor } from "../../src/graph/tensor.ts";
import { defineModel } from "../../src/models/definition.ts";
import type { Codes, Latent } from "../../src/models/latent.ts";
import type { Batch, DataSpec, Model, Objective } from "../../src/models/model.ts";
import { MLP } from "../../src/nn/mlp.ts";
import { parameters } from "../../src/nn/module.ts";
import { exp, tanh } from "../../src/ops/elementwise.ts";
import { split } from "../../src/ops/movement.ts";
import { mean, sum } from "../../src/ops/reduction.ts";

interface RealNVPConfig {
  readonly couplings: number;
  readonly hiddenDim: number;
}

/** z = x on one half of the dimensions, x exp(s) + t on the other, s and t functions of the first (eq. 4 and 7). */
class Coupling {
  readonly network: MLP;
  /** 1 for what is kept. */
  readonly #kept: Tensor;

  constructor(dim: number, parity: number, hiddenDim: number) {
    this.network = new MLP([dim, hiddenDim, hiddenDim, 2 * dim]);
    this.#kept = constant(
      Array.from({ length: dim }, (_, i) => Number(i % 2 === parity)),
      [dim],
    );
  }

  #scaleAndShift(x: Tensor): readonly [scale: Tensor, shift: Tensor] {
    const [s, t] = split(this.network.apply(x.mul(this.#kept)), -1, 2);
    const moved = this.#kept.neg().add(1);
    // A bounded scale keeps the inverse stable.
    return [tanh(s).mul(2).mul(moved), t.mul(moved)];
  }

  toLatent(x: Tensor): { readonly z: Tensor; readonly logDet: Tensor } {
    const [s, t] = this.#scaleAndShift(x);
    return { z: x.mul(exp(s)).add(t), logDet: sum(s, 1) };
  }

  toData(code: Tensor): Tensor {
    const [s, t] = this.#scaleAndShift(code);
    return code.sub(t).mul(exp(s.neg()));
  }
}

/**
 * RealNVP on vectors (Dinh, Sohl-Dickstein & Bengio 2016, arXiv:1605.08803): log p(x) = log N(f(x); 0, I) + log |det df/dx|  (eq. 3).
 */
class RealNVP implements Model {
  readonly couplings: readonly Coupling[];
  readonly latents: readonly [Latent];
  readonly #dim: number;

  constructor({ couplings, hiddenDim }: RealNVPConfig, { shape }: DataSpec) {
    const [dim] = shape as [number];
    this.#dim = dim;
    this.couplings = Array.from({ length: couplings }, (_, i) => new Coupling(dim, i % 2, hiddenDim));
    this.latents = [
      { name: "z", shape: [dim], dtype: "float32", prior: (_, count) => this.#prior(count), standardNormal: true },
    ];
  }

  toLatent(x: Tensor): { readonly z: Tensor; readonly logDet: Tensor } {
    let [code, logDet]: readonly [Tensor, Tensor] = [x, constant(0).broadcastTo([x.shape[0]!])];
    for (const coupling of this.couplings) {
      const next = coupling.toLatent(code);
      [code, logDet] = [next.z, logDet.add(next.logDet)];
    }
    return { z: code, logDet };
  }

  encode(x: Tensor): { readonly z: Distribution } {
    return { z: independent(new Delta(this.toLatent(x).z), 1) };
  }

  decode({ z: code }: Codes): Distribution {
    return independent(new Delta(this.couplings.reduceRight((x, coupling) => coupling.toData(x), code!)), 1);
  }

  reconstruct(x: Tensor): Tensor {
    return this.decode({ z: this.toLatent(x).z }).mean;
  }

  logProb(x: Tensor): Tensor {
    const { z: code, logDet } = this.toLatent(x);
    return this.#prior(x.shape[0]!).logProb(code).add(logDet);
  }

  objectives({ x }: Batch): readonly Objective[] {
    return [{ name: "nll", loss: mean(this.logProb(x)).neg(), parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor): Readonly<Record<string, Tensor>> {
    return { nll: this.logProb(x).neg() };
  }

  #prior(count: number): Distribution {
    return independent(new Normal(constant(0).broadcastTo([count, this.#dim]), 1), 1);
  }
}

export const realNVP = defineModel<RealNVPConfig>({
  name: "proof-real-nvp",
  summary: "Affine couplings on vectors",
  paper: "arXiv:1605.08803",
  config: z.strictObject({
    couplings: z.int().positive().default(8),
    hiddenDim: z.int().positive().default(64),
  }),
  build: (config, data) => new RealNVP(config, data),
});
