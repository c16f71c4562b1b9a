import { Batches } from "../data/batches.ts";
import type { Split } from "../data/split.ts";
import { Categorical } from "../distributions/categorical.ts";
import { ConfigError } from "../errors.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import type { Batch, Model, Objective } from "../models/model.ts";
import type { Context } from "../nn/context.ts";
import { ConvEncoder } from "../nn/conv-nets.ts";
import { Linear } from "../nn/linear.ts";
import { MLP } from "../nn/mlp.ts";
import { parameters, variables } from "../nn/module.ts";
import { cast, notEqual } from "../ops/comparison.ts";
import { relu } from "../ops/elementwise.ts";
import { flatten } from "../ops/movement.ts";
import { argmax, mean, softmax } from "../ops/reduction.ts";
import { resizeBilinear } from "../ops/resize.ts";
import { adam } from "../optim/adam.ts";
import { schedule } from "../optim/schedule.ts";
import type { Device } from "../runtime/device.ts";
import { Program } from "../runtime/program.ts";
import { createVariables, type VariableStore } from "../runtime/variables.ts";
import { compileStep } from "../training/compile-step.ts";
import { TrainedModel } from "./trained-model.ts";
import { validationMetrics } from "./validation-metrics.ts";
import { fit } from "../training/fit.ts";
import type { SafetensorsTensor } from "../serialization/safetensors.ts";
import { readTensors, writeTensors } from "../training/state-tensors.ts";

/** Features of the classifier's last hidden layer. */
export const classifierFeatures = 128;

/**
 * A classifier q(y|x) for evaluation: its classes, and the features of its last hidden layer.
 * Images whose sides halve twice go through two convolutions 4x4 of stride 2 with 32 and 64 channels, all else through a
 * layer of 256; then 128 features and a softmax, trained by cross-entropy.
 */
export class Classifier implements Model {
  readonly classes: number;
  readonly condition: NonNullable<Model["condition"]>;
  /** Images are scaled to squares of this side before anything else. */
  readonly side: number | undefined;
  readonly convolutions?: ConvEncoder;
  readonly hidden: MLP;
  readonly output: Linear;

  constructor(given: Shape, classes: number, { side }: { readonly side?: number | undefined } = {}) {
    this.classes = classes;
    const names = Array.from({ length: classes }, (_, k) => String(k));
    this.condition = { fields: [{ name: "class", kind: "class", classes: names }], required: true };
    this.side = side;
    const shape = side === undefined ? given : [given[0]!, side, side];
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
    const seen = this.#scaled(x);
    return relu(this.hidden.apply(flatten(this.convolutions?.apply(seen) ?? seen)));
  }

  #scaled(x: Tensor): Tensor {
    const { side } = this;
    if (side === undefined || x.shape.slice(2).every((extent) => extent === side)) return x;
    return resizeBilinear(x, { size: [side, side] }, { antialias: true });
  }

  /** log q(y|x) up to a constant, [batch, classes]. */
  logits(x: Tensor): Tensor {
    return this.output.apply(this.features(x));
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const loss = mean(this.validation(x, contextOf("crossEntropy")).crossEntropy);
    return [{ name: "crossEntropy", loss, parameters: parameters(this), metrics: {} }];
  }

  /** -log q(y|x) in nats, and 1 where another class is likelier than y. */
  validation(x: Tensor, { condition }: Context): Readonly<Record<"crossEntropy" | "error", Tensor>> {
    const label = condition!["class"]!;
    const logits = this.logits(x);
    const wrong = cast(notEqual(argmax(logits, -1), label), "float32");
    return { crossEntropy: new Categorical(logits).logProb(label).neg(), error: wrong };
  }
}

/** A classifier with weights on a device. */
export class TrainedClassifier {
  readonly network: Classifier;
  readonly store: VariableStore;
  readonly #shape: Shape;
  readonly #program: Program;
  readonly #trained: TrainedModel;

  /** `shape` is that of an example. */
  constructor(network: Classifier, { store, shape }: { readonly store: VariableStore; readonly shape: Shape }) {
    this.network = network;
    this.store = store;
    this.#shape = shape;
    const x = new Input("x", [rows, ...shape]);
    const outputs = new Map([
      ["probabilities", softmax(network.logits(x))],
      ["features", network.features(x)],
    ]);
    this.#program = new Program(store, { name: "classifier", outputs });
    this.#trained = new TrainedModel(network, { store, shape });
  }

  /** The likeliest class of each of examples [count, ...shape] with values in [0, 1]. */
  async classify(x: Float32Array): Promise<Uint16Array> {
    const { classes } = this.network;
    const probabilities = await this.probabilities(x);
    return Uint16Array.from({ length: probabilities.length / classes }, (_, i) => {
      const row = probabilities.subarray(i * classes, (i + 1) * classes);
      return row.indexOf(Math.max(...row));
    });
  }

  /** q(y|x) of examples [count, ...shape]: [count, classes]. */
  probabilities(x: Float32Array): Promise<Float32Array> {
    return this.#rows("probabilities", x, this.network.classes);
  }

  /** Features of examples [count, ...shape]: [count, classifierFeatures]. */
  features(x: Float32Array): Promise<Float32Array> {
    return this.#rows("features", x, classifierFeatures);
  }

  /** The error rate on a labeled split. */
  async error(split: Split): Promise<number> {
    const { error } = await validationMetrics(this.#trained, { split, binarize: "none" });
    return error!;
  }

  async release(): Promise<void> {
    await this.#program.release();
    await this.#trained.release();
  }

  async #rows(output: "probabilities" | "features", x: Float32Array, width: number): Promise<Float32Array> {
    const size = sizeOf(this.#shape);
    const fed = new Float32Array(rows * size);
    const all = new Float32Array((x.length / size) * width);
    for (let first = 0; first * size < x.length; first += rows) {
      fed.fill(0).set(x.subarray(first * size, (first + rows) * size));
      const found = (await this.#program.run({ inputs: { x: fed }, outputs: [output] }))[output] as Float32Array;
      all.set(found.subarray(0, all.length - first * width), first * width);
    }
    return all;
  }
}

/** Examples a run of the graph. */
const rows = 250;

/**
 * Trains a classifier on a labeled split: Adam with a one-cycle learning rate. The same seed gives the same
 * weights. With `side` images are scaled to squares of it first. Throws ConfigError where the examples have no labels.
 */
export async function trainClassifier(options: {
  readonly device: Device;
  readonly split: Split;
  readonly epochs?: number;
  readonly seed?: number;
  readonly side?: number;
  /** Called with the progress, in steps. */
  readonly onStep?: (step: number, steps: number) => void;
}): Promise<TrainedClassifier> {
  const { device, split, epochs = 4, seed = 0, side, onStep } = options;
  const { name, shape, classNames } = split.dataset;
  if (!classNames) throw new ConfigError(`classifier: ${name} has no labels, got none, expected labeled examples`);
  const network = new Classifier(shape, classNames.length, { side });
  const batchSize = Math.min(128, split.indices.length);
  const batches = new Batches(split, { batchSize, purpose: "training", seed, fields: network.condition.fields });
  const steps = epochs * batches.batchesPerEpoch;
  const optimizer = adam({ learningRate: schedule("one-cycle", { learningRate: 3e-3, steps }) });
  const training = compileStep(network, { device, shape, batchSize, optimizer });
  await training.initialize(seed);
  for await (const { step } of fit({ step: training, batches, seed, steps, metricsEvery: 100 })) onStep?.(step, steps);
  const weights = await readTensors(training.store, training.variables);
  await training.release();
  return classifierOf(network, { device, shape, weights });
}

/** A classifier with these weights, by the names of its variables; they have been held against its shapes. */
export async function classifierOf(
  network: Classifier,
  options: {
    readonly device: Device;
    readonly shape: Shape;
    readonly weights: ReadonlyMap<string, SafetensorsTensor>;
  },
): Promise<TrainedClassifier> {
  const { device, shape, weights } = options;
  const all = variables(network);
  const store = createVariables(device, all.values());
  await writeTensors(store, all, weights);
  return new TrainedClassifier(network, { store, shape });
}
