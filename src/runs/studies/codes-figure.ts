import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { has } from "../../evaluation/capabilities.ts";
import { isImage, tiles } from "../../pictures/image-grid.ts";
import { panels } from "../../pictures/panels.ts";
import type { Raster } from "../../pictures/raster.ts";
import { classScatter } from "../../pictures/scatter.ts";
import { loadRun } from "../load-run.ts";
import { manifoldGrid } from "../pictures/run-pictures.ts";
import type { Platform } from "../platform.ts";

/** Test examples whose codes are shown. */
const POINTS = 5000;
const SIDE = 560;
/** Decoded images per side. */
const IMAGES = 20;

/**
 * Codes of test examples of runs with two latent dimensions, a sample of q(z|x) each in the color of its class, side by side at one
 * scale; below those of models with p(z) = N(0, I), what they decode at the percentiles of both dimensions. Throws DataError for data
 * without labels, ConfigError for other codes.
 */
export async function codesBeside(paths: readonly string[], platform: Platform): Promise<Raster> {
  const found: { readonly codes: Float32Array; readonly classes: readonly number[]; readonly decoded?: Raster }[] = [];
  for (const path of paths) {
    const { device } = await platform.pickDevice();
    const loaded = await loadRun(path, device, platform);
    try {
      const { trained } = loaded;
      if (trained.latentDim !== 2)
        throw new ConfigError(
          `${path}: codes are no points in the plane, got ${trained.latentDim} dimensions, expected 2`,
        );
      const split = drawnExamples((await loaded.openData()).test, POINTS);
      const { labels, name } = split.dataset;
      if (!labels) throw new DataError(`${name}: no labels to color codes by, got none, expected labeled data`);
      const { samples } = await trained.codes(split);
      const decodes = has(trained.model, "standardNormal") && isImage(trained.shape);
      found.push({
        codes: samples,
        classes: Array.from(split.indices, (i) => labels[i]!),
        ...(decodes && {
          decoded: tiles(await manifoldGrid(trained, { dims: [0, 1], size: IMAGES }), { scale: 1, pad: 0 }),
        }),
      });
    } finally {
      await loaded.trained.release();
      await loaded.run.close();
    }
  }
  const reach = 1.05 * found.reduce((most, { codes }) => codes.reduce((m, v) => Math.max(m, Math.abs(v)), most), 1e-6);
  const scatters = found.map(({ codes, classes }) => classScatter(codes, classes, { side: SIDE, reach }));
  const below = found.map(({ decoded }) => decoded);
  return panels(below.some((raster) => raster) ? [scatters, below] : [scatters]);
}
