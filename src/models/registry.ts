import "../ops/methods.ts";
import { ConfigError } from "../errors.ts";
import { nearestName } from "../nearest-name.ts";
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
export function findModel(name: string): ModelDefinition {
  const names = registry.map((model) => model.name);
  const found = registry.find((model) => model.name === name);
  if (found) return found;
  const nearest = nearestName(name, names);
  throw new ConfigError(
    `model: unknown model, got "${name}", expected one of ${names.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}
