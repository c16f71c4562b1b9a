import { createDataset } from "../../data/dataset.ts";
import { whole } from "../../data/split.ts";
import { lacking } from "../../evaluation/capabilities.ts";
import { mapSplit } from "../../evaluation/map-split.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { cellCenters, type PlaneField } from "../../pictures/field-plot.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import { plotWindow } from "../../pictures/scatter.ts";

/** Cells of the density along each axis. */
const cells = 160;

/** p(x) over the plane around points, without any over it; undefined of a model that has no log p(x) in one pass, or one for each condition. */
export async function densityGrid(trained: TrainedModel, points: Float32Array): Promise<ImageGrid | undefined> {
  const { model, shape, kind } = trained;
  if (!model.logProb || model.condition?.required) return undefined;
  const area = plotWindow(points, 1.3);
  const values = cellCenters(area, cells);
  const size = values.length / 2;
  const dataset = await createDataset({ name: "plane", description: "places", shape, size, values, range: null });
  const { logProb } = await mapSplit(trained, { split: whole(dataset), key: "log p of places" }, (x, context) => ({
    logProb: model.logProb!(x, context),
  }));
  const field: PlaneField = { values: logProb.map(Math.exp), side: cells, area, title: "density p(x)" };
  return { sets: [], count: 0, columns: 1, shape, kind, field };
}

/** Lines of the grid in each direction, from -reach to reach, and points of each. */
const [lines, reach, perLine] = [13, 2.4, 900];

/**
 * A square grid of codes beside the examples that they decode to: how a flow of points bends the plane. Undefined of a model that is no map of
 * the plane onto itself.
 */
export async function warpedGrid(trained: TrainedModel): Promise<ImageGrid | undefined> {
  const { model, shape, kind } = trained;
  if (!model.logProb || model.condition?.required || lacking(model, ["encode", "decode", "standardNormal"]))
    return undefined;
  const place = (at: number, of: number): number => reach * ((2 * at) / (of - 1) - 1);
  const codes = new Float32Array(4 * lines * perLine);
  for (let line = 0; line < lines; line++)
    for (let i = 0; i < perLine; i++) {
      const [along, across] = [place(i, perLine), place(line, lines)];
      codes.set([along, across, across, along], 4 * (line * perLine + i));
    }
  const count = codes.length / 2;
  return { sets: [codes, await trained.decode(codes)], count, columns: 2, shape, kind };
}
