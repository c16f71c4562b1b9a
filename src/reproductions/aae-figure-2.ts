import type { Reproduction, ReproductionRow } from "./reproduction.ts";

const networks = { latentDim: 2, hiddenDims: [400, 400] };

const aae = (prior: string, title: string): ReproductionRow => ({
  name: `aae-${prior}`,
  title,
  model: "aae",
  config: { ...networks, prior, discriminatorDims: [400, 400] },
  training: { beta1: 0.5 },
  theirs: {},
});
const vae = (prior: string, name: string, title: string): ReproductionRow => ({
  name: `vae-${name}`,
  title,
  model: "vae",
  config: { ...networks, prior },
  theirs: {},
});

/** Makhzani et al. 2015, arXiv:1511.05644, figure 2: codes of held-out images under two priors of the plane. */
export const aaeFigure2: Reproduction = {
  name: "aae-figure-2",
  title: "Adversarial and variational auto-encoders, figure 2: codes under a Gaussian and a mixture of ten",
  paper: "arXiv:1511.05644",
  data: "mnist",
  binarize: "none",
  training: { epochs: 50, batchSize: 100, learningRate: 1e-3, schedule: "cosine", patience: 0 },
  seeds: [0],
  metrics: ["code-mmd", "reconstruction"],
  columns: [
    { name: "mmd", heading: "mmd2 of codes", ours: "mmd2 of codes", digits: 4 },
    { name: "mse", heading: "mse", ours: "mse", digits: 4 },
  ],
  figure: "codes",
  differences: [
    "the paper shows pictures: the values are of its claim, that the codes of the adversarial one fill the prior, those of the variational one less so",
    "two hidden layers of 400, Adam, an r1 penalty of 0.1; the paper: two of 1000 and SGD with momentum",
    "a Gaussian of standard deviation 1, and a mixture of our numbers: the paper gives none",
    "the VAE has the Bernoulli likelihood and the rate of its mixture estimated from a sample",
  ],
  rows: [
    aae("gaussian", "AAE, Gaussian"),
    aae("mixture", "AAE, mixture"),
    vae("standard", "gaussian", "VAE, Gaussian"),
    vae("circle", "mixture", "VAE, mixture"),
  ],
};
