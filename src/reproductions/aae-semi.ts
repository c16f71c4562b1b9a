import type { Reproduction, ReproductionRow } from "./reproduction.ts";

const row = (labeled: number, error: number, verified: boolean): ReproductionRow => ({
  name: `aae-${labeled}`,
  title: `AAE, ${labeled} labels`,
  model: "aae",
  config: {
    labels: "semi-supervised",
    labeled,
    latentDim: 10,
    hiddenDims: [400, 400],
    discriminatorDims: [400, 400],
  },
  theirs: { error },
  ...(!verified && { unverified: true }),
});

/** Makhzani et al. 2015, arXiv:1511.05644, section 5 and table 2: classification of MNIST from few labels. */
export const aaeSemi: Reproduction = {
  name: "aae-semi",
  title: "Adversarial autoencoders, table 2: error of semi-supervised classification on MNIST",
  paper: "arXiv:1511.05644",
  data: "mnist",
  binarize: "none",
  training: { epochs: 20, batchSize: 100, learningRate: 1e-3, beta1: 0.5, schedule: "cosine", patience: 0 },
  seeds: [0],
  metrics: ["class-error"],
  columns: [{ name: "error", heading: "error", ours: "class error", digits: 4 }],
  differences: [
    "the phases of the paper: reconstruction, both discriminators, both generators, cross-entropy of labeled examples; a quarter of each batch is labeled, balanced over the classes",
    "as many epochs as stand in the table and Adam, an r1 penalty of 0.1; the paper: SGD with momentum",
    "two hidden layers of 400 in each network, for a short run; the paper: two of 1000",
    "the value with 1000 labels, marked ?, was not found in a source at hand",
  ],
  rows: [row(100, 0.019, true), row(1000, 0.016, false)],
};
