import { constant, type Tensor } from "../../graph/tensor.ts";
import { minimum } from "../../ops/arithmetic.ts";
import { cast, greater } from "../../ops/comparison.ts";
import { exp } from "../../ops/elementwise.ts";
import { concat } from "../../ops/movement.ts";
import { mean } from "../../ops/reduction.ts";
import { type AdversarialLossName, adversarialLosses } from "./losses.ts";
import { type Discriminate, type Examples, type GradientPenaltyName, gradientPenalties, halves } from "./penalties.ts";

/** How a discriminator plays. */
export interface GameConfig {
  readonly loss: AdversarialLossName;
  readonly penalty: GradientPenaltyName;
  /** The paper's where missing, as are the steps over which it falls. */
  readonly penaltyWeight?: number | undefined;
  readonly annealing?: number | undefined;
  /** 1 minus the target of real examples. */
  readonly smoothing?: number;
}

/** A discriminator's turn: a scalar to minimize, and what to report of it. */
export interface Turn {
  readonly loss: Tensor;
  readonly metrics: Readonly<Record<"realScore" | "fakeScore" | "realAboveFake", Tensor>> & {
    readonly penalty?: Tensor;
  };
}

/** L_D(f(x), f(G(z))) + weight Omega(f) at a step, with gradients in f alone where the samples have none. */
export function discriminatorTurn(f: Discriminate, { real, fake }: Examples, game: GameConfig, step: Tensor): Turn {
  const { loss, smoothing = 0, penalty: name } = game;
  const penalty = name === "none" ? undefined : gradientPenalties[name];
  const [onReal, onFake] = penalty?.joint ? halves(f(concat([real, fake], 0))) : [f(real), f(fake)];
  const played = adversarialLosses[loss].discriminator(onReal, onFake, 1 - smoothing);
  const omega = penalty?.of(f, { real, fake });
  return {
    loss: omega ? played.add(omega.mul(penaltyWeight(game, step))) : played,
    metrics: {
      realScore: mean(onReal),
      fakeScore: mean(onFake),
      realAboveFake: mean(cast(greater(onReal, onFake), "float32")),
      ...(omega && { penalty: omega }),
    },
  };
}

/** The generator's loss. f sees the two apart: the gradient passes through the samples alone. */
export const generatorLoss = (f: Discriminate, { real, fake }: Examples, loss: AdversarialLossName): Tensor =>
  adversarialLosses[loss].generator(f(fake), f(real));

/** The weight falls exponentially, to a hundredth after `annealing` steps and no further. */
function penaltyWeight({ penalty: name, penaltyWeight, annealing }: GameConfig, step: Tensor): Tensor {
  const { weight, annealing: usual } = gradientPenalties[name as Exclude<GradientPenaltyName, "none">];
  const steps = annealing ?? usual;
  const full = constant(penaltyWeight ?? weight);
  return steps === 0 ? full : full.mul(exp(minimum(step.div(steps), 1).mul(Math.log(0.01))));
}
