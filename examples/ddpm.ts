import { constant, noise, sizeOf, type Tensor } from "latentkit/graph";
import { type Batch, type DataSpec, defineModel, type Model, type Sampler } from "latentkit/models";
import { MLP, parameters } from "latentkit/nn";
import { cast, concat, flatten, floor, gather, mean, reshape, sqrt, square, sum } from "latentkit/ops";
import { z } from "zod";

/**
 * DDPM (Ho, Jain & Abbeel 2020, arXiv:2006.11239), with abar_t = prod_s<=t (1 - beta_s), t ~ U{1..T} and eps ~ N(0, I):
 *
 *   loss = E |eps - eps_theta(sqrt(abar_t) x + sqrt(1 - abar_t) eps, t)|^2                                       (eq. 14)
 *   x_(t-1) = (x_t - beta_t / sqrt(1 - abar_t) eps_theta(x_t, t)) / sqrt(1 - beta_t) + sqrt(beta_t) N(0, I)     (algorithm 2)
 */
class DDPM implements Model {
  readonly network: MLP;
  readonly alphaBars: readonly number[];
  readonly sampler: Sampler;

  constructor(steps: number, { shape }: DataSpec) {
    const dim = sizeOf(shape);
    this.network = new MLP([dim + 1, 128, 128, dim], { activation: "silu" });
    const betas = Array.from({ length: steps }, (_, t) => 1e-4 + ((0.02 - 1e-4) * t) / (steps - 1));
    let product = 1;
    this.alphaBars = betas.map((beta) => (product *= 1 - beta));
    const points = betas.map((beta, t) => ({
      time: t / steps,
      beta,
      alphaBar: this.alphaBars[t]!,
      noisy: Number(t > 0),
    }));
    this.sampler = {
      options: z.strictObject({}),
      schedule: () => points.toReversed(),
      start: (count) => ({ x: noise.normal([count, dim]) }),
      step: ({ x }, { time, beta, alphaBar, noisy }) => {
        const eps = this.predict(x!, time!.broadcastTo([x!.shape[0]!, 1])).mul(beta!.div(sqrt(alphaBar!.neg().add(1))));
        const center = x!.sub(eps).div(sqrt(beta!.neg().add(1)));
        return { x: center.add(noise.normal(x!.shape).mul(sqrt(beta!).mul(noisy!))) };
      },
      finish: ({ x }) => reshape(x!, [-1, ...shape]),
    };
  }

  predict(x: Tensor, time: Tensor) {
    return this.network.apply(concat([x, time], 1));
  }

  /** The loss of each example, at one time t of its own: an integer as noise, since that is uniform on [0, 1). */
  losses(x: Tensor) {
    const [batch, steps] = [x.shape[0]!, this.alphaBars.length];
    const t = floor(noise.uniform([batch, 1]).mul(steps));
    const alphaBar = gather(constant(this.alphaBars, [steps]), cast(t, "int64"));
    const eps = noise.normal(flatten(x).shape);
    const noisy = flatten(x)
      .mul(sqrt(alphaBar))
      .add(eps.mul(sqrt(alphaBar.neg().add(1))));
    return sum(square(eps.sub(this.predict(noisy, t.div(steps)))), 1);
  }

  objectives({ x }: Batch) {
    return [{ name: "loss", loss: mean(this.losses(x)), parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor) {
    return { loss: this.losses(x) };
  }
}

export default defineModel({
  name: "ddpm",
  summary: "Denoising diffusion",
  paper: "arXiv:2006.11239",
  config: z.strictObject({ steps: z.int().min(2).default(1000).describe("steps T of the diffusion") }),
  build: ({ steps }, data) => new DDPM(steps, data),
});
