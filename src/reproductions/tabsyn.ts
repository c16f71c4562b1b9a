import type { Reproduction, ReproductionRow } from "./reproduction.ts";

const denoiser = { width: 512, depth: 3 };
/** Of diffusion, in one stage or two. */
const training = { ema: 0.999, learningRate: 1e-3, warmup: 100 };

const row = (
  name: string,
  title: string,
  model: string,
  config: ReproductionRow["config"],
  more: Pick<ReproductionRow, "training"> = {},
): ReproductionRow => ({ name, title, model, config, ...more, theirs: {} });

/**
 * Zhang, Zhang, Srinivasan, Shen, Qin, Faloutsos, Rangwala & Karypis 2024, arXiv:2310.09656: diffusion on the codes of a VAE of the rows, beside
 * diffusion on the rows themselves and a VAE with its own p(z), a mixture on its codes and a Gaussian copula.
 */
export const tabsyn: Reproduction = {
  name: "tabsyn",
  title: "Diffusion on the codes of a table, beside models in one stage",
  paper: "arXiv:2310.09656",
  data: "magic04.csv",
  training: { steps: 30_000, batchSize: 256, learningRate: 2e-3, schedule: "cosine", checkpointEvery: 1000 },
  seeds: [0],
  metrics: ["table-quality"],
  generated: 20_000,
  priors: ["own", "gmm:20"],
  columns: [
    { name: "shape", heading: "marginals", ours: "marginals", of: ["own"], digits: 4 },
    { name: "trend", heading: "correlation error", ours: "correlation error", of: ["own"], digits: 4 },
    { name: "c2st", heading: "C2ST", ours: "c2st auc, trees", of: ["own"], digits: 3 },
    { name: "tstr", heading: "TSTR", ours: "tstr auc", of: ["own"], digits: 3 },
    { name: "mixture", heading: "C2ST of a mixture", ours: "c2st auc, trees", of: ["gmm:20"], digits: 3 },
  ],
  differences: [
    "networks: fully connected, of the row as one vector; the paper: a transformer over a token for each column",
    "rows have the marginals of the training rows by construction, so that the first column tells little; the paper's are the model's",
    "the paper's shape and trend errors are in percent and of training rows; C2ST is there 1 for rows that logistic regression cannot tell, here 0.5 by boosted trees",
    "a mixture of 20 Gaussians on the codes of the VAE is the prior of its last column",
    "two dimensions of code for each column and a constant beta; the paper: four, and a beta that falls where the reconstruction no longer improves",
  ],
  rows: [
    row(
      "latent",
      "diffusion on codes of a VAE",
      "diffusion",
      { ...denoiser, codes: "vae", "codes.steps": 30_000, "codes.batchSize": 256 },
      { training },
    ),
    row("direct", "diffusion on rows", "diffusion", { ...denoiser, codes: "none" }, { training }),
    row("vae", "VAE", "vae", { likelihood: "columns", hiddenDims: [512] }),
    row("copula", "Gaussian copula", "copula", {}),
  ],
};
