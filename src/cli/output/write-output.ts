import { extname, join } from "node:path";
import type { ExampleIndex } from "../../data/examples/example-index.ts";
import { csvLine, type CsvLine, spreadsheetLine } from "../../data/formats/csv.ts";
import { toDataUnits } from "../../data/arrays/units.ts";
import { ConfigError } from "../../errors.ts";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { writePng } from "../../node/files/png-file.ts";
import { encodeWebp } from "../../node/files/webp-film.ts";
import { gridRaster, kindOf } from "../../kinds/registry.ts";
import { encodeGif } from "../../pictures/gif.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import type { Raster } from "../../pictures/raster.ts";
import { showImageGrid } from "./show-image.ts";
import { type ExampleUnits, writeExamples } from "./write-examples.ts";
import { print, printJson } from "./terminal.ts";

export interface OutputOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly escapeFormulas?: boolean;
}

/** How the lines of a table are written. */
export const lineOf = ({ escapeFormulas }: OutputOptions): CsvLine => (escapeFormulas ? spreadsheetLine : csvLine);

/**
 * Writes the output of a command as an image, or its last set as an array in the units of the data where the file ends in .npy, or as a table
 * where they are rows of one; shows it in a terminal; and prints its path, with --json together with `details`.
 */
export async function finishImageGrid(
  grid: ImageGrid,
  options: OutputOptions,
  about: {
    readonly title: string;
    /** Default of --out. */
    readonly file: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly terminalRows?: number;
    /** The data of the run: a .csv file holds what a .npy file would in the terms of their columns, a row each. */
    readonly units: ExampleUnits;
    /** The array of a .npy file where it is not the last set. */
    readonly numbers?: { readonly shape: readonly number[]; readonly values: Float32Array };
    /** Columns of a .csv file before those of the data. */
    readonly before?: ExampleIndex;
  },
): Promise<void> {
  const { out, json } = options;
  const { units, before } = about;
  const file = out ?? usualFile(about.file, grid.kind);
  const ending = checkKind(file, kindOf(grid.kind).files);
  const { shape, values } = about.numbers ?? { shape: [grid.count, ...grid.shape], values: grid.sets.at(-1)! };
  if (ending === ".png") await writePicture(file, grid, units);
  else {
    const [count = 0, ...one] = shape;
    await writeExamples(file, {
      count,
      shape: one,
      pieces: [values],
      units,
      line: lineOf(options),
      ...(before && { before }),
    });
  }
  if (json) {
    printJson({ file, shape, ...about.details });
    return;
  }
  if (ending === ".png") showImageGrid(about.title, grid, about.terminalRows);
  print(`${about.title}: ${file}`);
}

/** A file in a run's samples/ with the usual ending for examples of a kind. */
export const usualFile = (file: string, kind: string): string => file.replace(/\.png$/, kindOf(kind).files[0]);

export const writePicture = (file: string, grid: ImageGrid, units: ExampleUnits): Promise<void> =>
  writePng(file, gridRaster(inUnits(grid, units)));

/** Points are plotted where they are in the data; images are shown by their intensities. */
export function inUnits(grid: ImageGrid, units: ExampleUnits): ImageGrid {
  if (kindOf(grid.kind).picture?.form !== "plot") return grid;
  const { sets, scaleOf } = grid;
  return {
    ...grid,
    sets: sets.map((set) => toDataUnits(units, set)),
    ...(scaleOf && { scaleOf: toDataUnits(units, scaleOf) }),
  };
}

/** Files that an animation is written to. */
export const filmKinds = [".gif", ".webp"] as const;

/** Writes frames as an animation. Throws ConfigError for a file of another kind. */
export async function writeFilm(
  file: string,
  frames: readonly Raster[],
  times: { readonly frameMs: number; readonly restMs?: number },
): Promise<void> {
  const encode = checkKind(file, filmKinds) === ".webp" ? encodeWebp : encodeGif;
  await writeFileAtomic(file, [await encode(frames, times)]);
}

/** Files that examples may be written to, before their kind is known. */
export const imageGridKinds: readonly FileKind[] = [".png", ".npy", ".csv"];

/** The kind of file asked for. Throws ConfigError for one that cannot be written, before anything is computed for it. */
export function checkKind(file: string, kinds: readonly FileKind[] = [".png", ".npy"], option = "--out"): FileKind {
  const kind = kinds.find((k) => k === extname(file).toLowerCase());
  if (kind !== undefined) return kind;
  throw new ConfigError(
    `${option}: unknown file type, got "${file}", expected a name that ends in ${kinds.join(" or ")}`,
  );
}
export type FileKind = ".png" | ".npy" | ".csv" | ".gif" | ".webp" | ".svg" | ".html" | ".json" | ".safetensors";

/** Where a run keeps its own pictures. */
export const samplesFile = (run: string, name: string): string => join(run, "samples", name);
