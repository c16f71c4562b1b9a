import { z } from "zod";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { conditioned, type Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { maximum } from "../../ops/arithmetic.ts";
import { cast, notEqual } from "../../ops/comparison.ts";
import { exp } from "../../ops/elementwise.ts";
import { oneHot } from "../../ops/indexing.ts";
import { reshape, transpose } from "../../ops/movement.ts";
import { argmax, logSoftmax, sum } from "../../ops/reduction.ts";
import { defineModel } from "../definition.ts";
import type { Codes, Latent } from "../latent.ts";
import type { Batch, DataSpec, Model, Objective } from "../model.ts";
import { type Encoder, encoderFor } from "../parts/networks.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";
import { smallImages } from "./cvae.ts";
import { fieldsOf } from "../parts/fields.ts";
import { type LatentVariableConfig, latentVariableConfig, latentVariableRemedies } from "./latent-variable-model.ts";
import { VAE, vae } from "./vae.ts";

export interface M2Config extends LatentVariableConfig {
  readonly labeled: number;
  readonly alpha: number;
}

/**
 * Semi-supervised learning with a class and a code as latent variables, "M2" (Kingma, Rezende, Mohamed & Welling 2014,
 * arXiv:1406.5298): p(x, y, z) = p(y) p(z) p(x|y,z) with p(y) uniform, and q(y, z|x) = q(y|x) q(z|x,y).
 *
 *   log p(x, y) >= E_q(z|x,y)[log p(x|y,z) + log p(y) + log p(z) - log q(z|x,y)]  =  -L(x, y)          (eq. 6)
 *   log p(x)    >= sum_y q(y|x) (-L(x, y)) + H(q(y|x))                            =  -U(x)             (eq. 7)
 *   J = sum over labeled examples of L(x, y)  +  sum over the others of U(x)                          (eq. 8)
 *   J + alpha * E over labeled examples of -log q(y|x)                                                (eq. 9)
 *
 * The loss is eq. 9 per example: each sum is its mean times its fraction of the training examples.
 */
export class M2 implements Model {
  readonly classifier: Encoder;
  /** p(x|y,z) and q(z|x,y). */
  readonly conditional: VAE;
  readonly latents: readonly Latent[];
  readonly binaryData: boolean;
  readonly levels?: number;
  readonly classes: number;
  readonly condition: NonNullable<Model["condition"]>;
  readonly labeledExamples: number;
  readonly #alpha: number;
  /** The fraction of the training examples whose class is known. */
  readonly #labeledFraction: number;

  constructor(config: M2Config, data: DataSpec) {
    const fields = fieldsOf(data, ["class"]);
    const [field] = fields;
    this.classes = field?.kind === "class" ? field.classes.length : 0;
    this.condition = { fields, required: true };
    this.labeledExamples = config.labeled;
    this.#labeledFraction = Math.min(1, config.labeled / (data.examples ?? config.labeled));
    this.classifier = encoderFor(config, data, this.classes);
    this.conditional = new VAE({ ...vae.config.parse({}), ...config }, data, { condition: fields });
    this.latents = this.conditional.latents;
    this.binaryData = this.conditional.binaryData;
    if (this.conditional.levels !== undefined) this.levels = this.conditional.levels;
    this.#alpha = config.alpha;
  }

  /** q(z|x,y). */
  encode(x: Tensor, context: Context) {
    return this.conditional.encode(x, context);
  }

  /** p(x|y,z). */
  decode(codes: Codes, context: Context) {
    return this.conditional.decode(codes, context);
  }

  reconstruct(x: Tensor, context: Context): Tensor {
    return this.conditional.reconstruct(x, context);
  }

  /** The bound on log p(x|y). */
  elbo(x: Tensor, context: Context) {
    return this.conditional.elbo(x, context);
  }

  logWeights(x: Tensor, samples: number, context: Context): Tensor {
    return this.conditional.logWeights(x, samples, context);
  }

  /** log q(y|x), [batch, classes]. */
  logClasses(x: Tensor, context: Context): Tensor {
    return logSoftmax(this.classifier.apply(x, context));
  }

  /** L(x, y) for every class, from one sample of z each: [batch, classes]. */
  labeledBounds(x: Tensor, context: Context): Tensor {
    const batch = x.shape[0]!;
    const rows = this.classes * batch;
    const label = Array.from({ length: rows }, (_, row) => Math.floor(row / batch));
    const given = conditioned(context, { class: constant(label, [rows], "int64") });
    const repeated = reshape(x.broadcastTo([this.classes, ...x.shape]), [rows, ...x.shape.slice(1)]);
    const { elbo } = this.conditional.elbo(repeated, given);
    return transpose(reshape(elbo.neg(), [this.classes, batch])).add(Math.log(this.classes));
  }

  objectives({ x, fields, labeledFraction }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const context = contextOf("loss");
    const label = fields["class"]!;
    const logClasses = this.logClasses(x, context);
    const each = this.labeledBounds(x, context);
    // All 0 for an example without a label.
    const y = oneHot(label, this.classes);
    const labeled = sum(y, -1);
    const meanOver = (weight: Tensor, values: Tensor): Tensor => sum(weight.mul(values)).div(maximum(sum(weight), 1));
    const supervised = meanOver(labeled, sum(y.mul(each), -1));
    const unsupervised = meanOver(labeled.neg().add(1), unlabeledBound(logClasses, each));
    const negElbo = supervised.mul(labeledFraction).add(unsupervised.mul(1 - labeledFraction));
    const crossEntropy = meanOver(labeled, sum(y.mul(logClasses), -1)).neg();
    const classificationError = meanOver(labeled, wrong(logClasses, label));
    return [
      {
        name: "loss",
        loss: negElbo.add(crossEntropy.mul(this.#alpha)),
        parameters: parameters(this),
        metrics: { negElbo, crossEntropy, classificationError },
      },
    ];
  }

  /** Eq. 9 per example with as large a fraction of labels as in training, U(x), and the error of q(y|x) as a classifier. */
  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    const label = context.condition!["class"]!;
    const logClasses = this.logClasses(x, context);
    const each = this.labeledBounds(x, context);
    const y = oneHot(label, this.classes);
    const negElbo = unlabeledBound(logClasses, each);
    const labeled = sum(y.mul(each), -1).mul(this.#labeledFraction);
    const crossEntropy = sum(y.mul(logClasses), -1).neg();
    const loss = labeled.add(negElbo.mul(1 - this.#labeledFraction)).add(crossEntropy.mul(this.#alpha));
    return { loss, negElbo, classificationError: wrong(logClasses, label) };
  }
}

/** U(x) = sum_y q(y|x) (L(x, y) + log q(y|x)), [batch]. */
const unlabeledBound = (logClasses: Tensor, each: Tensor): Tensor => sum(exp(logClasses).mul(each.add(logClasses)), -1);

const wrong = (logClasses: Tensor, label: Tensor): Tensor => cast(notEqual(argmax(logClasses, -1), label), "float32");

/** The registered model. */
export const m2 = defineModel<M2Config>({
  name: "m2",
  summary: "Semi-supervised VAE with the class as a latent variable, from labeled and unlabeled examples",
  paper: "arXiv:1406.5298",
  config: z.strictObject({
    ...latentVariableConfig,
    labeled: z
      .int()
      .positive()
      .max(1_000_000_000)
      .default(1000)
      .describe("number of labeled training examples, balanced over the classes"),
    alpha: z.number().min(0).max(1_000_000).default(30).describe("weight of the cross-entropy of labeled examples"),
  }),
  // A step sums over all classes: wider networks as well would take too long.
  presets: [{ ...smallImages, config: { latentDim: 6, prior: "mixture" } }, ...networkPresets, ...likelihoodPresets],
  remedies: latentVariableRemedies,
  build: (config, data) => new M2(config, data),
});
