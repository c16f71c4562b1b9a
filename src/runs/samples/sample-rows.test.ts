import { expect, test } from "vitest";
import { createDataset } from "../../data/dataset.ts";
import { vae } from "../../models/index.ts";
import { train } from "../../node/train.ts";
import { sampleRows } from "./sample-rows.ts";

test("samples of large examples come in small pieces, each as it is alone", async () => {
  const shape = [3, 96, 96] as const;
  const size = 3 * 96 * 96;
  const values = Float32Array.from({ length: 20 * size }, (_, i) => (i % 97) / 97);
  const data = await createDataset({ name: "large", description: "", shape, size: 20, values, range: null });
  const settings = { device: "cpu", threads: 1, steps: 1, batchSize: 8 } as const;
  const run = await train(vae({ network: "mlp", hiddenDims: [2], latentDim: 2 }), data, settings);
  try {
    const alone = await run.sample(64);
    const lengths: number[] = [];
    for await (const { examples } of sampleRows(run.trained, { count: 700 })) {
      if (lengths.length === 0) expect(alone.every((value, i) => value === examples[i])).toBe(true);
      lengths.push(examples.length / size);
    }
    expect(lengths).toEqual([576, 124]);
  } finally {
    await run.release();
  }
});
