import type { Reproduction, ReproductionRow } from "./reproduction.ts";

const networks = { latentDim: 2, hiddenDims: [128, 128, 128] };
/** Momentum and a low rate, for games without a penalty. */
const slow = { learningRate: 1e-4, beta1: 0.5, beta2: 0.9, schedule: "constant" } as const;

const on = (gaussians: number, modes: number): readonly ReproductionRow[] => {
  const data = `toy:${gaussians}gaussians:10000`;
  const row = (name: string, title: string, config: object, training: ReproductionRow["training"] = {}) => ({
    name: `${name}-${gaussians}`,
    title: `${title}, ${gaussians} Gaussians`,
    model: "gan",
    data,
    config: { ...networks, ...config },
    training,
    theirs: { modes },
  });
  return [
    row("default", "relativistic, R1 and R2", { penaltyWeight: 0.1 }),
    row("wgan-gp", "WGAN-GP", {
      loss: "wasserstein",
      penalty: "interpolates",
      penaltyWeight: 0.1,
      discriminatorSteps: 5,
    }),
    row("js", "Jensen-Shannon, regularized", { loss: "non-saturating", penalty: "js" }),
    row("vanilla", "non-saturating, no penalty", { loss: "non-saturating", penalty: "none" }, slow),
    row("minimax", "minimax, no penalty", { loss: "minimax", penalty: "none" }, slow),
  ];
};

/**
 * Whether a GAN finds all modes of a mixture of Gaussians: the experiment of Metz et al. 2016 (arXiv:1611.02163, section 3.1),
 * Gulrajani et al. 2017 (arXiv:1704.00028, section 3) and Roth et al. 2017 (arXiv:1705.09367, section 4.1), which show pictures. `theirs` is the
 * number of modes that there are.
 */
export const ganToys: Reproduction = {
  name: "gan-toys",
  title: "GANs on mixtures of Gaussians: modes found, and samples within 3 standard deviations of one",
  paper: "arXiv:1705.09367",
  data: "toy:8gaussians:10000",
  training: {
    steps: 10_000,
    batchSize: 256,
    learningRate: 1e-3,
    beta1: 0,
    beta2: 0.99,
    ema: 0.999,
    schedule: "cosine",
  },
  seeds: [0, 1, 2],
  metrics: ["modes"],
  generated: 10_000,
  columns: [
    { name: "modes", heading: "modes", ours: "modes", digits: 0 },
    { name: "quality", heading: "within 3 std", ours: "high quality", digits: 3 },
  ],
  differences: [
    "the papers show densities; here a mode counts as found where a sample is within three standard deviations of it",
    "8 Gaussians of standard deviation 0.1 at radius 2, and 25 of 0.05 one apart",
    "networks, rates and lengths are this library's, not the papers'",
  ],
  rows: [...on(8, 8), ...on(25, 25)],
};
