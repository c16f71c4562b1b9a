/** The pictures that training makes by itself: at its end, and every few epochs. */
import type { DataSource, Split } from "../../data/split.ts";
import { encodePng } from "../../pictures/png.ts";
import { isImage, isPoints, type Sheet, sheetRaster } from "../../pictures/sheet.ts";
import { has, lacking } from "../../evaluation/capabilities.ts";
import type { Model } from "../../models/model.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import type { Run } from "../run.ts";
import { firstExamples, forExamples, manifoldSheet, reconstructionSheet, sampleSheet } from "./run-pictures.ts";

export interface NamedSheet {
  /** Of the file in the run's samples/. */
  readonly name: string;
  readonly title: string;
  readonly sheet: Sheet;
  /** Rows of it that a terminal shows. */
  readonly terminalRows: number;
}

interface Pictured {
  readonly trained: TrainedModel;
  readonly source: DataSource;
}

/** The pictures that the model's capabilities and the data's shape allow. */
export async function trainingSheets({ trained, source }: Pictured): Promise<readonly NamedSheet[]> {
  const { model } = trained;
  if (isPoints(trained.shape)) {
    if (!has(model, "sample") || source.test.indices.length === 0) return [];
    const sheet = await pointsSheet(trained, source.test);
    return [{ name: "samples.png", title: "test examples beside samples", sheet, terminalRows: 1 }];
  }
  if (!isImage(trained.shape)) return [];
  const sheets: NamedSheet[] = [];
  if (has(model, "reconstruct") && source.test.indices.length > 0) {
    const sheet = await reconstructionSheet(forExamples(trained, source.test), firstExamples(source.test, 32));
    const title = "test examples above their reconstructions";
    sheets.push({ name: "reconstructions.png", title, sheet, terminalRows: 1 });
  }
  if (!lacking(model, ["decode", "prior", "vector"]) && trained.latentDim === 2 && !model.condition?.required) {
    const sheet = await manifoldSheet(trained, { dims: [0, 1], size: 20 });
    sheets.push({ name: "manifold.png", title: "the latent space", sheet, terminalRows: 8 });
  }
  if (has(model, "sample")) {
    const sheet = await sampleSheet(trained, { count: sampleCount(model), mean: true });
    sheets.push({ name: "samples.png", title: "means of p(x|z)", sheet, terminalRows: 2 });
  }
  return sheets;
}

/** Ten of each class, or 64. */
function sampleCount({ condition }: Model): number {
  const field = condition?.required ? condition.fields.find(({ kind }) => kind === "class") : undefined;
  return field?.kind === "class" ? 10 * Math.min(field.classes.length, 20) : 64;
}

/** Examples of a split beside as many samples, of the same classes where the model is given labels. */
async function pointsSheet(trained: TrainedModel, split: Split): Promise<Sheet> {
  const points = firstExamples(split, 2000);
  const count = points.length / 2;
  const samples = await forExamples(trained, split).sample(count);
  return { sets: [points, samples], count, columns: 2, shape: trained.shape };
}

/**
 * Writes what the model makes after an epoch as `samples/epoch-N.png`, and returns the files: the same draws each time, or the
 * reconstructions of the same examples where it does not sample. None where examples are neither images nor points.
 */
export async function writeEpochPictures(
  { run, trained, source }: Pictured & { readonly run: Run },
  epoch: number,
): Promise<readonly string[]> {
  const { model, shape } = trained;
  const { validation } = source;
  if (!isPoints(shape) && !isImage(shape)) return [];
  if (validation.indices.length === 0 || !(has(model, "sample") || (isImage(shape) && has(model, "reconstruct"))))
    return [];
  const sheet = isPoints(shape)
    ? await pointsSheet(trained, validation)
    : has(model, "sample")
      ? await sampleSheet(trained, { count: sampleCount(model), mean: true })
      : await reconstructionSheet(forExamples(trained, validation), firstExamples(validation, 32));
  return [await run.writeSample(`epoch-${epoch}.png`, [encodePng(sheetRaster(sheet))])];
}
