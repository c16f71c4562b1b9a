import { ae } from "../autoencoders/ae.ts";
import type { CodesModel } from "../definition.ts";
import type { DataSpec } from "../model.ts";
import { vae } from "../vaes/vae.ts";

/**
 * A VAE of the rows of a table whose codes keep them: Zhang et al. 2024, arXiv:2310.09656, with a beta that falls from 1e-2 to 1e-5 and
 * four dimensions of code for each column. There beta falls where the reconstruction no longer improves, here with the steps.
 */
const tableCodes = ({ columns = [] }: DataSpec, steps = 8000) => ({
  config: {
    latentDim: Math.min(4 * columns.length, 4096),
    hiddenDims: [512, 512],
    warmup: 0,
    beta: 1e-2,
    finalBeta: 1e-5,
    betaSteps: steps,
  },
  training: { steps, schedule: "cosine", learningRate: 1e-3 },
});

/** Models on whose codes diffusion can be trained: of pictures, latent diffusion (Rombach et al. 2022, arXiv:2112.10752). */
export const codesModels = {
  vae: { definition: vae, preset: (data, steps) => (data.columns ? tableCodes(data, steps) : {}) },
  ae: { definition: ae, preset: () => ({}) },
} satisfies Readonly<Record<string, CodesModel>>;
