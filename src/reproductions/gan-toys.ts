import type { Reproduction, ReproductionRow } from "./reproduction.ts";

const networks = { latentDim: 2, hiddenDims: [128, 128, 128] };
/** Adam as in section 4 of arXiv:1704.00028, at a rate for networks of this size. */
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
    "the papers show densities; here modes are counted as by PacGAN (arXiv:1712.04086, section 4.1)",
    "8 Gaussians of standard deviation 0.1 at radius 2 (Metz et al.: 0.02), and 25 of 0.05 one apart",
    "three hidden layers of 128; the papers' have two to four of 128 to 512",
  ],
  rows: [...on(8, 8), ...on(25, 25)],
};
