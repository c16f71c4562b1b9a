/** report.html of a comparison: its table, and the same kinds of pictures of every run side by side. */
import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import type { Split } from "../../data/split.ts";
import { escapeMarkup as text } from "../../pictures/markup.ts";
import { encodePng } from "../../pictures/png.ts";
import { gridRaster, kindOf } from "../../kinds/registry.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { decodedPoints, encodedPoints, type LatentPoints } from "../codes/latent-points.ts";
import { interpolationGrid } from "../pictures/latent-grids.ts";
import type { LoadedRun } from "../load-run.ts";
import { generatorOf } from "../codes/generator.ts";
import { generatesFrom } from "../studies/evaluated-run.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import { metricsHtml, pageHtml, pictureHtml, type ReportPicture } from "./report-html.ts";
import { openPrior } from "../codes/open-prior.ts";
import { shownAs } from "../../evaluation/samples/shown-samples.ts";
import { has, lacking } from "../../evaluation/capabilities.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { forExamples } from "../../evaluation/given-examples.ts";
import { forSamples, reconstructionGrid, sampleGrid } from "../pictures/run-pictures.ts";

const side = 8;
const points = 2000;

/** The image grids that a run's capabilities allow, from the same examples and noise for every run. */
export async function comparedPictures(
  compared: LoadedRun,
  { priors = [], seed }: { readonly priors?: readonly string[]; readonly seed: number },
): Promise<readonly ReportPicture[]> {
  // Of a run trained on codes, samples as they are decoded; all else is of codes.
  const own = await generatorOf(compared);
  const { trained, openData } = own.loaded;
  const { model } = trained;
  const form = kindOf(trained.kind).picture?.form;
  if (!form) return [];
  const { test: all } = await openData();
  const pictures: ReportPicture[] = [];
  const add = (title: string, grid: ImageGrid): void => {
    pictures.push({ title, bytes: encodePng(gridRaster(grid)) });
  };
  const count = form === "plot" ? points : side * side;
  // The same for every run; of a sorted file the first would be of one class.
  const test = drawnExamples(all, count);
  const ofData = own.prior === undefined;
  if (ofData && has(model, "reconstruct")) {
    const examples = firstExamples(test, form === "plot" ? points : (side * side) / 2);
    add("examples above reconstructions", {
      ...(await reconstructionGrid(forExamples(trained, test), examples)),
      columns: side,
    });
  }
  const codes = !lacking(model, ["encode", "decode", "vector"]);
  for (const name of priors) {
    if (!generatesFrom(compared, name)) continue;
    const { prior } = name === ownPrior ? own : await generatorOf(compared, await openPrior(compared, name));
    const shown = forSamples(trained, test) ?? trained;
    add(sampleTitle(name), await sampleGrid(shown, { count, seed, prior, ...shownAs(model, trained.kind) }));
  }
  const ends = ofData && form === "tiles" ? await endsOf(trained, { test, codes, seed }) : undefined;
  if (ends) {
    // A row of each pair, along the great circle.
    const { sets, ...grid } = await interpolationGrid(ends, side);
    add("interpolations", { ...grid, sets: [sets[1]!] });
  }
  return pictures;
}

/** The title of samples of a density. */
const sampleTitle = (prior: string): string => (prior === ownPrior ? "samples, own p(z)" : `samples, ${prior}`);

/** Ends of interpolations: encoded examples, or else samples of the prior; undefined where there is neither. */
async function endsOf(
  trained: TrainedModel,
  { test, codes, seed }: { readonly test: Split; readonly codes: boolean; readonly seed: number },
): Promise<LatentPoints | undefined> {
  if (codes) return encodedPoints(trained, { ...test, indices: test.indices.subarray(0, 2 * side) });
  const { model } = trained;
  if (lacking(model, ["decode", "prior", "vector"]) || model.condition?.required) return undefined;
  return decodedPoints(trained, await trained.samplePrior(2 * side, { seed }));
}

export interface ComparisonReport {
  readonly title: string;
  /** First row and first column are names. */
  readonly results: readonly (readonly string[])[];
  readonly notes: readonly string[];
  /** A picture's title is its kind: a column. */
  readonly runs: readonly { readonly label: string; readonly pictures: readonly ReportPicture[] }[];
}

/** The report as an HTML file. */
export function comparisonPage({ title, results, notes, runs }: ComparisonReport): string {
  const kinds = [...new Set(runs.flatMap(({ pictures }) => pictures.map((picture) => picture.title)))];
  const rows = runs.map(({ label, pictures }) => {
    const cells = kinds.map((kind) => {
      const picture = pictures.find((each) => each.title === kind);
      return `<td>${picture ? pictureHtml({ ...picture, title: `${label}: ${kind}` }) : "-"}</td>`;
    });
    return `<tr><th>${text(label)}</th>${cells.join("")}</tr>`;
  });
  const heads = kinds.map((kind) => `<th>${text(kind)}</th>`).join("");
  const grid = `<div class="grid"><table><tr><th></th>${heads}</tr>\n${rows.join("\n")}</table></div>`;
  const body = `${metricsHtml(results)}
${notes.map((note) => `<p>${text(note)}</p>`).join("\n")}
${kinds.length > 0 ? grid : ""}`;
  return pageHtml(title, body);
}
