import type { Reproduction, ReproductionRow } from "./reproduction.ts";

const toys = ["8gaussians", "25gaussians", "moons", "checkerboard", "spirals"] as const;

const of = (name: string, title: string, config: object): readonly ReproductionRow[] =>
  toys.map((toy) => ({
    name: `${name}-${toy}`,
    title: `${title}, ${toy}`,
    model: "diffusion",
    data: `toy:${toy}:20000`,
    config: { width: 128, depth: 3, fourier: true, ...config },
    theirs: {},
  }));

/**
 * Whether samples of points in the plane can be told from test points, and how far log p(x) is from the known density, for every process: the toys of
 * Grathwohl et al. 2019 (arXiv:1810.01367) and Lipman et al. 2023 (arXiv:2210.02747), which show pictures.
 */
export const diffusionToys: Reproduction = {
  name: "diffusion-toys",
  title: "Diffusion and flow matching in the plane: discrepancy of samples, and KL from the data to the model in nats",
  paper: "arXiv:2210.02747",
  data: "toy:8gaussians:20000",
  training: { steps: 10_000, batchSize: 256, learningRate: 1e-3, ema: 0.999, schedule: "cosine", patience: 0 },
  seeds: [0],
  metrics: ["mmd", "density"],
  generated: 2000,
  columns: [
    { name: "mmd2", heading: "mmd2", ours: "mmd2 rbf", digits: 5 },
    { name: "p", heading: "p-value", ours: "p-value rbf", digits: 3 },
    { name: "kl", heading: "kl", ours: "kl", digits: 3 },
  ],
  differences: [
    "the papers show pictures: the values are of their claim, that samples have the distribution of the data",
    "the p-value is of 2000 samples against 2000 test points: above 0.05, samples are at the noise floor",
    "a residual network of three blocks of 128, Fourier features of the coordinates; ddpm by 250 ancestral steps, the others by 18 of Heun's method",
  ],
  rows: [
    ...of("edm", "EDM", { process: "edm" }),
    ...of("ddpm", "DDPM", { process: "ddpm" }),
    ...of("flow", "rectified flow", { process: "flow" }),
    ...of("flow-ot", "rectified flow, optimal transport", { process: "flow", coupling: "optimal-transport" }),
  ],
};
