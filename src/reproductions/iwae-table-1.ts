import type { Reproduction, ReproductionRow } from "./reproduction.ts";

// One stochastic layer (section 5): 784-200-200-50, tanh; the values are the MNIST columns of table 1.
const network = { hiddenDims: [200, 200], latentDim: 50, activation: "tanh" };

const row = (model: "vae" | "iwae", samples: number, nll: number, activeUnits: number): ReproductionRow => ({
  name: `${model}-${samples}`,
  title: `${model.toUpperCase()}, k = ${samples}`,
  model,
  config: { ...network, samples },
  theirs: { nll, activeUnits: `${activeUnits}` },
});

// Two layers: 784-200-200-100 and 100-100-100-50, tanh, the model's defaults. With k = 1 it is the paper's VAE, with larger k its IWAE.
const twoLayerRow = (samples: number, nll: number, activeUnits: string): ReproductionRow => ({
  name: `two-layer-${samples}`,
  title: `two layers, k = ${samples}`,
  model: "two-layer",
  config: { samples },
  theirs: { nll, activeUnits },
});

/** Burda, Grosse & Salakhutdinov 2015, arXiv:1509.00519, table 1: MNIST. */
export const iwaeTable1: Reproduction = {
  name: "iwae-table-1",
  title: "Importance weighted autoencoders, table 1: MNIST",
  paper: "arXiv:1509.00519",
  data: "mnist",
  training: { epochs: 300, batchSize: 100, learningRate: 1e-3, schedule: "cosine" },
  seeds: [0],
  metrics: ["scores", "likelihood", "active-units"],
  samples: 5000,
  columns: [
    { name: "nll", heading: "nll", ours: "nll", digits: 2 },
    { name: "activeUnits", heading: "active units", ours: "active units", digits: 0 },
  ],
  differences: [
    "batches of 100 and a rate of 1e-3 that falls as a cosine, for as many epochs as stand in the table; the paper: batches of 20 for 3280 epochs, the rate falling in 8 steps",
    "the images held out for validation are not trained on; the paper trains on all 60,000",
  ],
  rows: [
    row("vae", 1, 86.76, 19),
    row("vae", 5, 86.47, 20),
    row("vae", 50, 86.35, 20),
    row("iwae", 5, 85.54, 22),
    row("iwae", 50, 84.78, 25),
    twoLayerRow(1, 85.33, "16+5"),
    twoLayerRow(5, 83.89, "21+5"),
    twoLayerRow(50, 82.9, "26+7"),
  ],
};
