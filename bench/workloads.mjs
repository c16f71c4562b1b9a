/**
 * The workloads, as plain data: every engine builds the same parameters and batches from these numbers, so that their losses can be compared
 * before their times.
 *
 * Layouts are canonical here; each engine rearranges them once, before timing, into its users' layouts:
 * dense weights [in, out], convolutions [out, in, kh, kw], transposed convolutions [in, out, kh, kw],
 * images [batch, channels, height, width].
 *
 * @typedef {import("./uniform.mjs").Uniform} Uniform
 * @typedef {{ m: number, k: number, n: number, transposeX: boolean, transposeY: boolean }} Product
 *   op(x) [m, k] times op(y) [k, n]
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} group letter of the workload in `--only`
 * @property {string} title
 * @property {string} kind which network: `vae-mlp`, `vae-conv`, `residual`, `mlp`, `encode`, `sample`, or one of families/
 * @property {number} batch
 * @property {boolean} trains false for a forward pass alone
 * @property {Uniform[]} parameters in the order of the network; none for the families, initialized by rule (`initial` of uniform.mjs)
 * @property {Uniform[]} data each with a leading axis of `RING` batches
 * @property {Product[]} products the matrix products of one step; a convolution counts as the product over its patches
 * @property {(Uniform & { distribution: "normal" | "uniform" })[]} [noise] sampled in each step; what the check reads in its place, in all its steps
 * @property {Readonly<Record<string, "always" | "named">>} [peers] those that have the network, when not all do; some only where `--peers` names them
 */
import { familyWorkloads } from "./families/workloads.mjs";
import { RING } from "./uniform.mjs";

/** Training steps whose losses are compared between the engines: the first tests the loss, the others gradients and Adam. */
export const CHECKED_STEPS = 5;

/**
 * A weight with variance 1 / fanIn and its bias, as two specifications.
 * @param {string} name
 * @param {number[]} shape
 * @param {{ fanIn: number, outputs: number, seed: number, gain?: number }} at
 * @returns {Uniform[]}
 */
function layer(name, shape, { fanIn, outputs, seed, gain = 1 }) {
  const bound = gain * Math.sqrt(3 / fanIn);
  return [
    { name: `${name}.weight`, shape, seed, low: -bound, high: bound },
    { name: `${name}.bias`, shape: [outputs], seed: seed + 1, low: -0.05, high: 0.05 },
  ];
}

/**
 * @param {string} name
 * @param {number} inputs
 * @param {number} outputs
 * @param {number} seed
 */
const dense = (name, inputs, outputs, seed) => layer(name, [inputs, outputs], { fanIn: inputs, outputs, seed });

/**
 * Products of one layer in a training step: forward, gradient of the weights, gradient of the input (not for the first).
 * @param {number} rows
 * @param {number} inputs
 * @param {number} outputs
 * @param {{ first?: boolean }} [at]
 * @returns {Product[]}
 */
function trainingProducts(rows, inputs, outputs, { first = false } = {}) {
  const forward = { m: rows, k: inputs, n: outputs, transposeX: false, transposeY: false };
  const weights = { m: inputs, k: rows, n: outputs, transposeX: true, transposeY: false };
  const input = { m: rows, k: outputs, n: inputs, transposeX: false, transposeY: true };
  return first ? [forward, weights] : [forward, weights, input];
}

const LATENT = 20;
const HIDDEN = 400;
const PIXELS = 28 * 28;

const mlpEncoder = [...dense("encoder.0", PIXELS, HIDDEN, 10), ...dense("encoder.1", HIDDEN, 2 * LATENT, 20)];
const mlpDecoder = [...dense("decoder.0", LATENT, HIDDEN, 30), ...dense("decoder.1", HIDDEN, PIXELS, 40)];

/**
 * @param {number} batch
 * @returns {Workload}
 */
function mlpVae(batch) {
  return {
    name: `vae-${batch}`,
    group: "a",
    title: `784-400-20 VAE, batch ${batch}`,
    kind: "vae-mlp",
    batch,
    trains: true,
    parameters: [...mlpEncoder, ...mlpDecoder],
    data: [{ name: "x", shape: [RING, batch, PIXELS], seed: 1, low: 0, high: 1 }],
    products: [
      ...trainingProducts(batch, PIXELS, HIDDEN, { first: true }),
      ...trainingProducts(batch, HIDDEN, 2 * LATENT),
      ...trainingProducts(batch, LATENT, HIDDEN),
      ...trainingProducts(batch, HIDDEN, PIXELS),
    ],
  };
}

/** @returns {Workload} */
function convVae() {
  const batch = 64;
  const features = 64 * 7 * 7;
  return {
    name: "vae-conv",
    group: "b",
    title: "convolutional VAE 28x28, batch 64",
    kind: "vae-conv",
    batch,
    trains: true,
    parameters: [
      ...layer("encoder.0", [32, 1, 4, 4], { fanIn: 16, outputs: 32, seed: 50 }),
      ...layer("encoder.1", [64, 32, 4, 4], { fanIn: 512, outputs: 64, seed: 60 }),
      ...dense("encoder.2", features, 2 * LATENT, 70),
      ...dense("decoder.0", LATENT, features, 80),
      ...layer("decoder.1", [64, 32, 4, 4], { fanIn: 256, outputs: 32, seed: 90 }),
      ...layer("decoder.2", [32, 1, 4, 4], { fanIn: 128, outputs: 1, seed: 100 }),
    ],
    data: [{ name: "x", shape: [RING, batch, 1, 28, 28], seed: 2, low: 0, high: 1 }],
    products: [
      ...trainingProducts(batch * 14 * 14, 16, 32, { first: true }),
      ...trainingProducts(batch * 7 * 7, 32 * 16, 64),
      ...trainingProducts(batch, features, 2 * LATENT),
      ...trainingProducts(batch, LATENT, features),
      ...trainingProducts(batch * 7 * 7, 64, 32 * 16),
      ...trainingProducts(batch * 14 * 14, 32, 16),
    ],
  };
}

/** @returns {Workload} */
function residualStack() {
  const batch = 64;
  const shape = [RING, batch, 64, 14, 14];
  const layers = Array.from({ length: 8 }, (_, index) => index);
  return {
    name: "residual",
    group: "c",
    title: "8 residual 3x3 convolutions, 64 channels 14x14, batch 64",
    kind: "residual",
    batch,
    trains: true,
    parameters: layers.flatMap((index) =>
      layer(`conv.${index}`, [64, 64, 3, 3], { fanIn: 576, outputs: 64, seed: 110 + 10 * index, gain: 0.7 }),
    ),
    data: [
      { name: "x", shape, seed: 3, low: -1, high: 1 },
      { name: "target", shape, seed: 4, low: -1, high: 1 },
    ],
    products: layers.flatMap((index) => trainingProducts(batch * 14 * 14, 576, 64, { first: index === 0 })),
  };
}

/** @returns {Workload} */
function pointsMlp() {
  const batch = 256;
  return {
    name: "points",
    group: "d",
    title: "2-64-64-2 MLP on points, batch 256",
    kind: "mlp",
    batch,
    trains: true,
    parameters: [...dense("layer.0", 2, 64, 210), ...dense("layer.1", 64, 64, 220), ...dense("layer.2", 64, 2, 230)],
    data: [
      { name: "x", shape: [RING, batch, 2], seed: 5, low: -1, high: 1 },
      { name: "target", shape: [RING, batch, 2], seed: 6, low: -1, high: 1 },
    ],
    products: [
      ...trainingProducts(batch, 2, 64, { first: true }),
      ...trainingProducts(batch, 64, 64),
      ...trainingProducts(batch, 64, 2),
    ],
  };
}

/** @returns {Workload[]} */
function throughput() {
  const batch = 512;
  const forward = (/** @type {number} */ k, /** @type {number} */ n) => ({
    m: batch,
    k,
    n,
    transposeX: false,
    transposeY: false,
  });
  return [
    {
      name: "encode",
      group: "e",
      title: "encode 512 images (784-400-20 VAE)",
      kind: "encode",
      batch,
      trains: false,
      parameters: mlpEncoder,
      data: [{ name: "x", shape: [RING, batch, PIXELS], seed: 1, low: 0, high: 1 }],
      products: [forward(PIXELS, HIDDEN), forward(HIDDEN, 2 * LATENT)],
    },
    {
      name: "sample",
      group: "e",
      title: "sample 512 images (784-400-20 VAE)",
      kind: "sample",
      batch,
      trains: false,
      parameters: mlpDecoder,
      // Only the check reads these codes: a timed run samples its own from N(0, 1).
      data: [{ name: "z", shape: [1, batch, LATENT], seed: 7, low: -1, high: 1 }],
      products: [forward(LATENT, HIDDEN), forward(HIDDEN, PIXELS)],
    },
  ];
}

/** @type {readonly Workload[]} */
export const workloads = [
  mlpVae(128),
  mlpVae(512),
  convVae(),
  residualStack(),
  pointsMlp(),
  ...throughput(),
  ...familyWorkloads,
];
