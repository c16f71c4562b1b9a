import type { Reproduction, ReproductionRow } from "./reproduction.ts";

const network = { network: "conv", latentDim: 16 };

// The authors' weights (their code's settings for MNIST), of a squared error summed over pixels and half the squared norm of a code.
const l2 = { regularizer: "l2", lambda: 1e-4 };
const beta = 0.0128;

/** Values of the paper: reconstructions, samples from N, from a mixture of 10, and of midpoints between two codes. */
const row = (
  title: string,
  model: string,
  config: ReproductionRow["config"],
  [reconstructions, normal, mixture, midpoints]: readonly [number, number, number, number],
): ReproductionRow => ({
  name: title.toLowerCase(),
  title,
  model,
  config: { ...network, ...config },
  theirs: { reconstructions, normal, mixture, midpoints },
});

/** Ghosh, Sajjadi, Vergari, Black & Schölkopf 2020, arXiv:1903.12436, table 1: Frechet Inception distances on MNIST. */
export const raeTable1: Reproduction = {
  name: "rae-table-1",
  title: "From variational to deterministic autoencoders, table 1: MNIST, Frechet distances",
  paper: "arXiv:1903.12436",
  data: "mnist",
  training: { epochs: 20, batchSize: 100, learningRate: 1e-3, schedule: "cosine", patience: 0 },
  seeds: [0],
  metrics: ["frechet", "frechet-reconstruction"],
  generated: 10_000,
  priors: ["own", "full-gaussian", "gmm:10"],
  columns: [
    { name: "reconstructions", heading: "reconstructions", ours: "frechet", of: ["reconstructions"], digits: 2 },
    { name: "normal", heading: "N", ours: "frechet", of: ["own", "full-gaussian"], digits: 2 },
    { name: "mixture", heading: "mixture", ours: "frechet", of: ["gmm:10"], digits: 2 },
    { name: "midpoints", heading: "midpoints", ours: "frechet", of: ["midpoints"], digits: 2 },
  ],
  ratios: [{ heading: "N / mixture", over: "normal", under: "mixture" }],
  differences: [
    "features of a classifier trained on the same data in place of Inception's: distances compare within a column, by ratio and rank, not with the paper's",
    "two convolutions each way of 32 and 64 channels, as many epochs as stand in the table, a rate that falls as a cosine; the paper: four of up to 1024 channels, 100 epochs",
    "N is p(z) for the VAE and the WAE, a Gaussian with a full covariance fitted to the codes for the others",
    "images held out for validation are not trained on; CV-VAE and 2sVAE are left out",
    "the values of AE-L2, marked ?, were not found in the version of the paper at hand: nothing follows from that row",
  ],
  rows: [
    row("VAE", "vae", { likelihood: "gaussian", std: 0.395 }, [18.26, 19.21, 17.66, 18.21]),
    row("WAE", "wae", { lambda: 30.7 }, [10.03, 20.42, 9.39, 14.34]),
    row("RAE-GP", "rae", { regularizer: "gp", beta, lambda: 1e-4 }, [14.04, 22.21, 11.54, 15.32]),
    row("RAE-L2", "rae", { ...l2, beta }, [10.53, 22.22, 8.69, 14.54]),
    row("RAE-SN", "rae", { regularizer: "sn", beta: 1.15 }, [15.65, 19.67, 11.74, 15.15]),
    row("RAE", "rae", { regularizer: "none", beta: 0.064 }, [11.67, 23.92, 9.81, 14.67]),
    row("AE", "ae", {}, [12.95, 58.73, 10.66, 17.12]),
    { ...row("AE-L2", "rae", { ...l2, beta: 0 }, [11.19, 315.15, 9.36, 17.15]), unverified: true },
  ],
};
