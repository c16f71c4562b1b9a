/** Wasserstein GAN with gradient penalty (arXiv:1704.00028), networks as in DCGAN (arXiv:1511.06434). */
import {
  BatchNorm,
  Conv,
  ConvTranspose,
  flatten,
  grad,
  leakyRelu,
  Linear,
  mean,
  relu,
  reshape,
  sigmoid,
  sqrt,
  square,
  stopGradient,
  sum,
} from "../../dist/index.js";

const halving = { stride: 2, padding: 1 };

class Critic {
  conv1 = new Conv(1, 32, [4, 4], halving);
  conv2 = new Conv(32, 64, [4, 4], halving);
  score = new Linear(64 * 7 * 7, 1);

  apply(x) {
    const h = leakyRelu(this.conv2.apply(leakyRelu(this.conv1.apply(x), 0.2)), 0.2);
    return this.score.apply(flatten(h));
  }
}

class Generator {
  dense = new Linear(64, 64 * 7 * 7);
  norm1 = new BatchNorm(64);
  conv1 = new ConvTranspose(64, 32, [4, 4], halving);
  norm2 = new BatchNorm(32);
  conv2 = new ConvTranspose(32, 1, [4, 4], halving);

  apply(z, context) {
    const h = relu(this.norm1.apply(reshape(this.dense.apply(z), [-1, 64, 7, 7]), context));
    return sigmoid(this.conv2.apply(relu(this.norm2.apply(this.conv1.apply(h), context))));
  }
}

class WGAN {
  critic = new Critic();
  generator = new Generator();
}

export function wganCritic() {
  const module = new WGAN();
  const { critic, generator } = module;
  return {
    module,
    trained: critic,
    /** E[critic(fake)] - E[critic(x)] + 10 E[(|grad critic(mixed)| - 1)^2]. */
    loss({ x, z, u }, context) {
      const fake = stopGradient(generator.apply(z, context));
      const mixed = fake.add(u.mul(x.sub(fake)));
      const [gradient] = grad(sum(critic.apply(mixed)), [mixed]);
      const norm = sqrt(sum(square(flatten(gradient)), [1]).add(1e-12));
      const penalty = mean(square(norm.sub(1)));
      return mean(critic.apply(fake))
        .sub(mean(critic.apply(x)))
        .add(penalty.mul(10));
    },
  };
}

export function wganGenerator() {
  const module = new WGAN();
  const { critic, generator } = module;
  return {
    module,
    trained: generator,
    loss: ({ z }, context) => mean(critic.apply(generator.apply(z, context))).neg(),
  };
}
