import { z } from "zod";
import { constant, noise, type Tensor, Variable } from "../../src/graph/tensor.ts";
import { defineModel } from "../../src/models/definition.ts";
import type { Batch, DataSpec, Model, Objective } from "../../src/models/model.ts";
import type { Sampler } from "../../src/models/sampler.ts";
import { Linear } from "../../src/nn/linear.ts";
import { MLP } from "../../src/nn/mlp.ts";
import { parameters } from "../../src/nn/module.ts";
import { cast, equal, less, lessEqual, where } from "../../src/ops/comparison.ts";
import { sigmoid, softplus } from "../../src/ops/elementwise.ts";
import { concat, slice, transpose } from "../../src/ops/movement.ts";
import { tril } from "../../src/ops/linalg.ts";
import { mean, softmax, sum } from "../../src/ops/reduction.ts";

interface AutoregressiveConfig {
  readonly dim: number;
}

/**
 * A causal transformer of one attention layer (Vaswani et al. 2017, arXiv:1706.03762) over binary sequences:
 *
 *   log p(x) = sum_i log p(x_i | x_1, ..., x_(i-1))
 *
 * Sampling keeps keys and values of the positions behind it in a cache, so that a step costs one position.
 */
class Autoregressive implements Model {
  readonly embedding: Linear;
  readonly positions: Variable;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: MLP;
  readonly sampler: Sampler;
  readonly #length: number;
  readonly #dim: number;

  constructor({ dim }: AutoregressiveConfig, { shape }: DataSpec) {
    const [length] = shape as [number];
    this.#length = length;
    this.#dim = dim;
    // Two inputs: the symbol before, and whether there is one.
    this.embedding = new Linear(2, dim);
    this.positions = new Variable([length, dim], { kind: "normal", mean: 0, std: 0.5 });
    this.query = new Linear(dim, dim);
    this.key = new Linear(dim, dim);
    this.value = new Linear(dim, dim);
    this.output = new MLP([dim, 2 * dim, 1]);
    const empty = (count: number): Tensor => constant(0).broadcastTo([count, length, dim]);
    this.sampler = {
      options: z.strictObject({}),
      schedule: () => Array.from({ length }, (_, position) => ({ position })),
      start: (count) => ({ x: constant(0).broadcastTo([count, length]), keys: empty(count), values: empty(count) }),
      step: ({ x, keys, values }, { position }) => {
        const count = x!.shape[0]!;
        const places = constant(
          Array.from({ length }, (_, i) => i),
          [length],
        );
        const here = cast(equal(places, position!), "float32");
        const before = cast(equal(places, position!.sub(1)), "float32");
        const symbol = sum(x!.mul(before), 1, true);
        const exists = sum(before).broadcastTo([count, 1]);
        const place = here.reshape([1, length]).matmul(this.positions);
        const h = this.embedding.apply(concat([symbol, exists], 1)).add(place);
        const put = (cache: Tensor, row: Tensor): Tensor =>
          where(equal(here.reshape([1, length, 1]), 1), row.reshape([count, 1, dim]), cache);
        const [nextKeys, nextValues] = [put(keys!, this.key.apply(h)), put(values!, this.value.apply(h))];
        const seen = lessEqual(places, position!).reshape([1, 1, length]);
        const logits = this.#attend(h.reshape([count, 1, dim]), nextKeys, nextValues, seen).reshape([count, 1]);
        const next = cast(less(noise.uniform([count, 1]), sigmoid(logits)), "float32");
        return { x: x!.add(next.mul(here)), keys: nextKeys, values: nextValues };
      },
      finish: ({ x }) => x!,
    };
  }

  /** Logits of the next symbol, [batch, queries], of positions h [batch, queries, dim] that see those of `seen`. */
  #attend(h: Tensor, keys: Tensor, values: Tensor, seen: Tensor): Tensor {
    const scores = this.query
      .apply(h)
      .matmul(transpose(keys, [0, 2, 1]))
      .div(Math.sqrt(this.#dim));
    const weights = softmax(where(seen, scores, -1e9), -1);
    return this.output.apply(h.add(weights.matmul(values))).reshape(h.shape.slice(0, 2));
  }

  logProb(x: Tensor): Tensor {
    const [batch, length] = x.shape as [number, number];
    const before = concat([constant(0).broadcastTo([batch, 1]), slice(x, 1, 0, length - 1)], 1);
    const exists = constant(
      Array.from({ length }, (_, i) => Number(i > 0)),
      [1, length, 1],
    ).broadcastTo([batch, length, 1]);
    const h = this.embedding.apply(concat([before.reshape([batch, length, 1]), exists], 2)).add(this.positions);
    const causal = equal(tril(constant(1).broadcastTo([length, length])), 1).reshape([1, length, length]);
    const logits = this.#attend(h, this.key.apply(h), this.value.apply(h), causal);
    // log Bernoulli(x; logits)
    return sum(x.mul(logits).sub(softplus(logits)), 1);
  }

  objectives({ x }: Batch): readonly Objective[] {
    return [{ name: "nll", loss: mean(this.logProb(x)).neg(), parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor): Readonly<Record<string, Tensor>> {
    return { nll: this.logProb(x).neg() };
  }

  get length(): number {
    return this.#length;
  }
}

export const autoregressive = defineModel<AutoregressiveConfig>({
  name: "proof-autoregressive",
  summary: "Causal attention over binary sequences, sampled with a cache",
  paper: "arXiv:1706.03762",
  config: z.strictObject({ dim: z.int().positive().default(16) }),
  build: (config, data) => new Autoregressive(config, data),
});
