import { z } from "zod";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { parameters } from "../../nn/module.ts";
import { maximum } from "../../ops/arithmetic.ts";
import { cast, notEqual } from "../../ops/comparison.ts";
import { exp } from "../../ops/elementwise.ts";
import { oneHot } from "../../ops/indexing.ts";

import { reshape, transpose } from "../../ops/movement.ts";
import { argmax, logSoftmax, sum } from "../../ops/reduction.ts";
import { classesOf, CVAE, smallImages } from "./cvae.ts";
import { type LatentVariableConfig, latentVariableConfig } from "./latent-variable-model.ts";
import type { Batch, Codes, DataSpec, Model, ModelDefinition, Objective } from "../model.ts";
import { type Encoder, encoderFor } from "../parts/networks.ts";
import { likelihoodPresets, networkPresets } from "../parts/presets.ts";
import { vae } from "./vae.ts";

export interface M2Config extends LatentVariableConfig {
  readonly labelled: number;
  readonly alpha: number;
}

/**
 * Semi-supervised learning with a class and a code as latent variables, "M2" (Kingma, Rezende, Mohamed & Welling 2014,
 * arXiv:1406.5298): p(x, y, z) = p(y) p(z) p(x|y,z) with p(y) uniform, and q(y, z|x) = q(y|x) q(z|x,y).
 *
 *   log p(x, y) >= E_q(z|x,y)[log p(x|y,z) + log p(y) + log p(z) - log q(z|x,y)]  =  -L(x, y)          (eq. 6)
 *   log p(x)    >= sum_y q(y|x) (-L(x, y)) + H(q(y|x))                            =  -U(x)             (eq. 7)
 *   J = sum over labelled examples of L(x, y)  +  sum over the others of U(x)                          (eq. 8)
 *   J + alpha * E over labelled examples of -log q(y|x)                                                (eq. 9)
 *
 * The loss is eq. 9 per example: each sum is its mean times its share of the training examples.
 */
export class M2 implements Model {
  readonly classifier: Encoder;
  /** p(x|y,z) and q(z|x,y). */
  readonly conditional: CVAE;
  readonly latents: Codes;
  readonly binaryData: boolean;
  readonly classes: number;
  readonly labelledExamples: number;
  readonly #alpha: number;

  constructor(config: M2Config, data: DataSpec) {
    this.classes = classesOf(data);
    this.labelledExamples = config.labelled;
    this.classifier = encoderFor(config, data, this.classes);
    this.conditional = new CVAE({ ...vae.config.parse({}), ...config }, data);
    this.latents = this.conditional.latents;
    this.binaryData = this.conditional.binaryData;
    this.#alpha = config.alpha;
  }

  /** p(x|y). */
  given(label: Tensor): Model {
    return this.conditional.given(label);
  }

  /** log q(y|x), [batch, classes]. */
  logClasses(x: Tensor): Tensor {
    return logSoftmax(this.classifier.apply(x));
  }

  /** L(x, y) for every class, from one draw of z each: [batch, classes]. */
  labelledBounds(x: Tensor): Tensor {
    const batch = x.shape[0]!;
    const rows = this.classes * batch;
    const label = Array.from({ length: rows }, (_, row) => Math.floor(row / batch));
    const given = this.conditional.given(constant(label, [rows], "int64"));
    const { elbo } = given.bound(reshape(x.broadcastTo([this.classes, ...x.shape]), [rows, ...x.shape.slice(1)]));
    return transpose(reshape(elbo.neg(), [this.classes, batch])).add(Math.log(this.classes));
  }

  objectives({ x, label, labelledShare = 1 }: Batch): readonly Objective[] {
    const logClasses = this.logClasses(x);
    const each = this.labelledBounds(x);
    // All 0 for an example without a label.
    const y = oneHot(label!, this.classes);
    const labelled = sum(y, -1);
    const meanOver = (weight: Tensor, figure: Tensor): Tensor => sum(weight.mul(figure)).div(maximum(sum(weight), 1));
    const supervised = meanOver(labelled, sum(y.mul(each), -1));
    const unsupervised = meanOver(labelled.neg().add(1), unlabelledBound(logClasses, each));
    const negElbo = supervised.mul(labelledShare).add(unsupervised.mul(1 - labelledShare));
    const crossEntropy = meanOver(labelled, sum(y.mul(logClasses), -1)).neg();
    const classificationError = meanOver(labelled, wrong(logClasses, label!));
    return [
      {
        name: "loss",
        loss: negElbo.add(crossEntropy.mul(this.#alpha)),
        parameters: parameters(this),
        metrics: { negElbo, crossEntropy, classificationError },
      },
    ];
  }

  /** U(x), and 1 where q(y|x) has another class for the likeliest. */
  scores(x: Tensor, label?: Tensor): Readonly<Record<string, Tensor>> {
    const logClasses = this.logClasses(x);
    return {
      negElbo: unlabelledBound(logClasses, this.labelledBounds(x)),
      classificationError: wrong(logClasses, label!),
    };
  }
}

/** U(x) = sum_y q(y|x) (L(x, y) + log q(y|x)), [batch]. */
const unlabelledBound = (logClasses: Tensor, each: Tensor): Tensor =>
  sum(exp(logClasses).mul(each.add(logClasses)), -1);

const wrong = (logClasses: Tensor, label: Tensor): Tensor => cast(notEqual(argmax(logClasses, -1), label), "float32");

/** The model as commands know it. */
export const m2: ModelDefinition<M2Config> = {
  name: "m2",
  summary: "Semi-supervised VAE: learns classes from a few labels and the rest of the examples",
  paper: "arXiv:1406.5298",
  config: z.strictObject({
    ...latentVariableConfig,
    labelled: z
      .int()
      .positive()
      .max(1_000_000_000)
      .default(1000)
      .describe("training examples that keep their labels, as many of each class as come out even"),
    alpha: z.number().min(0).max(1_000_000).default(30).describe("weight of the cross-entropy of labelled examples"),
  }),
  // A step sums over all classes: wider networks as well would take too long.
  presets: [{ ...smallImages, config: { latentDim: 6, prior: "mixture" } }, ...networkPresets, ...likelihoodPresets],
  build: (config, data) => new M2(config, data),
};
