/**
 * `small-28`: the features of a classifier of 28x28 images, trained on one thread on a source's labeled examples. The same examples,
 * seed and ONNX Runtime on processors of one kind give the same bytes.
 */
import { z } from "zod";
import { fingerprint } from "../../data/fingerprint.ts";
import type { DataSource, Split } from "../../data/split.ts";
import { CheckpointError, DataError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";
import { variables } from "../../nn/module.ts";
import { isImage } from "../../pictures/image-grid.ts";
import type { Device } from "../../runtime/device.ts";
import { joinBytes } from "../../serialization/join-bytes.ts";
import { matching } from "../../serialization/json.ts";
import { readSafetensors, safetensorsChunks } from "../../serialization/safetensors.ts";
import { sha256Hex } from "../../sha256.ts";
import { checkTensors } from "../../training/checkpoint.ts";
import { readTensors, tensorSpecs } from "../../training/state-tensors.ts";
import { version as latentkit } from "../../version.ts";
import { Classifier, classifierFeatures, classifierOf, trainClassifier } from "../classifier.ts";
import type { Extractor, ExtractorCache } from "./extractor.ts";

export const smallName = "small-28";
/** Of its network and training: another version has other features. */
const version = 1;
const side = 28;

const count = z
  .string()
  .regex(/^[0-9]{1,12}$/)
  .transform(Number);
/** The file's metadata, all text. */
const metadata = z.strictObject({
  extractor: z.literal(smallName),
  version: z.string(),
  channels: z.literal(["1", "3"]).transform(Number),
  classes: count.pipe(z.int().min(1).max(256)),
  /** The data's name, the fingerprint of the examples it learned from, and their number. */
  data: z.string(),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  examples: count,
  seed: count,
  /** The error rate on the test examples; empty where there are none. */
  testError: z.string(),
  latentkit: z.string(),
  onnxRuntime: z.string(),
});
type Metadata = z.output<typeof metadata>;

export interface SmallTraining {
  readonly device: Device;
  readonly seed?: number | undefined;
  readonly onTraining?: ((step: number, steps: number) => void) | undefined;
}

/** Its training data: the training and, where they are of one dataset, the validation examples. */
function learned({ train, validation }: DataSource): Split {
  if (train.dataset !== validation.dataset) return train;
  return { ...train, indices: Uint32Array.from([...train.indices, ...validation.indices]).toSorted() };
}

/** The bytes of the file, in pieces, of an extractor trained on a source. Throws DataError where that has no labeled images. */
export async function trainSmall28(
  source: DataSource,
  { device, seed = 0, onTraining }: SmallTraining,
): Promise<readonly Uint8Array[]> {
  const split = learned(source);
  const { dataset } = split;
  if (!isImage(dataset.shape) || !dataset.labels)
    throw new DataError(
      `${smallName}: learns from labeled images, got ${source.name}, ${dataset.labels ? "lists of numbers" : "without labels"}; ` +
        "use --extractor raw, a file of latentkit metrics train-extractor, or an ONNX model",
    );
  const classifier = await trainClassifier({ device, split, seed, side, ...(onTraining && { onStep: onTraining }) });
  try {
    const { test } = source;
    const tested = test.indices.length > 0 && test.dataset.labels;
    const about: Readonly<Record<keyof Metadata, string>> = {
      extractor: smallName,
      version: String(version),
      channels: String(dataset.shape[0]),
      classes: String(classifier.network.classes),
      data: source.name,
      fingerprint: await fingerprint(dataset.fingerprint, split.indices),
      examples: String(split.indices.length),
      seed: String(seed),
      testError: tested ? String(await classifier.error(test)) : "",
      latentkit,
      onnxRuntime: device.version,
    };
    const weights = await readTensors(classifier.store, variables(classifier.network));
    return safetensorsChunks(weights, new Map(Object.entries(about)));
  } finally {
    await classifier.release();
  }
}

/** The extractor of a source: from the cache, or trained now and kept there. */
export async function small28(
  source: DataSource,
  { cache, ...training }: SmallTraining & { readonly cache?: ExtractorCache | undefined },
): Promise<Extractor> {
  const { device, seed = 0 } = training;
  const { shape } = source.train.dataset;
  const split = learned(source);
  const key = await fingerprint(split.dataset.fingerprint, split.indices);
  const name = `${key.slice(0, 16)}-seed-${seed}-v${version}`;
  const kept = await cache?.read(name);
  if (kept === undefined) {
    const pieces = await trainSmall28(source, training);
    await cache?.write(name, pieces);
    return readSmall28(joinBytes(pieces), { where: smallName, device, shape });
  }
  try {
    return await readSmall28(kept.bytes, { where: kept.where, device, shape });
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new CheckpointError(`${error.message}; delete it to have it trained again`, { cause: error });
  }
}

/**
 * The extractor of a file's bytes, for examples of a shape. Throws CheckpointError, naming `where`, for a file that is damaged or no
 * extractor, DataError for examples it does not take.
 */
export async function readSmall28(
  bytes: Uint8Array,
  { where, device, shape }: { readonly where: string; readonly device: Device; readonly shape: Shape },
): Promise<Extractor> {
  const file = readSafetensors(bytes, where);
  const { extractor, testError, ...about } = matching(
    metadata,
    Object.fromEntries(file.metadata),
    `${where}: metadata`,
  );
  if (about.version !== String(version))
    throw new CheckpointError(
      `${where}: another version of ${smallName}, got ${about.version}, expected ${version}; train it again, or use the Latentkit version it is from`,
    );
  if (!isImage(shape) || shape[0] !== about.channels)
    throw new DataError(
      `${where}: wrong input, got examples of [${shape.join(", ")}], expected images of ${about.channels} channel${about.channels === 1 ? "" : "s"}`,
    );
  const network = new Classifier(shape, about.classes, { side });
  const specs = tensorSpecs(variables(network));
  checkTensors(file.tensors, specs, where);
  const classifier = await classifierOf(network, { device, shape, weights: file.tensors });
  return {
    name: `${smallName} v${version} (${about.data} ${about.fingerprint.slice(0, 8)}, seed ${about.seed})`,
    dim: classifierFeatures,
    about: {
      ...about,
      name: extractor,
      testError: testError === "" ? null : Number(testError),
      sha256: await sha256Hex([bytes]),
    },
    features: (x) => classifier.features(x),
    classify: (x) => classifier.probabilities(x),
    release: () => classifier.release(),
  };
}
