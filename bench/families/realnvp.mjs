/** RealNVP (arXiv:1605.08803) on the logits of images, squeezed to 4 x 14 x 14, with couplings between the halves of the channels. */
import {
  concat,
  Conv,
  exp,
  flatten,
  log,
  mean,
  relu,
  spaceToDepth,
  split,
  square,
  sum,
  tanh,
} from "../../dist/index.js";

/** Scales and shifts one half of the channels by functions of the other. */
class Coupling {
  conv1 = new Conv(2, 48, [3, 3], { padding: 1 });
  conv2 = new Conv(48, 48, [1, 1]);
  conv3 = new Conv(48, 4, [3, 3], { padding: 1 });

  constructor(second) {
    this.second = second;
  }

  toLatent(x) {
    const halves = split(x, 1, 2);
    const [kept, changed] = this.second ? halves.toReversed() : halves;
    const h = relu(this.conv2.apply(relu(this.conv1.apply(kept))));
    const [scale, shift] = split(this.conv3.apply(h), 1, 2);
    const logScale = tanh(scale);
    const moved = changed.mul(exp(logScale)).add(shift);
    const z = concat(this.second ? [moved, kept] : [kept, moved], 1);
    return { z, logDet: sum(flatten(logScale), [1]) };
  }
}

class RealNVP {
  couplings = Array.from({ length: 8 }, (_, i) => new Coupling(i % 2 === 1));

  toLatent(x) {
    return this.couplings.reduce(
      ({ z, logDet }, coupling) => {
        const next = coupling.toLatent(z);
        return { z: next.z, logDet: logDet ? logDet.add(next.logDet) : next.logDet };
      },
      { z: x, logDet: undefined },
    );
  }
}

export function realNVP() {
  const module = new RealNVP();
  return {
    module,
    /** Nats per example, up to constants, of x with uniform noise u between its 256 levels. */
    loss({ x, u }) {
      const inside = x
        .mul(255 / 256)
        .add(u.div(256))
        .mul(0.9)
        .add(0.05);
      const logits = log(inside).sub(log(inside.neg().add(1)));
      const { z, logDet } = module.toLatent(spaceToDepth(logits, 2));
      return mean(
        sum(square(flatten(z)), [1])
          .mul(0.5)
          .sub(logDet),
      );
    },
  };
}
