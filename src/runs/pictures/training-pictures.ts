/** Sample grids during and at the end of training. */
import { requiredFields } from "../../models/conditioning.ts";
import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import type { DataSource, Split } from "../../data/split.ts";
import { encodePng } from "../../pictures/png.ts";
import { gridRaster, kindOf } from "../../kinds/registry.ts";
import { cellCenters, type PlaneField } from "../../pictures/field-plot.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import { plotWindow } from "../../pictures/scatter.ts";
import { has, lacking } from "../../evaluation/capabilities.ts";
import type { Model } from "../../models/model.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import type { Run } from "../run.ts";
import { splitSpec } from "../../data/split-spec.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { forExamples } from "../../evaluation/given-examples.ts";
import { shownAs, shownName } from "../../evaluation/samples/shown-samples.ts";
import { epochPicture } from "./film.ts";
import { densityGrid, warpedGrid } from "./plane-density.ts";
import { forSamples, manifoldGrid, reconstructionGrid, sampleGrid } from "./run-pictures.ts";

export interface NamedImageGrid {
  /** Of the file in the run's samples/. */
  readonly name: string;
  readonly title: string;
  readonly grid: ImageGrid;
  /** Rows of it that a terminal shows. */
  readonly terminalRows: number;
}

interface Pictured {
  readonly trained: TrainedModel;
  readonly source: DataSource;
}

/** The image grids that the model's capabilities and the data's shape allow. */
export async function trainingGrids({ trained, source }: Pictured): Promise<readonly NamedImageGrid[]> {
  const { model } = trained;
  const { picture } = kindOf(trained.kind);
  if (picture?.form === "plot") {
    if (!has(model, "sample") || source.test.indices.length === 0) return [];
    const grid = await pointsGrid(trained, source.test);
    const title = grid.field ? "the discriminator, test examples and samples" : "test examples beside samples";
    const density = await densityGrid(trained, grid.sets[0]!);
    const warped = await warpedGrid(trained);
    return [
      { name: "samples.png", title, grid, terminalRows: 1 },
      ...(density ? [{ name: "density.png", title: "the density p(x)", grid: density, terminalRows: 1 }] : []),
      ...(warped
        ? [{ name: "warped-grid.png", title: "a grid of codes beside their examples", grid: warped, terminalRows: 1 }]
        : []),
    ];
  }
  if (!picture) return [];
  const grids: NamedImageGrid[] = [];
  if (has(model, "reconstruct") && source.test.indices.length > 0) {
    const grid = await drawnReconstructions(trained, source.test);
    const title = "test examples above their reconstructions";
    grids.push({ name: "reconstructions.png", title, grid, terminalRows: 1 });
  }
  if (!lacking(model, ["decode", "prior", "vector"]) && trained.latentDim === 2 && !model.condition?.required) {
    const grid = await manifoldGrid(trained, { dims: [0, 1], size: 20 });
    grids.push({ name: "manifold.png", title: "the latent space", grid, terminalRows: 8 });
  }
  const sampled = has(model, "sample") && forSamples(trained, source.test);
  if (sampled) {
    const grid = await sampleGrid(sampled, { count: sampleCount(model), ...shownAs(model, trained.kind) });
    grids.push({
      name: "samples.png",
      title: shownAs(model, trained.kind).mean ? shownName(model, true) : "samples",
      grid,
      terminalRows: 2,
    });
  }
  return grids;
}

/** Ten of each class, or 64. */
export function sampleCount(model: Model): number {
  const field = requiredFields(model).find(({ kind }) => kind === "class");
  return field?.kind === "class" ? 10 * Math.min(field.classes.length, 20) : 64;
}

/** Points of each set of a plot. */
export const plotted = 2000;

/** Samples of a model in each of its pictures during training; 0 where they have none. */
export function samplesPictured(model: Model, { validation }: Pick<DataSource, "validation">): number {
  const { picture } = kindOf(splitSpec(validation).kind);
  if (!picture || !has(model, "sample") || validation.indices.length === 0) return 0;
  return picture.form === "plot" ? Math.min(plotted, validation.indices.length) : sampleCount(model);
}

/** Random examples of a split above their reconstructions. */
async function drawnReconstructions(trained: TrainedModel, split: Split): Promise<ImageGrid> {
  const drawn = drawnExamples(split, 32);
  return reconstructionGrid(forExamples(trained, drawn), firstExamples(drawn, 32));
}

/** Cells of a discriminator's field along each axis. */
const cells = 80;

/** The output of a model's discriminator over the plane around points; none of p(x | condition), which has one for each condition. */
async function discriminatorField(
  trained: TrainedModel,
  points: Float32Array,
  epoch: number | undefined,
): Promise<PlaneField | undefined> {
  if (!has(trained.model, "discriminate") || trained.model.condition?.required) return undefined;
  const area = plotWindow(points, 1.5);
  const centers = cellCenters(area, cells);
  const title = epoch === undefined ? "discriminator f(x)" : `discriminator, epoch ${epoch}`;
  return { values: await trained.discriminate(centers), side: cells, area, title };
}

/**
 * Random examples of a split beside as many samples, of the same classes where the model is given labels: the same examples, and so the same axes,
 * each time. Where it has a discriminator, both over its output.
 */
async function pointsGrid(trained: TrainedModel, split: Split, epoch?: number): Promise<ImageGrid> {
  const drawn = drawnExamples(split, plotted);
  const points = firstExamples(drawn, plotted);
  const count = points.length / 2;
  const samples = await forExamples(trained, drawn).sample(count);
  const field = await discriminatorField(trained, points, epoch);
  return {
    sets: [points, samples],
    count,
    columns: 2,
    shape: trained.shape,
    kind: trained.kind,
    ...(field && { field }),
  };
}

/**
 * Writes a sample grid as `samples/epoch-N.png`, and returns the files: from the same noise each time, or the
 * reconstructions of the same examples where it does not sample. None where examples are neither images nor points.
 */
export async function writeEpochPictures(
  { run, trained, source }: Pictured & { readonly run: Run },
  epoch: number,
): Promise<readonly string[]> {
  const { model } = trained;
  const { validation } = source;
  const { picture } = kindOf(trained.kind);
  if (!picture) return [];
  if (
    validation.indices.length === 0 ||
    !(has(model, "sample") || (picture.form === "tiles" && has(model, "reconstruct")))
  )
    return [];
  const sampled = has(model, "sample") && forSamples(trained, validation);
  const grid =
    picture.form === "plot"
      ? await pointsGrid(trained, validation, epoch)
      : sampled
        ? await sampleGrid(sampled, { count: sampleCount(model), ...shownAs(model, trained.kind) })
        : await drawnReconstructions(trained, validation);
  return [await run.writeSample(epochPicture(epoch), [encodePng(gridRaster(grid))])];
}
