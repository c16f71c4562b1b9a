import { z } from "zod";
import { Categorical } from "../../src/distributions/categorical.ts";
import { type Independent, independent } from "../../src/distributions/independent.ts";
import { type Tensor, Variable } from "../../src/graph/tensor.ts";
import { ConfigError } from "../../src/errors.ts";
import { defineModel } from "../../src/models/definition.ts";
import type { Batch, DataSpec, Model, Objective } from "../../src/models/model.ts";
import type { Sampler } from "../../src/models/sampler.ts";
import { parameters } from "../../src/nn/module.ts";
import { cast } from "../../src/ops/comparison.ts";
import { mean } from "../../src/ops/reduction.ts";

/** The simplest prior of symbols: each place of an example has frequencies of its own, log p(x) = sum_i log p_i(x_i). */
class PositionFrequencies implements Model {
  readonly logits: Variable;
  readonly sampler: Sampler;

  constructor({ shape, symbols }: DataSpec) {
    if (symbols === undefined) throw new ConfigError("proof-frequencies: no symbols, got numbers, expected symbols");
    this.logits = new Variable([...shape, symbols], { kind: "constant", value: 0 });
    this.sampler = {
      options: z.strictObject({}),
      schedule: () => [],
      start: (count) => ({ x: cast(this.#p(count, shape.length).sample(), "float32") }),
      finish: ({ x }) => x!,
    };
  }

  #p(count: number, rank: number): Independent<Categorical> {
    return independent(new Categorical(this.logits.broadcastTo([count, ...this.logits.shape])), rank);
  }

  logProb(x: Tensor): Tensor {
    return this.#p(x.shape[0]!, x.rank - 1).logProb(cast(x, "int64"));
  }

  objectives({ x }: Batch): readonly Objective[] {
    return [{ name: "nll", loss: mean(this.logProb(x)).neg(), parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor): Readonly<Record<string, Tensor>> {
    return { nll: this.logProb(x).neg() };
  }
}

export const positionFrequencies = defineModel({
  name: "proof-frequencies",
  summary: "Frequencies of symbols by place",
  paper: "none",
  config: z.strictObject({}),
  build: (_, data) => new PositionFrequencies(data),
});
