import { Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import type { Split } from "../data/split.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { Independent } from "../distributions/independent.ts";
import { kl } from "../distributions/kl.ts";
import { Normal } from "../distributions/normal.ts";
import { Input } from "../graph/tensor.ts";
import type { DrawnCodes } from "../metrics/rate-parts.ts";
import type { Model } from "../models/model.ts";
import { Program } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";

/**
 * q(z|x) of every example of a split with one draw of z each: what measures of a latent space start from. Undefined for a
 * model whose codes are not one list of numbers with a Gaussian posterior and a Gaussian prior, both independent over dimensions.
 */
export async function drawCodes(options: {
  readonly model: Model;
  readonly store: VariableStore;
  readonly split: Split;
  readonly binarize: Binarization;
  readonly seed?: number;
}): Promise<DrawnCodes | undefined> {
  const { model, store, split, binarize, seed = 0 } = options;
  const batchSize = Math.min(250, split.indices.length);
  const { classes } = model;
  const labelled = classes !== undefined && { classes };
  const given = labelled && model.given ? model.given(new Input("label", [batchSize], "int64")) : model;
  const q = given.encode?.(new Input("x", [batchSize, ...split.dataset.shape]));
  const p = given.latents?.prior?.(batchSize);
  if (!isGaussian(q) || !isGaussian(p) || q.shape.length !== 2) return undefined;
  const latentDim = q.shape[1]!;
  const z = q.rsample();
  const outputs = new Map([
    ["rate", kl(q, p)],
    ...Object.entries({ mean: q.base.mean, logVar: q.base.logVar, z, logPrior: p.base.logProb(z) }).map(
      ([name, t]) => [name, t.broadcastTo(q.shape)] as const,
    ),
  ]);
  const program = new Program(store, { name: "codes", outputs });
  const batches = new Batches(split, { batchSize, purpose: "evaluation", binarize, ...labelled });
  const x = new Float32Array(batchSize * batches.exampleSize);
  const label = labelled && new BigInt64Array(batchSize);
  const n = split.indices.length;
  const array = (): Float32Array => new Float32Array(n * latentDim);
  const codes = { mean: array(), logVar: array(), z: array(), logPrior: array(), rate: new Float32Array(n) };
  try {
    for (const cursor of batches.epoch()) {
      const count = batches.fillExamples(x, cursor);
      if (label) batches.fillLabels(label, cursor);
      const inputs = { x, ...(label && { label }) };
      const found = await program.run({ inputs, outputs: Object.keys(codes), seed, step: cursor.index });
      for (const [name, all] of Object.entries(codes)) {
        const width = all.length / n;
        all.set((found[name] as Float32Array).subarray(0, count * width), cursor.index * batchSize * width);
      }
    }
  } finally {
    await program.release();
  }
  return { latentDim, ...codes };
}

const isGaussian = (d: Distribution | undefined): d is Independent<Normal> =>
  d instanceof Independent && d.base instanceof Normal;
