/** What `edit` and `complete` have in common: edits of examples, made and written. */
import type { z } from "zod";
import { firstExamples } from "../../data/first-examples.ts";
import { requireCapabilities } from "../../evaluation/capabilities.ts";
import { givenOrOwn } from "../../evaluation/given-examples.ts";
import { editExamples } from "../../evaluation/samples/editing.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { variationRows } from "../../runs/pictures/variation-rows.ts";
import { optionRun, type RunOptions } from "./run-command.ts";
import { repeated } from "./run-examples.ts";
import { ownSettings } from "./sampler-settings.ts";
import { givenSettings, parseSettings } from "./settings.ts";
import { givenSource, variedExamples, type variedSettings } from "./varied-examples.ts";
import { LineProgress } from "../output/line-progress.ts";
import { finishImageGrid, imageGridKinds, samplesFile } from "../output/write-output.ts";

export interface EditOutputOptions extends RunOptions {
  readonly image?: string;
}

export interface EditCommand {
  readonly settings: ReturnType<typeof variedSettings>;
  /** The options of the run's editor. */
  readonly own: z.ZodObject;
  /** For examples of a shape; none where they are edited as a whole. */
  readonly mask: ((shape: Shape) => Promise<Float32Array>) | undefined;
  /** In the run's samples/. */
  readonly file: string;
  readonly title: string;
  /** Beside what both commands tell. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Edits the examples that the options of a command ask for. */
export async function writeEdits(
  path: string,
  options: EditOutputOptions,
  { settings, own, mask: maskOf, file, title, details }: EditCommand,
): Promise<void> {
  const asked = parseSettings(settings, givenSettings(settings, options));
  const { count, seed } = asked;
  const { all: ownOptions, given: givenOwn } = ownSettings(own, options);
  givenSource(options);
  const loaded = await optionRun(path, options, imageGridKinds);
  const { trained, step, run } = loaded;
  requireCapabilities(trained.model, ["edit"], { where: path });
  const { shape, kind } = trained;
  const mask = await maskOf?.(shape);
  const { picked, places, data, splitName } = await variedExamples(loaded, options, asked);
  const split = repeated(picked, count);
  const x = firstExamples(split, split.indices.length);
  const progress = new LineProgress("editing, steps");
  const edits = await editExamples(givenOrOwn(trained, split), x, {
    ...givenOwn,
    seed,
    mask,
    onStep: options.json ? undefined : (done, total) => progress.show(done, total),
  });
  const originals = firstExamples(picked, picked.indices.length);
  const columns = [originals, ...(mask ? [originals.map((v, i) => (mask[i % mask.length] === 1 ? 0.5 : v))] : [])];
  const values = variationRows(columns, edits, { size: sizeOf(shape), count });
  const rows = picked.indices.length;
  const perRow = columns.length + count;
  await finishImageGrid({ sets: [values], count: rows * perRow, columns: perRow, shape, kind }, options, {
    title,
    file: samplesFile(path, file),
    units: run.info.data,
    details: {
      run: path,
      step,
      data,
      split: splitName,
      examples: places,
      count,
      seed,
      ...details,
      ...ownOptions,
      label: options.label,
      condition: options.condition,
    },
    numbers: { shape: [rows, count, ...shape], values: edits },
    terminalRows: rows,
  });
}
