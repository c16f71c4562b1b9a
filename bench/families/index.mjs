/**
 * The networks of the families, by kind of workload.
 *
 * @typedef {object} Family
 * @property {object} module
 * @property {object} [trained] the part of the module that its loss optimizes, when not all of it
 * @property {(inputs: Record<string, import("../../dist/index.js").Tensor>, context: import("../../dist/index.js").Context) =>
 *   import("../../dist/index.js").Tensor} [loss] of the workload's data and noise
 * @property {(inputs: Record<string, import("../../dist/index.js").Tensor>) => import("../../dist/index.js").Tensor} [output] of a forward pass
 */
import { hierarchicalVAE } from "./hierarchical.mjs";
import { pixelCNN, pixelCNNPass } from "./pixelcnn.mjs";
import { realNVP } from "./realnvp.mjs";
import { transformer } from "./transformer.mjs";
import { unet, unetSample } from "./unet.mjs";
import { vqVAE } from "./vq-vae.mjs";
import { wganCritic, wganGenerator } from "./wgan.mjs";

/** @type {Readonly<Record<string, () => Family>>} */
export const families = {
  unet,
  "unet-sample": unetSample,
  pixelcnn: pixelCNN,
  "pixelcnn-pass": pixelCNNPass,
  "wgan-critic": wganCritic,
  "wgan-generator": wganGenerator,
  realnvp: realNVP,
  "vq-vae": vqVAE,
  hierarchical: hierarchicalVAE,
  transformer,
};
