/**
 * jax-js with its WebAssembly backend: one jitted step of loss, gradients and Adam, with reference-counted arrays (`x.ref` keeps an argument that
 * is used again). Its optimizers are a separate package (@jax-js/optax), so Adam is written out here as in that package: moments as trees,
 * bias-corrected.
 */
import { defaultDevice, init, jit, lax, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { firstLosses, serve } from "./protocol.mjs";
import { fill } from "./uniform.mjs";
import { CHECKED_STEPS } from "./workloads.mjs";

const SAME_1 = [
  [1, 1],
  [1, 1],
];

const dense = (x, weight, bias) => np.matmul(x, weight).add(bias);

const channelBias = (bias) => bias.reshape([-1, 1, 1]);

const conv = (x, weight, bias, stride) =>
  lax.convGeneralDilated(x, weight, [stride, stride], SAME_1).add(channelBias(bias));

const convTranspose = (x, weight, bias) =>
  lax.convTranspose(x, weight, [2, 2], SAME_1, { transposeKernel: true }).add(channelBias(bias));

/** -ELBO per example: Bernoulli distortion and closed-form rate. */
function negElbo({ x, logits, mean, logVar }) {
  const batch = x.shape[0];
  const distortion = np.sum(nn.softplus(logits.ref).sub(x.mul(logits)));
  const rate = np.sum(logVar.ref.add(1).sub(np.square(mean)).sub(np.exp(logVar))).mul(-0.5);
  return distortion.add(rate).div(batch);
}

const sample = (mean, logVar, noise) => mean.add(np.exp(logVar.mul(0.5)).mul(noise));

const networks = {
  "vae-mlp": ([w0, b0, w1, b1, w2, b2, w3, b3], x, noise) => {
    const [mean, logVar] = np.split(dense(nn.relu(dense(x.ref, w0, b0)), w1, b1), 2, 1);
    const z = sample(mean.ref, logVar.ref, noise);
    return negElbo({ x, logits: dense(nn.relu(dense(z, w2, b2)), w3, b3), mean, logVar });
  },
  "vae-conv": ([w0, b0, w1, b1, w2, b2, w3, b3, w4, b4, w5, b5], x, noise) => {
    const h = nn.relu(conv(nn.relu(conv(x.ref, w0, b0, 2)), w1, b1, 2)).reshape([x.shape[0], -1]);
    const [mean, logVar] = np.split(dense(h, w2, b2), 2, 1);
    const z = sample(mean.ref, logVar.ref, noise);
    const features = nn.relu(dense(z, w3, b3)).reshape([-1, 64, 7, 7]);
    return negElbo({ x, logits: convTranspose(nn.relu(convTranspose(features, w4, b4)), w5, b5), mean, logVar });
  },
  residual: (parameters, x, target) => {
    let h = x;
    for (let i = 0; i < parameters.length; i += 2) {
      h = h.ref.add(nn.relu(conv(h, parameters[i], parameters[i + 1], 1)));
    }
    return np.mean(np.square(h.sub(target)));
  },
  mlp: ([w0, b0, w1, b1, w2, b2], x, target) => {
    const output = dense(nn.relu(dense(nn.relu(dense(x, w0, b0)), w1, b1)), w2, b2);
    return np.mean(np.square(output.sub(target)));
  },
  encode: ([w0, b0, w1, b1], x) => dense(nn.relu(dense(x, w0, b0)), w1, b1),
  sample: ([w0, b0, w1, b1], z) => nn.sigmoid(dense(nn.relu(dense(z, w0, b0)), w1, b1)),
};

/** Adam with beta 0.9 and 0.999, eps 1e-8; the bias corrections of the step are scalars: 1e-3 / (1 - 0.9^t), 1 / (1 - 0.999^t). */
function adam(p, g, { m, v, rate, correction }) {
  const mNext = m.mul(0.9).add(g.ref.mul(0.1));
  const vNext = v.mul(0.999).add(np.square(g).mul(0.001));
  const root = np.sqrt(vNext.ref.mul(correction)).add(1e-8);
  return [p.sub(mNext.ref.mul(rate).div(root)), mNext, vNext];
}

const array = (values, shape) => np.array(values).reshape(shape);

await serve(async (workload) => {
  await init("wasm");
  defaultDevice("wasm");
  const network = networks[workload.kind];
  const rings = workload.data.map((spec) => {
    const values = fill(spec);
    const [count, ...shape] = spec.shape;
    const size = values.length / count;
    return Array.from({ length: count }, (_, i) => array(values.slice(i * size, (i + 1) * size), shape));
  });
  const batchAt = (step) => rings.map((ring) => ring[step % ring.length].ref);
  const isVae = workload.kind === "vae-mlp" || workload.kind === "vae-conv";
  const noiseShape = [workload.batch, 20];

  let parameters = workload.parameters.map((spec) => array(fill(spec), spec.shape));
  let m = workload.parameters.map(({ shape }) => np.zeros(shape));
  let v = workload.parameters.map(({ shape }) => np.zeros(shape));

  const step = jit((p, m, v, rate, correction, ...batch) => {
    const [loss, gradients] = valueAndGrad(network)(tree.ref(p), ...batch);
    const updated = p.map((leaf, i) =>
      adam(leaf, gradients[i], { m: m[i], v: v[i], rate: rate.ref, correction: correction.ref }),
    );
    tree.dispose([rate, correction]);
    return [loss, ...[0, 1, 2].map((part) => updated.map((leaf) => leaf[part]))];
  });
  const normal = jit((key) => random.normal(key, noiseShape));
  const forward = jit(network);

  const noiseAt = (seed, noisy) => (noisy ? normal(random.key(seed)) : np.zeros(noiseShape));
  const train = (at, noisy) => {
    const batch = isVae ? [...batchAt(at), noiseAt(at, noisy)] : batchAt(at);
    const rate = np.array(1e-3 / (1 - 0.9 ** (at + 1)));
    const correction = np.array(1 / (1 - 0.999 ** (at + 1)));
    let loss;
    [loss, parameters, m, v] = step(parameters, m, v, rate, correction, ...batch);
    return loss;
  };
  const run = (at, noisy) => {
    const inputs = workload.kind === "sample" && noisy ? [noiseAt(at, noisy)] : batchAt(at);
    return forward(tree.ref(parameters), ...inputs);
  };

  let position = CHECKED_STEPS;
  return {
    note: "WASM SIMD, 1 thread: no Web Workers in Node; jit, Adam written out",
    async check() {
      const { checks, firstMs } = workload.trains
        ? await firstLosses((at) => train(at, false).item())
        : await firstLosses(() => np.mean(np.square(run(0, false))).item(), 1);
      return { checks, compileMs: firstMs };
    },
    async run(steps) {
      for (const end = position + steps; position < end; position++) {
        const result = workload.trains ? train(position, true) : run(position, true);
        if (workload.trains) result.dispose();
        else result.dataSync();
      }
      await Promise.all(parameters.map((leaf) => leaf.blockUntilReady()));
    },
  };
});
