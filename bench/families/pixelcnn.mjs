/** PixelCNN (arXiv:1601.06759) with the gated activation of arXiv:1606.05328. */
import { Bernoulli, Conv, MaskedConv, relu, sigmoid, split, sum, tanh } from "../../dist/index.js";

class GatedBlock {
  masked = new MaskedConv(32, 64, 3, { mask: "B" });
  mix = new Conv(32, 32, [1, 1]);

  apply(x) {
    const [signal, gate] = split(this.masked.apply(x), 1, 2);
    return x.add(this.mix.apply(tanh(signal).mul(sigmoid(gate))));
  }
}

class PixelCNN {
  first = new MaskedConv(1, 32, 7, { mask: "A" });
  blocks = Array.from({ length: 8 }, () => new GatedBlock());
  hidden = new Conv(32, 32, [1, 1]);
  last = new Conv(32, 1, [1, 1]);

  /** Logits of each pixel given those before it. */
  apply(x) {
    const h = this.blocks.reduce((features, block) => block.apply(features), this.first.apply(x));
    return this.last.apply(relu(this.hidden.apply(relu(h))));
  }
}

export function pixelCNN() {
  const module = new PixelCNN();
  return { module, loss: ({ x }) => sum(new Bernoulli(module.apply(x)).logProb(x)).div(-x.shape[0]) };
}

export function pixelCNNPass() {
  const module = new PixelCNN();
  return { module, output: ({ x }) => sigmoid(module.apply(x)) };
}
