import { sizeOf } from "../../graph/shape.ts";
import { meanSquaredError, psnr } from "../../metrics/psnr.ts";
import {
  type ImageSize,
  leastSide,
  leastSideMultiScale,
  multiScaleSimilarity,
  structuralSimilarity,
} from "../../metrics/structural-similarity.ts";
import { isImage } from "../../pictures/image-grid.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { forExamples } from "../given-examples.ts";
import type { MetricResult, Metric } from "./metric.ts";

/** Examples in memory at a time. */
const chunk = 500;

export const reconstructionMetric: Metric = {
  name: "reconstruction",
  summary: `MSE of reconstructions; for images also PSNR, SSIM (sides from ${leastSide}) and MS-SSIM (sides from ${leastSideMultiScale})`,
  needs: ["reconstruct"],
  async *evaluate({ loaded: { trained }, split }) {
    const { dataset, indices } = split;
    const { shape, range } = dataset;
    const size = sizeOf(shape);
    const image = isImage(shape) && range !== null ? imageSize(shape) : undefined;
    const side = image ? Math.min(image.height, image.width) : 0;
    const totals = new Map<string, number>();
    const add = (name: string, value: number): void => {
      totals.set(name, (totals.get(name) ?? 0) + value / indices.length);
    };
    for (let from = 0; from < indices.length; from += chunk) {
      const part = { dataset, indices: indices.subarray(from, from + chunk) };
      const x = firstExamples(part, chunk);
      const found = await forExamples(trained, part).reconstruct(x);
      for (let at = 0; at < x.length; at += size) {
        const pair = [x.subarray(at, at + size), found.subarray(at, at + size)] as const;
        add("mse", meanSquaredError(...pair));
        if (image) add("psnr", psnr(...pair));
      }
      if (image && side >= leastSide) structuralSimilarity(x, found, image).forEach((value) => add("ssim", value));
      if (image && side >= leastSideMultiScale)
        multiScaleSimilarity(x, found, image).forEach((value) => add("ms-ssim", value));
      yield { done: Math.min(from + chunk, indices.length), total: indices.length };
    }
    return {
      results: [...totals].map(([name, value]): MetricResult => Object.assign({ name, value }, about[name])),
      conditions: { input: "intensities, not binarized", reconstruction: "the mean of p(x|z) at the mean of q(z|x)" },
    };
  },
};

const about: Readonly<Record<string, Pick<MetricResult, "note" | "better">>> = {
  mse: { note: "mean over values", better: "lower" },
  psnr: { note: "dB, mean over images", better: "higher" },
  ssim: { note: "mean over images", better: "higher" },
  "ms-ssim": { note: "mean over images", better: "higher" },
};

function imageSize(shape: readonly number[]): ImageSize {
  const [channels, height, width] = shape as [number, number, number];
  return { channels, height, width };
}
