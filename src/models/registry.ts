import type { ModelDefinition } from "./model.ts";
import { vae } from "./vae.ts";

/** Every model, in the order `latentkit models` lists them. A new model is one file and one line here. */
export const registry: readonly ModelDefinition[] = [vae];
