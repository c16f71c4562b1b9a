import type { Reproduction, ReproductionRow } from "./reproduction.ts";

const pair = (latentDim: number): readonly ReproductionRow[] => [
  {
    name: `ppca-${latentDim}`,
    title: `pPCA, ${latentDim} dimensions: -log p(x), exact`,
    model: "pca",
    config: { latentDim },
    theirs: {},
  },
  {
    name: `vae-${latentDim}`,
    title: `linear VAE, ${latentDim} dimensions: -ELBO`,
    model: "vae",
    config: { latentDim, network: "linear", likelihood: "gaussian-learned", std: 1 },
    theirs: { nll: "pPCA's" },
  },
];

/**
 * Lucas, Tucker, Grosse & Norouzi 2019, arXiv:1911.02469, theorem 1 and section 4: the optimum of a linear VAE's ELBO with a learned variance is
 * that of probabilistic PCA, where it equals the log-likelihood (Tipping & Bishop 1999, eq. 7 and 8). The -ELBO takes one sample of z per example;
 * at the optimum all samples have the same importance weight.
 */
export const ppca: Reproduction = {
  name: "ppca",
  title: "A linear VAE against probabilistic PCA",
  paper: "arXiv:1911.02469",
  data: "winequality-white.csv",
  dataOptions: { numbers: "standardize" },
  training: {
    epochs: 1000,
    batchSize: 1000,
    learningRate: 3e-3,
    schedule: "cosine",
    clipNorm: 100,
    checkpointEvery: 1000,
    patience: 0,
  },
  seeds: [0],
  metrics: ["likelihood"],
  samples: 1,
  columns: [{ name: "nll", heading: "nats", ours: "nll", digits: 3 }],
  differences: [
    "the 12 columns of UCI's Wine Quality (white), standardized; the paper: 1000 images of MNIST, in plots without numbers",
    "the posterior's variance is a linear function of x too; the paper's is one for all x, which is what is learned",
  ],
  rows: [1, 2, 4, 8].flatMap(pair),
};
