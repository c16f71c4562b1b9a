import type { Reproduction } from "./reproduction.ts";

/** Two hidden layers of 1000 and eight latent dimensions, as the paper's on MNIST. */
const networks = { latentDim: 8, hiddenDims: [1000, 1000] };

/** Makhzani et al. 2015, arXiv:1511.05644, table 1, the column of 10,000 samples of MNIST; that of the GAN is of arXiv:1406.2661, table 1. */
export const aaeParzen: Reproduction = {
  name: "aae-parzen",
  title: "Adversarial autoencoders, table 1: log-likelihood of MNIST's test images under a Parzen window, nats",
  paper: "arXiv:1511.05644",
  data: "mnist",
  binarize: "none",
  training: { epochs: 8, batchSize: 100, learningRate: 1e-3, schedule: "cosine", patience: 0 },
  seeds: [0],
  metrics: ["parzen"],
  generated: 10_000,
  columns: [{ name: "parzen", heading: "log-likelihood", ours: "log-likelihood by Parzen window", digits: 0 }],
  differences: [
    "the metric is no estimate of the log-likelihood and ranks models wrongly (arXiv:1511.01844): the table is for comparison with the paper's alone",
    "10,000 samples, a bandwidth chosen on 1000 images held out for validation; the paper's second value, of 10 million samples, is left out",
    "as many epochs as stand in the table, Adam, an r1 penalty of 0.1 and N(0, I); the paper: SGD with momentum and a standard deviation of 5",
    "the VAE, not of the paper, has the networks of the auto-encoder and the Bernoulli likelihood, and its samples are means of p(x|z)",
    "the GAN is this library's convolutional one, for half the epochs; the paper's is the first GAN, fully connected",
  ],
  rows: [
    {
      name: "aae",
      title: "AAE",
      model: "aae",
      config: { ...networks, discriminatorDims: [1000, 1000] },
      training: { beta1: 0.5 },
      theirs: { parzen: 340 },
    },
    { name: "vae", title: "VAE", model: "vae", config: networks, theirs: {} },
    {
      name: "gan",
      title: "GAN",
      model: "gan",
      config: { network: "dcgan", channels: [32, 64], generatorNorm: "batch" },
      training: { epochs: 4, batchSize: 64, beta1: 0, beta2: 0.99, ema: 0.999 },
      theirs: { parzen: 225 },
    },
  ],
};
