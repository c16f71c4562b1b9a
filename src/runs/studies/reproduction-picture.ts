import { has } from "../../evaluation/capabilities.ts";
import { kindOf } from "../../kinds/registry.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import { loadRun } from "../load-run.ts";
import { sampleGrid } from "../pictures/run-pictures.ts";
import type { Platform } from "../platform.ts";

/** Samples of a row: ten images, or as many points as show a density. */
const IMAGES = 10;
const POINTS = 2000;

/**
 * Samples of runs on data of one kind and shape, a set for each in their order: rows of images, or plots side by side. Undefined where
 * they differ in kind or shape, have no picture, or one of them does not sample.
 */
export async function samplesBeside(paths: readonly string[], platform: Platform): Promise<ImageGrid | undefined> {
  const grids: ImageGrid[] = [];
  for (const path of paths) {
    const { device } = await platform.pickDevice();
    const loaded = await loadRun(path, device, platform);
    try {
      const { trained } = loaded;
      const { picture, shows } = kindOf(trained.kind);
      if (!picture || !has(trained.model, "sample")) return undefined;
      const count = picture.form === "plot" ? POINTS : IMAGES;
      grids.push(await sampleGrid(trained, { count, mean: shows === "means" }));
    } finally {
      await loaded.trained.release();
      await loaded.run.close();
    }
  }
  const [first] = grids;
  const like = (grid: ImageGrid): boolean => grid.kind === first!.kind && `${grid.shape}` === `${first!.shape}`;
  if (!first || !grids.every(like)) return undefined;
  return { ...first, sets: grids.flatMap(({ sets }) => sets), columns: first.count };
}
