import { Delta, independent, Normal } from "latentkit/distributions";
import { constant, grad, noise, sizeOf, type Shape, type Tensor } from "latentkit/graph";
import {
  type Batch,
  type Codes,
  type DataSpec,
  defineModel,
  type Latent,
  type Model,
  type Objective,
} from "latentkit/models";
import { BatchNorm, type Context, Linear, MLP, parameters } from "latentkit/nn";
import { flatten, mean, relu, reshape, sqrt, square, stopGradient, sum } from "latentkit/ops";
import { adam } from "latentkit/optim";
import { z } from "zod";

/**
 * WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028, algorithm 1), with five steps of the critic D to one of the generator G:
 *
 *   L_D = E[D(G(z))] - E[D(x)] + 10 E[(|dD(y)/dy| - 1)^2],  y = e x + (1 - e) G(z),  e ~ U[0, 1];  L_G = -E[D(G(z))]
 */
class WGAN implements Model {
  readonly generator: readonly [Linear, BatchNorm, Linear];
  readonly critic: MLP;
  readonly latents: readonly [Latent];
  readonly shape: Shape;

  constructor(latentDim: number, { shape }: DataSpec) {
    const [width, dim] = [128, sizeOf(shape)];
    this.generator = [new Linear(latentDim, width), new BatchNorm(width), new Linear(width, dim)];
    this.critic = new MLP([dim, width, width, 1], { activation: "leakyRelu" });
    const prior = (_: Codes, count: number) =>
      independent(new Normal(constant(0).broadcastTo([count, latentDim]), 1), 1);
    this.latents = [{ name: "z", shape: [latentDim], dtype: "float32", prior, standardNormal: true }];
    this.shape = shape;
  }

  generate(code: Tensor, context: Context) {
    const [input, norm, output] = this.generator;
    return output.apply(relu(norm.apply(input.apply(code), context)));
  }

  decode({ z }: Codes, context: Context) {
    return independent(new Delta(reshape(this.generate(z!, context), [-1, ...this.shape])), this.shape.length);
  }

  discriminate(x: Tensor) {
    return reshape(this.critic.apply(flatten(x)), [-1]);
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): Objective[] {
    const fakes = (name: string) =>
      this.generate(noise.normal([x.shape[0]!, ...this.latents[0].shape]), contextOf(name));
    const [real, fake, e] = [flatten(x), stopGradient(fakes("critic")), noise.uniform([x.shape[0]!, 1])];
    const y = fake.add(e.mul(real.sub(fake)));
    const [slope] = grad(sum(this.critic.apply(y)), [y]);
    const penalty = mean(square(sqrt(sum(square(slope!), 1).add(1e-12)).sub(1)));
    const distance = mean(this.critic.apply(real)).sub(mean(this.critic.apply(fake)));
    const optimizer: Objective["optimizer"] = ({ scheduled }) =>
      adam({ learningRate: scheduled(1e-3), beta1: 0, beta2: 0.9 });
    return [
      {
        name: "critic",
        loss: penalty.mul(10).sub(distance),
        parameters: parameters(this.critic),
        metrics: { distance },
        repeat: { times: 5, batches: "fresh" },
        ema: false,
        optimizer,
      },
      {
        name: "generator",
        loss: mean(this.critic.apply(fakes("generator"))).neg(),
        parameters: parameters(this.generator),
        metrics: {},
        optimizer,
      },
    ];
  }
}

export default defineModel({
  name: "wgan-gp",
  summary: "Wasserstein GAN with gradient penalty",
  paper: "arXiv:1704.00028",
  config: z.strictObject({ latentDim: z.int().positive().default(8).describe("latent dimensions") }),
  build: ({ latentDim }, data) => new WGAN(latentDim, data),
});
