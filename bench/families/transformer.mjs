/** Decoder-only transformer with normalization before each layer (arXiv:1706.03762), as a prior of 64 tokens from 256. */
import {
  Embedding,
  gelu,
  LayerNorm,
  Linear,
  logSoftmax,
  mean,
  MultiHeadAttention,
  reshape,
  takeAlongAxis,
} from "../../dist/index.js";

const SYMBOLS = 256;
const DIM = 128;

class Block {
  norm1 = new LayerNorm(DIM);
  attention = new MultiHeadAttention(DIM, 8, { causal: true });
  norm2 = new LayerNorm(DIM);
  up = new Linear(DIM, 4 * DIM);
  down = new Linear(4 * DIM, DIM);

  apply(x) {
    const h = x.add(this.attention.apply(this.norm1.apply(x)));
    return h.add(this.down.apply(gelu(this.up.apply(this.norm2.apply(h)))));
  }
}

class Transformer {
  tokens = new Embedding(SYMBOLS, DIM);
  positions = new Embedding(64, DIM);
  blocks = Array.from({ length: 4 }, () => new Block());
  norm = new LayerNorm(DIM);
  logits = new Linear(DIM, SYMBOLS);

  apply(tokens) {
    const embedded = this.tokens.apply(tokens).add(this.positions.weight);
    return this.logits.apply(this.norm.apply(this.blocks.reduce((h, block) => block.apply(h), embedded)));
  }
}

export function transformer() {
  const module = new Transformer();
  return {
    module,
    /** Mean cross-entropy of the targets in nats per token. */
    loss({ tokens, targets }) {
      const logProbs = logSoftmax(module.apply(tokens));
      return mean(takeAlongAxis(logProbs, reshape(targets, [...targets.shape, 1]))).neg();
    },
  };
}
