import { aae } from "./adversarial/aae.ts";
import { gan } from "./adversarial/gan.ts";
import { vaeGAN } from "./adversarial/vae-gan.ts";
import { made } from "./autoregressive/made.ts";
import { findNamed } from "../nearest-name.ts";
import { diffusion } from "./diffusion/diffusion.ts";
import { copula } from "./densities/copula.ts";
import { ae } from "./autoencoders/ae.ts";
import type { ModelDefinition } from "./definition.ts";
import { betaTCVAE } from "./vaes/beta-tcvae.ts";
import { cvae } from "./vaes/cvae.ts";
import { dae } from "./autoencoders/dae.ts";
import { dipVAE } from "./vaes/dip-vae.ts";
import { factorVAE } from "./vaes/factor-vae.ts";
import { infoVAE } from "./vaes/info-vae.ts";
import { iwae } from "./vaes/iwae.ts";
import { m2 } from "./vaes/m2.ts";
import { pixelCNN } from "./autoregressive/pixelcnn.ts";
import { pca } from "./autoencoders/pca.ts";
import { rae } from "./autoencoders/rae.ts";
import { maskedDiffusion } from "./diffusion/masked/masked-diffusion.ts";
import { transformer } from "./autoregressive/transformer.ts";
import { twoLayer } from "./vaes/two-layer.ts";
import { vae } from "./vaes/vae.ts";
import { vqVAE, vqVAE2 } from "./vector-quantized/vq-vae.ts";
import { glow } from "./flows/glow.ts";
import { maf } from "./flows/maf.ts";
import { nice } from "./flows/nice.ts";
import { realNVP } from "./flows/realnvp.ts";
import { splineFlow } from "./flows/spline-flow.ts";
import { wae } from "./autoencoders/wae.ts";

/** Every model, in the order `latentkit models` lists them. A new model is one file and one line here. */
export const registry: readonly ModelDefinition[] = [
  pca,
  copula,
  ae,
  dae,
  rae,
  wae,
  vae,
  cvae,
  m2,
  iwae,
  twoLayer,
  betaTCVAE,
  dipVAE,
  factorVAE,
  infoVAE,
  vqVAE,
  vqVAE2,
  aae,
  gan,
  vaeGAN,
  made,
  pixelCNN,
  transformer,
  nice,
  realNVP,
  glow,
  maf,
  splineFlow,
  diffusion,
  maskedDiffusion,
];

/** The model of a name. Throws ConfigError naming the nearest one there is. */
export const findModel = (name: string): ModelDefinition => findNamed("model", "model", name, registry);

/** What is usually trained on codes that are symbols, to take the place of a uniform p(z). */
export const usualSymbolPrior: ModelDefinition = pixelCNN;
