/** TensorFlow.js with its WebAssembly backend, written as its users write it: variables, `optimizer.minimize`, NHWC. */
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { firstLosses, serve } from "./protocol.mjs";
import { fill, RING } from "./uniform.mjs";
import { CHECKED_STEPS } from "./workloads.mjs";

const require = createRequire(import.meta.url);
/** @type {typeof import("@tensorflow/tfjs-core")} */
const tf = require("@tensorflow/tfjs-core");
/** @type {typeof import("@tensorflow/tfjs-backend-wasm")} */
const wasm = require("@tensorflow/tfjs-backend-wasm");
// Registers gradients and optimizers, which the core's build for Node leaves out.
require("@tensorflow/tfjs-layers");

/** Canonical [batch, channels, height, width] images to TensorFlow's channels-last. */
const channelsLast = (x) => tf.transpose(x, [0, 2, 3, 1]);

/** Features in canonical channel-major order, from channels-last images. */
const flattenImages = (x) => tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0], -1]);

/** Convolution kernels [out, in, kh, kw] -> [kh, kw, in, out]; transposed ones [in, out, kh, kw] -> [kh, kw, out, in]. */
const kernel = (weight) => tf.transpose(weight, [2, 3, 1, 0]);

const dense = (x, weight, bias) => tf.add(tf.matMul(x, weight), bias);

/** Loss per example of a Bernoulli VAE: -E[log p(x|z)] + KL(N(mean, exp(logVar)) || N(0, 1)), summed. */
function negElbo({ x, logits, mean, logVar }) {
  const distortion = tf.sum(tf.losses.sigmoidCrossEntropy(x, logits, undefined, undefined, tf.Reduction.NONE));
  const rate = tf.mul(tf.sum(tf.sub(tf.sub(tf.add(1, logVar), tf.square(mean)), tf.exp(logVar))), -0.5);
  return tf.div(tf.add(distortion, rate), x.shape[0]);
}

/** Reparameterized sample; zero noise gives the mean. */
function sample(mean, logVar, noisy) {
  const noise = noisy ? tf.randomNormal(mean.shape) : tf.zeros(mean.shape);
  return tf.add(mean, tf.mul(tf.exp(tf.mul(logVar, 0.5)), noise));
}

const networks = {
  "vae-mlp": ([w0, b0, w1, b1, w2, b2, w3, b3], { x }, noisy) => {
    const [mean, logVar] = tf.split(dense(tf.relu(dense(x, w0, b0)), w1, b1), 2, 1);
    const logits = dense(tf.relu(dense(sample(mean, logVar, noisy), w2, b2)), w3, b3);
    return negElbo({ x, logits, mean, logVar });
  },
  "vae-conv": ([w0, b0, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5], { x }, noisy) => {
    let h = tf.relu(tf.add(tf.conv2d(x, w0, 2, 1), b0));
    h = tf.relu(tf.add(tf.conv2d(h, w1, 2, 1), b1));
    const [mean, logVar] = tf.split(dense(flattenImages(h), w2, b2), 2, 1);
    h = tf.relu(dense(sample(mean, logVar, noisy), w3, b3));
    h = tf.transpose(tf.reshape(h, [-1, 64, 7, 7]), [0, 2, 3, 1]);
    h = tf.relu(tf.add(tf.conv2dTranspose(h, w4, [x.shape[0], 14, 14, 32], 2, 1), b4));
    const logits = tf.add(tf.conv2dTranspose(h, w5, [x.shape[0], 28, 28, 1], 2, 1), b5);
    return negElbo({ x, logits, mean, logVar });
  },
  residual: (parameters, { x, target }) => {
    let h = x;
    for (let i = 0; i < parameters.length; i += 2) {
      h = tf.add(h, tf.relu(tf.add(tf.conv2d(h, parameters[i], 1, 1), parameters[i + 1])));
    }
    return tf.losses.meanSquaredError(target, h);
  },
  mlp: ([w0, b0, w1, b1, w2, b2], { x, target }) => {
    const h = tf.relu(dense(tf.relu(dense(x, w0, b0)), w1, b1));
    return tf.losses.meanSquaredError(target, dense(h, w2, b2));
  },
  encode: ([w0, b0, w1, b1], { x }) => dense(tf.relu(dense(x, w0, b0)), w1, b1),
  sample: ([w0, b0, w1, b1], { z }, noisy) =>
    tf.sigmoid(dense(tf.relu(dense(noisy ? tf.randomNormal(z.shape) : z, w0, b0)), w1, b1)),
};

await serve(async (workload) => {
  wasm.setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm")) + sep);
  await tf.setBackend("wasm");
  await tf.ready();
  const network = networks[workload.kind];
  const parameters = workload.parameters.map((spec) => {
    const value = tf.tensor(fill(spec), spec.shape);
    return tf.variable(spec.shape.length === 4 ? kernel(value) : value);
  });
  const rings = workload.data.map((spec) => {
    const batches = tf.unstack(tf.tensor(fill(spec), spec.shape));
    return { name: spec.name, batches: spec.shape.length === 5 ? batches.map(channelsLast) : batches };
  });
  const batchAt = (step) =>
    Object.fromEntries(rings.map(({ name, batches }) => [name, batches[step % Math.min(RING, batches.length)]]));

  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  const train = (step, noisy, returnCost) =>
    optimizer.minimize(() => network(parameters, batchAt(step), noisy), returnCost, parameters);
  const forward = (step, noisy) => tf.tidy(() => network(parameters, batchAt(step), noisy));

  let step = CHECKED_STEPS;
  return {
    note: "WASM SIMD, 1 thread: its threads do not start in Node",
    async check() {
      const { checks, firstMs } = workload.trains
        ? await firstLosses((at) => tf.tidy(() => train(at, false, true).dataSync()[0]))
        : await firstLosses(() => tf.tidy(() => tf.mean(tf.square(forward(0, false))).dataSync()[0]), 1);
      return { checks, compileMs: firstMs };
    },
    async run(steps) {
      for (const end = step + steps; step < end; step++) {
        if (workload.trains) {
          tf.tidy(() => void train(step, true, false));
        } else {
          const output = forward(step, true);
          output.dataSync();
          output.dispose();
        }
      }
    },
  };
});
