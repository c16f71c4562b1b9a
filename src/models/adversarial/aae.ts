import { z } from "zod";
import { Delta } from "../../distributions/delta.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { independent } from "../../distributions/independent.ts";
import { Joint } from "../../distributions/joint.ts";
import { Normal } from "../../distributions/normal.ts";
import { OneHotCategorical } from "../../distributions/one-hot-categorical.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { MLP } from "../../nn/mlp.ts";
import { parametersOf } from "../../nn/module.ts";
import { maximum, square } from "../../ops/arithmetic.ts";
import { cast, greater, less, notEqual, or, where } from "../../ops/comparison.ts";
import { stopGradient } from "../../ops/elementwise.ts";
import { oneHot } from "../../ops/indexing.ts";
import { concat, reshape, split, tile } from "../../ops/movement.ts";
import { argmax, logSoftmax, mean, softmax, sum } from "../../ops/reduction.ts";
import { type ReconstructionLoss, reconstructionLosses } from "../autoencoders/reconstruction-losses.ts";
import { defineModel } from "../definition.ts";
import type { Codes, Latent } from "../latent.ts";
import type { Batch, DataSpec, Model, Objective, RunOptimizer } from "../model.ts";
import type { FixedPrior } from "../parts/fixed-priors.ts";
import { mmd } from "../parts/mmd.ts";
import { type Decoder, decoderFor, type Encoder, encoderFor, networkRemedies } from "../parts/networks.ts";
import { fieldsOf } from "../parts/fields.ts";
import {
  type AAEConfig,
  aaePresets,
  aaeSettings,
  checkedLatentDim,
  checkLabeled,
  MODES,
  PENALTY_WEIGHT,
  priors,
} from "./aae-settings.ts";
import { discriminatorTurn, generatorLoss } from "./game.ts";
import type { Discriminate, Examples } from "./penalties.ts";

/** q(y, z|x) of a batch, and a sample of it that derivatives pass through. */
interface Encoded {
  /** Unnormalized log q(y|x), [batch, classes]; absent where there is no y. */
  readonly logits?: Tensor;
  readonly q: Distribution;
  readonly code: Tensor;
}

/**
 * Adversarial auto-encoder (Makhzani, Shlens, Jaitly, Goodfellow & Frey 2015, arXiv:1511.05644): an auto-encoder whose aggregate posterior
 * q(z) = E_x[q(z|x)] (eq. 1) is matched to p(z) by a discriminator f of codes. A step has the phases of section 2:
 *
 *   reconstruction   encoder and decoder minimize  E_x[distance(x, g(z))],  z ~ q(z|x)
 *   discriminator    minimizes  L_D(f(z'), f(z)),  z' ~ p(z),  z ~ q(z|x)
 *   generator        the encoder minimizes  L_G(f(z), f(z'))
 *
 * - `labels=modes` (section 2.3): f(z, y) sees the class, one-hot with one more for unlabeled examples, and z' is of p(z|y).
 * - `labels=semi-supervised` (section 5): the encoder gives q(y|x) by a softmax beside z, the decoder is g(y, z), and a second discriminator
 *   matches q(y) to the uniform Cat(y). One more phase minimizes the cross-entropy -log q(y|x) of the labeled examples.
 * - `clusters=K` (section 6): the same without labels, with y one of K clusters.
 *
 * With y the code is the vector (y, z), y the probabilities of the softmax. The losses L_D and L_G are those of [losses.ts](losses.ts).
 */
export class AAE implements Model {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly discriminator: MLP;
  /** Of y. */
  readonly classDiscriminator?: MLP;
  readonly latents: readonly [Latent];
  readonly condition?: NonNullable<Model["condition"]>;
  readonly labeledExamples?: number;
  readonly clusters?: true;
  readonly logClasses?: NonNullable<Model["logClasses"]>;
  readonly #config: AAEConfig;
  readonly #distance: ReconstructionLoss;
  readonly #prior: FixedPrior;
  /** Classes of the data that are used, and values of y. */
  readonly #labels: number;
  readonly #classes: number;

  constructor(config: AAEConfig, data: DataSpec) {
    const { labels, labeled, clusters, discriminatorDims } = config;
    const latentDim = checkedLatentDim(config);
    const fields = labels === "none" ? [] : fieldsOf(data, ["class"]);
    const [field] = fields;
    this.#config = config;
    this.#distance = reconstructionLosses[config.loss];
    this.#labels = field?.kind === "class" ? field.classes.length : 0;
    checkLabeled(config, this.#labels);
    this.#classes = labels === "semi-supervised" ? this.#labels : clusters;
    this.#prior = priors[config.prior].of(latentDim, labels === "modes" ? this.#labels : MODES);
    if (field) this.condition = { fields, required: false };
    if (labels === "semi-supervised" || labeled !== undefined) this.labeledExamples = labeled ?? 100;
    if (clusters > 0) this.clusters = true;
    if (this.#classes > 0) this.logClasses = (x, context) => logSoftmax(this.#encoded(x, context).logits!);
    const perDimension = config.encoder === "gaussian" ? 2 : 1;
    this.encoder = encoderFor(config, data, this.#classes + perDimension * latentDim);
    this.decoder = decoderFor(config, this.#classes + latentDim, data.shape);
    const activation = { activation: "leakyRelu" } as const;
    const seen = latentDim + (labels === "modes" ? this.#labels + 1 : 0);
    this.discriminator = new MLP([seen, ...discriminatorDims, 1], activation);
    if (this.#classes > 0) this.classDiscriminator = new MLP([this.#classes, ...discriminatorDims, 1], activation);
    const plain = this.#classes === 0;
    this.latents = [
      {
        name: "z",
        shape: [this.#classes + latentDim],
        dtype: "float32",
        prior: (_, count, context) => this.#codePrior(count, context.condition?.["class"]),
        standardNormal: plain && config.prior === "gaussian",
        gaussianPosterior: plain && config.encoder === "gaussian",
      },
    ];
  }

  encode(x: Tensor, context: Context): { readonly z: Distribution } {
    return { z: this.#encoded(x, context).q };
  }

  /** All probability at the example g(z). */
  decode(codes: Codes, context: Context): Distribution {
    const decoded = this.#distance.example(this.decoder.apply(codes["z"]!, context));
    return independent(new Delta(decoded), decoded.rank - 1);
  }

  reconstruct(x: Tensor, context: Context): Tensor {
    return this.decode({ z: this.#encoded(x, context).q.mean }, context).mean;
  }

  objectives(batch: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const label = batch.fields["class"];
    const { x } = batch;
    const phases = [
      this.#reconstructionPhase(x, contextOf("reconstruction")),
      this.#discriminatorPhase(batch, label, contextOf("discriminator")),
      this.#generatorPhase(x, label, contextOf("generator")),
    ];
    if (this.#config.labels !== "semi-supervised") return phases;
    return [...phases, this.#classificationPhase(x, label!, contextOf("classification"))];
  }

  /** distance(x, g(z)). */
  #reconstructionPhase(x: Tensor, context: Context): Objective {
    const output = this.decoder.apply(this.#encoded(x, context).code, context);
    const parameters = parametersOf(this, this.encoder, this.decoder);
    const loss = mean(this.#distance.distance(output, x));
    return { name: "reconstruction", loss, parameters, metrics: {} };
  }

  #discriminatorPhase({ x, step }: Batch, label: Tensor | undefined, context: Context): Objective {
    const code = stopGradient(this.#encoded(x, context).code);
    const { adversarial: loss, penalty, penaltyWeight = PENALTY_WEIGHT } = this.#config;
    const turns = this.#games(code, label).map(({ f, examples }) =>
      discriminatorTurn(f, examples, { loss, penalty, penaltyWeight }, step),
    );
    const [ofCodes, ofClasses] = turns.map(({ metrics }) => metrics.realAboveFake);
    return {
      name: "discriminator",
      loss: turns.map((turn) => turn.loss).reduce((a, b) => a.add(b)),
      parameters: parametersOf(this, this.discriminator, this.classDiscriminator ?? {}),
      metrics: {
        mmd: this.#discrepancy(code),
        priorAboveCodes: ofCodes!,
        ...(ofClasses && { priorAboveClasses: ofClasses }),
      },
      ema: false,
      optimizer: this.#atRatio,
    };
  }

  #generatorPhase(x: Tensor, label: Tensor | undefined, context: Context): Objective {
    const games = this.#games(this.#encoded(x, context).code, label);
    const losses = games.map(({ f, examples }) => generatorLoss(f, examples, this.#config.adversarial));
    return {
      name: "generator",
      loss: losses.reduce((a, b) => a.add(b)),
      parameters: parametersOf(this, this.encoder),
      metrics: {},
      optimizer: this.#atRatio,
    };
  }

  /** -log q(y|x) of the labeled examples. */
  #classificationPhase(x: Tensor, label: Tensor, context: Context): Objective {
    const logClasses = this.logClasses!(x, context);
    // All 0 for an example without a label.
    const y = oneHot(label, this.#classes);
    const labeled = sum(y, -1);
    const meanOver = (values: Tensor): Tensor => sum(labeled.mul(values)).div(maximum(sum(labeled), 1));
    return {
      name: "classification",
      loss: meanOver(sum(y.mul(logClasses), -1)).neg(),
      parameters: parametersOf(this, this.encoder),
      metrics: { classificationError: meanOver(wrong(logClasses, label)) },
    };
  }

  /** What each discriminator tells apart: z from p(z), or with labels from p(z|y), and y from Cat(y). */
  #games(
    code: Tensor,
    label: Tensor | undefined,
  ): readonly { readonly f: Discriminate; readonly examples: Examples }[] {
    const count = code.shape[0]!;
    const byMode = this.#config.labels === "modes" ? label : undefined;
    const [y, z] = this.#parts(code);
    const known = byMode && oneHot(where(less(byMode, 0), this.#labels, byMode), this.#labels + 1);
    const f =
      (network: MLP, given?: Tensor): Discriminate =>
      (codes) => {
        const beside = given ? concat([codes, tile(given, [codes.shape[0]! / count, 1])], 1) : codes;
        return reshape(network.apply(beside), [-1]);
      };
    const ofCodes = {
      f: f(this.discriminator, known),
      examples: { real: this.#prior(count, byMode).sample(), fake: z },
    };
    if (!y) return [ofCodes];
    return [ofCodes, { f: f(this.classDiscriminator!), examples: { real: this.#classPrior(count).sample(), fake: y } }];
  }

  #encoded(x: Tensor, context: Context): Encoded {
    const output = this.encoder.apply(x, context);
    const [logits, ofZ] = this.#parts(output);
    const qz = this.#posterior(ofZ);
    if (!logits) return { q: qz, code: qz.rsample() };
    const y = independent(new Delta(softmax(logits)), 1);
    const q = new Joint([y, qz]);
    return { logits, q, code: q.rsample() };
  }

  #posterior(output: Tensor): Distribution {
    if (this.#config.encoder === "deterministic") return independent(new Delta(output), 1);
    const [center, logVar] = split(output, 1, 2);
    return independent(new Normal(center, { logVar }), 1);
  }

  /** What is of y and what of z, along the last axis. */
  #parts(t: Tensor): readonly [y: Tensor | undefined, z: Tensor] {
    const classes = this.#classes;
    return classes === 0 ? [undefined, t] : split(t, 1, [classes, t.shape[1]! - classes]);
  }

  /** p(z), or p(y, z) = p(y) p(z); of one class where it is known. */
  #codePrior(count: number, label?: Tensor): Distribution {
    if (this.#classes === 0) return this.#prior(count, label);
    return new Joint([this.#classPrior(count, label), this.#prior(count)]);
  }

  /** Cat(y), uniform; or all probability at a class. */
  #classPrior(count: number, label?: Tensor): Distribution {
    const uniform = constant(0).broadcastTo([count, this.#classes]);
    if (!label) return new OneHotCategorical(uniform);
    const possible = or(greater(oneHot(label, this.#classes), 0), reshape(less(label, 0), [count, 1]));
    return new OneHotCategorical(where(possible, uniform, -Infinity));
  }

  /** MMD(q(z), p(z)) of a batch's codes. */
  #discrepancy(code: Tensor): Tensor {
    return mmd(code, this.#codePrior(code.shape[0]!).sample(), "imq");
  }

  /**
   * No loss of a game says how well it goes. First of all, as what selects: the objective of a Wasserstein auto-encoder with these codes,
   * distance + 10 MMD(q(z), p(z)) (arXiv:1711.01558, eq. 4), which weighs the same two things with a fixed measure.
   */
  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    const { code, logits } = this.#encoded(x, context);
    const output = this.decoder.apply(code, context);
    const reconstruction = this.#distance.distance(output, x);
    const discrepancy = this.#discrepancy(code).broadcastTo(reconstruction.shape);
    const mse = mean(square(this.#distance.example(output).sub(x)), x.shape.map((_, i) => i).slice(1));
    const label = context.condition?.["class"];
    return {
      loss: reconstruction.add(discrepancy.mul(LAMBDA)),
      reconstruction,
      mmd: discrepancy,
      mse,
      ...(logits && label && { classificationError: wrong(logits, label) }),
    };
  }

  #atRatio = ({ atRate }: RunOptimizer) => atRate(this.#config.rateRatio);
}

const wrong = (scores: Tensor, label: Tensor): Tensor => cast(notEqual(argmax(scores, -1), label), "float32");

/** Of the discrepancy, in what validation reports first: the default of `wae`. */
const LAMBDA = 10;

/** The registered model. */
export const aae = defineModel<AAEConfig>({
  name: "aae",
  summary: "Adversarial auto-encoder: a discriminator matches the codes to a prior, with labels, few or none",
  paper: "arXiv:1511.05644",
  config: z.strictObject(aaeSettings),
  presets: aaePresets,
  remedies: () => networkRemedies,
  build: (config, data) => new AAE(config, data),
});
