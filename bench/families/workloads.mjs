/** Workloads of the families whose networks are in this folder, with PyTorch twins in ../families.py: initial values by rule (`initial`). */
import { RING } from "../uniform.mjs";

/** @typedef {import("../workloads.mjs").Workload} Workload */

const BATCH = 64;
const UNIT = Math.sqrt(3); // a uniform on [-UNIT, UNIT] has variance 1

/**
 * @param {Pick<Workload, "name" | "title" | "data"> & Partial<Workload>} given
 * @returns {Workload}
 */
const family = ({ name, ...given }) => ({
  name,
  group: "f",
  kind: name,
  batch: BATCH,
  trains: true,
  parameters: [],
  noise: [],
  products: [],
  peers: { torch: "always", "torch-compile": "named" },
  ...given,
});

const images = (low = 0) => ({ name: "x", shape: [RING, BATCH, 1, 28, 28], seed: 300, low, high: 1 });
const tokens = (/** @type {string} */ name, /** @type {number} */ seed) => ({
  name,
  shape: [RING, 32, 64],
  seed,
  low: 0,
  high: 256,
  dtype: /** @type {const} */ ("int64"),
});
const normal = (/** @type {string} */ name, /** @type {number[]} */ shape, /** @type {number} */ seed) => ({
  name,
  distribution: /** @type {const} */ ("normal"),
  shape,
  seed,
  low: -UNIT,
  high: UNIT,
});
const uniform = (/** @type {string} */ name, /** @type {number[]} */ shape, /** @type {number} */ seed) => ({
  name,
  distribution: /** @type {const} */ ("uniform"),
  shape,
  seed,
  low: 0,
  high: 1,
});

/** Height and width of the latents of the hierarchical VAE, top first. */
const latentSizes = [1, 1, 7, 7, 7, 7, 14, 14, 14, 14, 28, 28];

/** @type {readonly Workload[]} */
export const familyWorkloads = [
  family({
    name: "unet",
    title: "U-Net 28x28, denoising loss of EDM",
    data: [images(-1)],
    noise: [normal("n", [BATCH, 1, 1, 1], 310), normal("eps", [BATCH, 1, 28, 28], 311)],
  }),
  family({
    name: "unet-sample",
    title: "one denoising pass of the U-Net",
    trains: false,
    data: [images(-1), { name: "sigma", shape: [RING, BATCH, 1, 1, 1], seed: 312, low: 0.1, high: 1 }],
  }),
  family({ name: "pixelcnn", title: "gated PixelCNN 28x28, 8 blocks of 32 channels", data: [images()] }),
  family({ name: "pixelcnn-pass", title: "one pass of the PixelCNN", trains: false, data: [images()] }),
  family({
    name: "wgan-critic",
    title: "WGAN-GP critic 28x28, with gradient penalty",
    data: [images()],
    noise: [normal("z", [BATCH, 64], 320), uniform("u", [BATCH, 1, 1, 1], 321)],
  }),
  family({
    name: "wgan-generator",
    title: "WGAN-GP generator 28x28",
    data: [],
    noise: [normal("z", [BATCH, 64], 322)],
  }),
  family({
    name: "realnvp",
    title: "RealNVP 4x14x14, 8 couplings of 48 channels",
    data: [images()],
    noise: [uniform("u", [BATCH, 1, 28, 28], 330)],
  }),
  family({ name: "vq-vae", title: "VQ-VAE 28x28, 256 codes by moving averages", data: [images()] }),
  family({
    name: "hierarchical",
    title: "hierarchical VAE 28x28, 12 latents",
    data: [images()],
    noise: latentSizes.map((size, i) => normal(`eps${i}`, [BATCH, 8, size, size], 340 + i)),
  }),
  family({
    name: "transformer",
    title: "causal transformer, 4 blocks of 128, 32 x 64 tokens",
    batch: 32,
    data: [tokens("tokens", 360), tokens("targets", 361)],
  }),
];
