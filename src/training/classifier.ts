import "../ops/methods.ts";
import { Batches } from "../data/batches.ts";
import type { Split } from "../data/split.ts";
import { Categorical } from "../distributions/categorical.ts";
import { ConfigError } from "../errors.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import type { Batch, Model, Objective } from "../models/model.ts";
import { ConvEncoder } from "../nn/conv-nets.ts";
import { Linear } from "../nn/linear.ts";
import { MLP } from "../nn/mlp.ts";
import { parameters } from "../nn/module.ts";
import { cast, notEqual } from "../ops/comparison.ts";
import { relu } from "../ops/elementwise.ts";
import { flatten } from "../ops/movement.ts";
import { argmax, mean } from "../ops/reduction.ts";
import { adam } from "../optim/adam.ts";
import { schedule } from "../optim/schedule.ts";
import type { Device } from "../runtime/device.ts";
import { Program } from "../runtime/program.ts";
import { compileStep } from "./compile-step.ts";
import { ScoreEvaluator } from "./evaluate-scores.ts";
import { fit } from "./fit.ts";
import type { TrainingStep } from "./step.ts";

/** Numbers that the classifier sees in an example before it decides. */
export const classifierFeatures = 128;

/**
 * q(y|x) as a measuring instrument: what class does an example look like, and what does it look like to one who tells classes
 * apart? Images whose sides halve twice go through two convolutions 4x4 of stride 2 with 32 and 64 channels, all else through a
 * layer of 256; then 128 features and a softmax, trained by cross-entropy.
 */
export class Classifier implements Model {
  readonly classes: number;
  readonly convolutions?: ConvEncoder;
  readonly hidden: MLP;
  readonly output: Linear;

  constructor(shape: Shape, classes: number) {
    this.classes = classes;
    const halvesTwice = shape.length === 3 && shape.slice(1).every((side) => side % 4 === 0);
    if (halvesTwice) {
      const layers = [32, 64].map((channels) => ({ channels, kernel: 4, stride: 2, padding: 1 }));
      this.convolutions = new ConvEncoder({ inputShape: shape, layers });
      this.hidden = new MLP([sizeOf(this.convolutions.outputShape), classifierFeatures]);
    } else this.hidden = new MLP([sizeOf(shape), 256, classifierFeatures]);
    this.output = new Linear(classifierFeatures, classes);
  }

  /** [batch, classifierFeatures], none below 0. */
  features(x: Tensor): Tensor {
    return relu(this.hidden.apply(flatten(this.convolutions?.apply(x) ?? x)));
  }

  /** log q(y|x) up to a constant, [batch, classes]. */
  logits(x: Tensor): Tensor {
    return this.output.apply(this.features(x));
  }

  objectives({ x, label }: Batch): readonly Objective[] {
    const loss = mean(this.scores(x, label)["crossEntropy"]!);
    return [{ name: "crossEntropy", loss, parameters: parameters(this), metrics: {} }];
  }

  /** -log q(y|x) in nats, and 1 where another class is likelier than y. */
  scores(x: Tensor, label?: Tensor): Readonly<Record<string, Tensor>> {
    const logits = this.logits(x);
    const wrong = cast(notEqual(argmax(logits, -1), label!), "float32");
    return { crossEntropy: new Categorical(logits).logProb(label!).neg(), error: wrong };
  }
}

/** A classifier with weights on a device. */
export class TrainedClassifier {
  readonly #network: Classifier;
  readonly #step: TrainingStep;
  readonly #shape: Shape;
  readonly #program: Program;

  constructor(network: Classifier, step: TrainingStep, shape: Shape) {
    this.#network = network;
    this.#step = step;
    this.#shape = shape;
    const x = new Input("x", [rows, ...shape]);
    const outputs = new Map([
      ["classes", argmax(network.logits(x), -1)],
      ["features", network.features(x)],
    ]);
    this.#program = new Program(step.store, { name: "classifier", outputs });
  }

  /** The likeliest class of each of examples [count, ...shape] with values in [0, 1]. */
  async classify(x: Float32Array): Promise<Uint8Array> {
    const found = await this.#rows("classes", x);
    return Uint8Array.from(found, Number);
  }

  /** What the classifier sees in examples [count, ...shape]: [count, classifierFeatures]. */
  async features(x: Float32Array): Promise<Float32Array> {
    return Float32Array.from(await this.#rows("features", x), Number);
  }

  /** The share of a labelled split whose class it does not find. */
  async error(split: Split): Promise<number> {
    const evaluator = new ScoreEvaluator({ model: this.#network, store: this.#step.store, split, binarize: "none" });
    const { error } = await evaluator.run();
    await evaluator.release();
    return error!;
  }

  async release(): Promise<void> {
    await this.#program.release();
    await this.#step.release();
  }

  async #rows(output: "classes" | "features", x: Float32Array): Promise<ArrayLike<number | bigint>> {
    const size = sizeOf(this.#shape);
    const fed = new Float32Array(rows * size);
    const all: (number | bigint)[] = [];
    for (let first = 0; first < x.length; first += fed.length) {
      fed.fill(0).set(x.subarray(first, first + fed.length));
      const found = (await this.#program.run({ inputs: { x: fed }, outputs: [output] }))[output]!;
      const count = Math.min(rows, (x.length - first) / size);
      for (let i = 0; i < (count * found.length) / rows; i++) all.push(found[i]!);
    }
    return all;
  }
}

/** Examples a run of the graph. */
const rows = 250;

/**
 * Trains a classifier on a labelled split: Adam, at a rate that rises and falls once (one-cycle). The same seed gives the same
 * weights. Throws ConfigError where the examples have no labels.
 */
export async function trainClassifier(options: {
  readonly device: Device;
  readonly split: Split;
  readonly epochs?: number;
  readonly seed?: number;
}): Promise<TrainedClassifier> {
  const { device, split, epochs = 4, seed = 0 } = options;
  const { name, shape, classNames } = split.dataset;
  if (!classNames) throw new ConfigError(`classifier: ${name} has no labels, got none, expected labelled examples`);
  const network = new Classifier(shape, classNames.length);
  const batchSize = Math.min(128, split.indices.length);
  const batches = new Batches(split, { batchSize, purpose: "training", seed, classes: classNames.length });
  const steps = epochs * batches.batchesPerEpoch;
  const optimizer = adam({ learningRate: schedule("one-cycle", { learningRate: 3e-3, steps }) });
  const step = compileStep(network, { device, shape, batchSize, optimizer });
  await step.initialize(seed);
  for await (const _ of fit({ step, batches, seed, steps, metricsEvery: 100 })) continue;
  return new TrainedClassifier(network, step, shape);
}
