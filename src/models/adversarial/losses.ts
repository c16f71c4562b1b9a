import type { Tensor } from "../../graph/tensor.ts";
import { square } from "../../ops/arithmetic.ts";
import { relu, softplus } from "../../ops/elementwise.ts";
import { mean } from "../../ops/reduction.ts";

/**
 * A game between the discriminator's output f, a logit or a score of no scale, and the generator. Both losses are scalars, minimized;
 * `real` and `fake` are f(x) and f(G(z)), [batch] each.
 */
export interface AdversarialLoss {
  /** `target`: the probability that real examples are real; below 1 for one-sided label smoothing (arXiv:1606.03498, section 3.4). */
  discriminator(real: Tensor, fake: Tensor, target: number): Tensor;
  generator(fake: Tensor, real: Tensor): Tensor;
  /** Whether the discriminator's loss has a target to be smoothed. */
  readonly smoothable: boolean;
}

/** Cross-entropy of the logits f with labels of probability `target`: -target log D - (1 - target) log(1 - D), with D = sigmoid(f). */
const crossEntropy = (f: Tensor, target: number): Tensor =>
  target === 1 ? softplus(f.neg()) : softplus(f).sub(f.mul(target));

const classify = (real: Tensor, fake: Tensor, target: number): Tensor =>
  mean(crossEntropy(real, target)).add(mean(softplus(fake)));

/** With D = sigmoid(f); expectations are means over the batch. */
export const adversarialLosses = {
  /**
   * Goodfellow et al. 2014, arXiv:1406.2661, eq. 1: min_G max_D E[log D(x)] + E[log(1 - D(G(z)))]. In equilibrium D = 1/2, and the
   * discriminator's loss is 2 log 2.
   */
  minimax: {
    discriminator: classify,
    generator: (fake) => mean(softplus(fake)).neg(),
    smoothable: true,
  },
  /** The same, but the generator minimizes -E[log D(G(z))] (section 3 there), log 2 in equilibrium: its gradient does not vanish while D wins. */
  "non-saturating": {
    discriminator: classify,
    generator: (fake) => mean(softplus(fake.neg())),
    smoothable: true,
  },
  /** Lim & Ye 2017, arXiv:1705.02894: E[max(0, 1 - f(x))] + E[max(0, 1 + f(G(z)))], and -E[f(G(z))]. */
  hinge: {
    discriminator: (real, fake) => mean(relu(real.neg().add(1))).add(mean(relu(fake.add(1)))),
    generator: (fake) => mean(fake).neg(),
    smoothable: false,
  },
  /** Mao et al. 2016, arXiv:1611.04076, eq. 9: E[(f(x) - 1)^2] / 2 + E[f(G(z))^2] / 2, and E[(f(G(z)) - 1)^2] / 2. */
  "least-squares": {
    discriminator: (real, fake, target) =>
      mean(square(real.sub(target)))
        .add(mean(square(fake)))
        .div(2),
    generator: (fake) => mean(square(fake.sub(1))).div(2),
    smoothable: true,
  },
  /** Arjovsky, Chintala & Bottou 2017, arXiv:1701.07875, eq. 2: E[f(G(z))] - E[f(x)], for f of Lipschitz constant 1 minus the Wasserstein-1 distance. */
  wasserstein: {
    discriminator: (real, fake) => mean(fake).sub(mean(real)),
    generator: (fake) => mean(fake).neg(),
    smoothable: false,
  },
  /**
   * Relativistic pairing: each sample against one real example (Jolicoeur-Martineau 2018, arXiv:1807.00734; R3GAN, Huang et al. 2024,
   * arXiv:2501.05441, eq. 2), E[log(1 + e^(f(G(z)) - f(x)))], and the same with the two exchanged.
   */
  relativistic: {
    discriminator: (real, fake) => mean(softplus(fake.sub(real))),
    generator: (fake, real) => mean(softplus(real.sub(fake))),
    smoothable: false,
  },
} satisfies Readonly<Record<string, AdversarialLoss>>;
export type AdversarialLossName = keyof typeof adversarialLosses;
export const adversarialLossNames = Object.keys(adversarialLosses) as [AdversarialLossName, ...AdversarialLossName[]];
