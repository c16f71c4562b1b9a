import { z } from "zod";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { type ActivationName, activations } from "../../nn/activation.ts";
import { AutoregressiveMasks, type MasksConfig } from "../../nn/autoregressive-masks.ts";
import type { Context } from "../../nn/context.ts";
import { MaskedNetwork } from "../../nn/masked-network.ts";
import { parameters } from "../../nn/module.ts";
import { cast, equal, where } from "../../ops/comparison.ts";
import { floor } from "../../ops/elementwise.ts";
import { gather } from "../../ops/indexing.ts";
import { reshape } from "../../ops/movement.ts";
import { logSumExp, mean, sum } from "../../ops/reduction.ts";
import type { Conditioning } from "../conditioning.ts";
import { defineModel } from "../definition.ts";
import type { Codes } from "../latent.ts";
import type { Batch, DataSpec, Model, Objective } from "../model.ts";
import { conditionSize, conditionVector } from "../parts/condition-vector.ts";
import { fieldsOf } from "../parts/fields.ts";
import { layerWidths } from "../parts/layer-sizes.ts";
import type { Editor, Sampler } from "../sampler.ts";
import { type Conditionals, type ConditionalsConfig, conditionalNames, conditionalsFor } from "./conditionals.ts";
import { madeEditor, type MadeEditorOptions } from "./made-editor.ts";
import { madePresets } from "./presets.ts";

export interface MADEConfig extends ConditionalsConfig, MasksConfig {
  readonly activation: ActivationName;
  readonly conditional: boolean;
}

/**
 * Masked auto-encoder for distribution estimation (Germain, Gregor, Murray & Larochelle 2015, arXiv:1502.03509): one pass of a network with
 * [masked](../../nn/autoregressive-masks.ts) weights gives the parameters of all
 *
 *   p(x) = prod_d p(x_d | x_<d),     log p(x) = sum_d log p(x_d | x_<d)
 *
 * in the order of d. Each training step takes the next set of masks; the model is the mixture of all S of them in equal parts,
 *
 *   p(x) = 1/S sum_s p_s(x)
 *
 * which is exact, in nats per example, and never below the mean of their log p by Jensen's inequality.
 */
export class MADE implements Model {
  readonly layers: MaskedNetwork["layers"];
  readonly direct: MaskedNetwork["direct"];
  readonly given?: NonNullable<MaskedNetwork["given"]>;
  readonly condition?: Conditioning;
  readonly binaryData: boolean;
  readonly levels?: number;
  readonly sampler: Sampler;
  readonly editor: Editor<MadeEditorOptions>;
  readonly #shape: Shape;
  readonly #conditionals: Conditionals;
  readonly #masks: AutoregressiveMasks;
  readonly #network: MaskedNetwork;

  constructor(config: MADEConfig, data: DataSpec) {
    const { hiddenDims, activation, conditional, conditionals: name, levels } = config;
    this.#shape = data.shape;
    this.#conditionals = conditionalsFor(config, data);
    this.#masks = new AutoregressiveMasks({ ...config, stream: "made" }, this.#conditionals);
    this.binaryData = name === "bernoulli";
    if (name === "categorical") this.levels = data.symbols ?? levels;
    const { ofInput, ofOutput } = this.#conditionals;
    if (conditional) {
      const fields = fieldsOf(data, ["class"]);
      this.condition = { fields, required: true };
    }
    this.#network = new MaskedNetwork({
      inputs: ofInput.length,
      hiddenDims,
      outputs: ofOutput.length,
      activation,
      given: this.condition ? conditionSize(this.condition.fields) : 0,
    });
    this.layers = this.#network.layers;
    this.direct = this.#network.direct;
    if (this.#network.given) this.given = this.#network.given;
    this.sampler = {
      options: z.strictObject({}),
      schedule: () => Array.from({ length: this.#conditionals.variables }, (_, place) => ({ place })),
      passes: () => this.#conditionals.variables,
      start: (count) => this.#start(count),
      step: (state, { place }, _, context) => this.#sampleAt(state, place!, context),
      finish: ({ x }) => reshape(x!, [-1, ...this.#shape]),
    };
    this.editor = madeEditor({
      shape: data.shape,
      binary: this.binaryData,
      conditionals: this.#conditionals,
      masks: this.#masks,
      outputs: (x, set, context) => this.#outputsFor(x, this.weights(set), context),
    });
  }

  /** The variables of inputs and outputs of the network, and the place of each variable in the ordering of each set of masks. */
  get structure(): Pick<Conditionals, "ofInput" | "ofOutput"> & { readonly places: readonly (readonly number[])[] } {
    const { ofInput, ofOutput } = this.#conditionals;
    return { ofInput, ofOutput, places: this.#masks.orderings };
  }

  /** The weights under each of some sets of masks, int64 [sets]: [sets, in, out] of each layer, the direct ones last. */
  weights(sets: Tensor): readonly Tensor[] {
    return this.#network.weights(this.#masks.of(sets));
  }

  /** Outputs for rows of inputs under masked weights: [sets, rows, outputs] of [sets rows, inputs]. */
  outputs(inputs: Tensor, weights: readonly Tensor[], context: Context): Tensor {
    const y = this.given && conditionVector(this.condition!.fields, context, inputs.shape[0]!);
    return this.#network.outputs(inputs, weights, context, { y });
  }

  /** Outputs for rows of examples x [sets rows, values], those of each set one after another: [sets rows, outputs]. */
  #outputsFor(x: Tensor, weights: readonly Tensor[], context: Context): Tensor {
    return reshape(this.outputs(this.#conditionals.inputs(x), weights, context), [x.shape[0]!, -1]);
  }

  /** log p_s(x) of examples under sets of masks, [sets, batch]. */
  logProbs(x: Tensor, sets: Tensor, context: Context): Tensor {
    const [count, batch, values] = [sets.shape[0]!, x.shape[0]!, sizeOf(this.#shape)];
    const repeated = reshape(reshape(x, [1, batch, values]).broadcastTo([count, batch, values]), [-1, values]);
    const outputs = this.#outputsFor(repeated, this.weights(sets), context);
    return reshape(sum(this.#conditionals.logProbs(outputs, repeated), 1), [count, batch]);
  }

  logProb(x: Tensor, context: Context): Tensor {
    const all = cast(counting(this.#masks.sets), "int64");
    return logSumExp(this.logProbs(x, all, context), 0).sub(Math.log(this.#masks.sets));
  }

  objectives({ x, step }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { sets } = this.#masks;
    const set = step.sub(floor(step.div(sets)).mul(sets));
    const nll = mean(this.logProbs(x, cast(reshape(set, [1]), "int64"), contextOf("nll"))).neg();
    return [{ name: "nll", loss: nll, parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    return { nll: this.logProb(x, context).neg() };
  }

  /** One of the sets of masks is drawn for all rows of a call. Its weights are masked once. */
  #start(count: number): Codes {
    const set = this.#masks.drawn();
    const weights = this.weights(set).map((weight, i): [string, Tensor] => [`weight${i}`, weight]);
    return { x: constant(0).broadcastTo([count, sizeOf(this.#shape)]), set, ...Object.fromEntries(weights) };
  }

  /** The variable at a place of the ordering sampled, given those before it. */
  #sampleAt(state: Codes, place: Tensor, context: Context): Codes {
    const { x, set } = state as Readonly<Record<"x" | "set", Tensor>>;
    const weights = [...this.layers, this.direct].map((_, i) => state[`weight${i}`]!);
    const sampled = this.#conditionals.sample(this.#outputsFor(x, weights, context));
    return { ...state, x: where(equal(gather(this.#masks.places, set, 0), place), sampled, x) };
  }
}

const counting = (count: number): Tensor =>
  constant(
    Array.from({ length: count }, (_, i) => i),
    [count],
  );

/** The registered model. */
export const made = defineModel<MADEConfig>({
  name: "made",
  summary: "Masked auto-encoder: autoregressive in any order, with its exact likelihood in one pass",
  paper: "arXiv:1502.03509",
  config: z.strictObject({
    hiddenDims: layerWidths.default([512]).describe("widths of the hidden layers"),
    activation: z
      .enum(Object.keys(activations) as [ActivationName, ...ActivationName[]])
      .default("relu")
      .describe("nonlinearity between layers"),
    masks: z
      .int()
      .min(1)
      .max(64)
      .default(8)
      .describe(
        "sets of masks: a step trains one of them, and p(x) is the mixture of all, at their number times the cost",
      ),
    ordering: z
      .enum(["natural", "random"])
      .default("random")
      .describe(
        "order of the variables; natural: as they are in an example; random: another one for each set of masks",
      ),
    conditionals: z
      .enum(conditionalNames)
      .default("bernoulli")
      .describe(
        "p(x_i | x_before); bernoulli: binary; categorical: symbols or levels; mixture: real numbers, and tables",
      ),
    levels: z
      .int()
      .min(2)
      .max(256)
      .default(256)
      .describe("categorical: levels of intensities")
      .meta({ onlyWith: { conditionals: ["categorical"] } }),
    components: z
      .int()
      .min(1)
      .max(64)
      .default(10)
      .describe("mixture: Gaussians of each number")
      .meta({ onlyWith: { conditionals: ["mixture"] } }),
    conditional: z.boolean().default(false).describe("class-conditional: p(x|y) of labeled data"),
  }),
  presets: madePresets,
  build: (config, data) => new MADE(config, data),
});
