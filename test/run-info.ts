import type { RunInfo } from "../src/runs/run-info.ts";

/** A run.json as `latentkit train vae` writes it. */
export const runInfo: RunInfo = {
  model: "vae",
  config: { latentDim: 20, hiddenDims: [400] },
  training: { batchSize: 128, steps: 1000, optimizer: { name: "adam", learningRate: 1e-3 } },
  data: {
    source: "digits",
    options: { binarize: "dynamic" },
    fingerprint: "sha256:00ff",
    kind: "image",
    shape: [1, 28, 28],
    range: [0, 255],
  },
  seed: 0,
  latentkit: "0.1.0",
  versions: { node: "20.20.2", onnxruntime: "1.30.0" },
  device: "cpu",
  created: "2026-11-21T10:00:00Z",
  command: ["train", "vae", "--data", "digits"],
};
