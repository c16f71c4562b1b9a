import "../ops/methods.ts";
import { findNamed } from "../nearest-name.ts";
import { ae } from "./ae.ts";
import { betaTCVAE } from "./beta-tcvae.ts";
import { cvae } from "./cvae.ts";
import { dae } from "./dae.ts";
import { dipVAE } from "./dip-vae.ts";
import { factorVAE } from "./factor-vae.ts";
import { infoVAE } from "./info-vae.ts";
import { iwae } from "./iwae.ts";
import { m2 } from "./m2.ts";
import type { ModelDefinition } from "./model.ts";
import { pca } from "./pca.ts";
import { rae } from "./rae.ts";
import { twoLayer } from "./two-layer.ts";
import { vae } from "./vae.ts";
import { wae } from "./wae.ts";

/** Every model, in the order `latentkit models` lists them. A new model is one file and one line here. */
export const registry: readonly ModelDefinition[] = [
  pca,
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
];

/** The model of a name. Throws ConfigError naming the nearest one there is. */
export const findModel = (name: string): ModelDefinition => findNamed("model", "model", name, registry);
