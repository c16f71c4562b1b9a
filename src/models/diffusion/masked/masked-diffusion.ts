import { z } from "zod";
import { constant, type Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { parameters } from "../../../nn/module.ts";
import { mean } from "../../../ops/reduction.ts";
import type { Conditioning } from "../../conditioning.ts";
import { defineModel } from "../../definition.ts";
import type { Batch, DataSpec, Elbo, Model, Objective } from "../../model.ts";
import type { SymbolCoding } from "../../symbols/symbol-coding.ts";
import { symbolPresets } from "../../symbols/symbol-presets.ts";
import { type SymbolConfig, symbolConfig, symbolParts, symbolRemedies } from "../../symbols/symbol-settings.ts";
import type { SymbolTransformer } from "../../symbols/symbol-transformer.ts";
import type { Editor, Sampler } from "../../sampler.ts";
import { maskedBound } from "./masked-bound.ts";
import { unmaskingEditor, type UnmaskingOptions, unmaskingSampler } from "./unmasking.ts";

/**
 * Masked (absorbing-state discrete) diffusion (Sahoo et al. 2024, arXiv:2406.07524; Shi et al. 2024, arXiv:2406.04329): noise masks symbols, and a
 * transformer that sees all positions predicts the masked ones,
 *
 *   loss = E_m (n / m) sum_{i in M} -log p(x_i | x outside M)  >=  -log p(x)
 *
 * ([masked-bound.ts](masked-bound.ts)). The network is not told how many are masked: it sees that (arXiv:2406.07524).
 */
export class MaskedDiffusion implements Model {
  readonly network: SymbolTransformer;
  readonly sampler: Sampler<UnmaskingOptions>;
  readonly editor: Editor<UnmaskingOptions>;
  readonly binaryData?: boolean;
  readonly levels?: number;
  readonly condition?: Conditioning;
  readonly #coding: SymbolCoding;

  constructor(config: SymbolConfig, data: DataSpec) {
    const { coding, fields, network, binary, levels } = symbolParts("masked-diffusion", config, data, false);
    this.network = network;
    this.#coding = coding;
    if (binary) this.binaryData = true;
    else if (levels !== undefined) this.levels = levels;
    if (fields.length > 0) this.condition = { fields, required: true };
    const { extra } = network;
    const parts = { coding, extra, predict: (tokens: Tensor, context: Context) => this.#predict(tokens, context) };
    this.sampler = unmaskingSampler(parts);
    this.editor = unmaskingEditor(parts);
  }

  #predict(tokens: Tensor, context: Context): Tensor {
    return this.network.apply(this.network.embed(tokens), context);
  }

  /** An upper bound on -log p(x), [batch] in nats, from one mask of each example. */
  #negElbo(x: Tensor, context: Context): Tensor {
    const predict = (tokens: Tensor): Tensor => this.#predict(tokens, context);
    return maskedBound(this.#coding.toSymbols(x), { extra: this.network.extra, predict });
  }

  /** All nats are of the reverse process: at its end all is masked, whatever x was, and at its start x is known. */
  elbo(x: Tensor, context: Context): Elbo {
    const diffusion = this.#negElbo(x, context);
    return { elbo: diffusion.neg(), distortion: constant(0).broadcastTo(diffusion.shape), rates: { diffusion } };
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const negElbo = mean(this.#negElbo(x, contextOf("negElbo")));
    return [{ name: "negElbo", loss: negElbo, parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    return { negElbo: this.#negElbo(x, context) };
  }
}

/** The registered model. */
export const maskedDiffusion = defineModel<SymbolConfig>({
  name: "masked-diffusion",
  summary: "Absorbing-state diffusion over short sequences of symbols: samples in 8 to 32 steps, a bound on log p(x)",
  paper: "arXiv:2406.07524",
  config: z.strictObject(symbolConfig),
  // Of an example one mask is seen in a step: more steps, and an average of their weights.
  presets: [...symbolPresets(10_000), { suits: "masked diffusion", fits: () => true, training: { ema: 0.999 } }],
  remedies: symbolRemedies,
  build: (config, data) => new MaskedDiffusion(config, data),
});
