import { z } from "zod";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { Categorical } from "../../distributions/categorical.ts";
import { independent } from "../../distributions/independent.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { concat, slice } from "../../ops/movement.ts";
import { mean } from "../../ops/reduction.ts";
import type { Conditioning } from "../conditioning.ts";
import { defineModel } from "../definition.ts";
import type { Batch, DataSpec, Model, Objective } from "../model.ts";
import type { SymbolCoding } from "../symbols/symbol-coding.ts";
import { type SymbolConfig, symbolConfig, symbolParts, symbolRemedies } from "../symbols/symbol-settings.ts";
import { symbolPresets } from "../symbols/symbol-presets.ts";
import type { SymbolTransformer } from "../symbols/symbol-transformer.ts";
import type { SymbolSamplingOptions } from "../symbols/symbol-sampling.ts";
import type { Editor, Sampler } from "../sampler.ts";
import { transformerEditor, transformerSampler } from "./transformer-sampler.ts";

/**
 * Autoregressive transformer over sequences of symbols (Vaswani et al. 2017, arXiv:1706.03762; over codes of images, Esser et al. 2021,
 * arXiv:2012.09841):
 *
 *   log p(x) = sum_i log p(x_i | x_1, ..., x_(i-1)),   p(x_i | ...) = softmax(logits_i)
 *
 * where attention is causal and the input is shifted by one position, so that logits_i see what comes before x_i alone. log p(x) is exact.
 */
export class Transformer implements Model {
  readonly network: SymbolTransformer;
  readonly sampler: Sampler<SymbolSamplingOptions>;
  readonly editor: Editor<SymbolSamplingOptions>;
  readonly binaryData?: boolean;
  readonly levels?: number;
  readonly condition?: Conditioning;
  readonly #coding: SymbolCoding;

  constructor(config: SymbolConfig, data: DataSpec) {
    const { coding, fields, network, binary, levels } = symbolParts("transformer", config, data, true);
    this.network = network;
    this.#coding = coding;
    if (binary) this.binaryData = true;
    else if (levels !== undefined) this.levels = levels;
    if (fields.length > 0) this.condition = { fields, required: true };
    this.sampler = transformerSampler({ coding, network });
    this.editor = transformerEditor({ coding, network });
  }

  /** p(x_i | x_1, ..., x_(i-1)) of each position. */
  conditionals(symbols: Tensor, context: Context): Categorical {
    const { extra, length } = this.network;
    const first = constant(extra, [], "int64").broadcastTo([symbols.shape[0]!, 1]);
    const before = length === 1 ? first : concat([first, slice(symbols, 1, 0, length - 1)], 1);
    return new Categorical(this.network.apply(this.network.embed(before), context));
  }

  logProb(x: Tensor, context: Context): Tensor {
    const symbols = this.#coding.toSymbols(x);
    return independent(this.conditionals(symbols, context), 1).logProb(symbols);
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const nll = mean(this.logProb(x, contextOf("nll"))).neg();
    return [{ name: "nll", loss: nll, parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    return { nll: this.logProb(x, context).neg() };
  }
}

/** The registered model. */
export const transformer = defineModel<SymbolConfig>({
  name: "transformer",
  summary: "Causal transformer over short sequences of symbols: exact log p(x) of codes, binary data and categories",
  paper: "arXiv:1706.03762",
  config: z.strictObject(symbolConfig),
  presets: symbolPresets(5000),
  remedies: symbolRemedies,
  build: (config, data) => new Transformer(config, data),
});
