import { has } from "../../evaluation/capabilities.ts";
import { decodedAsMeans, shownAs } from "../../evaluation/samples/shown-samples.ts";
import { kindOf } from "../../kinds/registry.ts";
import { decoderOf } from "../codes/generator.ts";
import type { CodesRun } from "../codes/run-prior.ts";
import { sampleGrid } from "./run-pictures.ts";
import { type NamedImageGrid, plotted, sampleCount } from "./training-pictures.ts";

/** Samples of a run that was trained on codes, as the run that these are of decodes them, where its examples have pictures. */
export async function decodedGrids(codes: CodesRun): Promise<readonly NamedImageGrid[]> {
  const { model } = codes.trained;
  const decoder = has(model, "sample") ? await decoderOf(codes) : undefined;
  if (!decoder) return [];
  try {
    const { trained } = decoder.loaded;
    const { picture } = kindOf(trained.kind);
    // Conditions but classes are a person's to give.
    const given = model.condition?.required && model.condition.fields.some(({ kind }) => kind !== "class");
    if (!picture || given || trained.model.condition?.required) return [];
    const count = picture.form === "plot" ? plotted : sampleCount(model);
    const grid = await sampleGrid(trained, { count, prior: decoder.prior, ...shownAs(trained.model, trained.kind) });
    const title = decodedAsMeans(trained.model, trained.kind) ? "means of p(x|z)" : "samples";
    return [{ name: "samples.png", title, grid, terminalRows: 2 }];
  } finally {
    await decoder.release();
  }
}
