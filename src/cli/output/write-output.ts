import { extname, join } from "node:path";
import type { Column } from "../../data/tables/column.ts";
import { encodeNpy } from "../../data/formats/npy.ts";
import { ConfigError } from "../../errors.ts";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { writePng } from "../../node/files/png-file.ts";
import { gridRaster, kindOf } from "../../kinds/registry.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import { showImageGrid } from "./show-image.ts";

export interface OutputOptions {
  readonly out?: string;
  readonly json?: boolean;
}

/**
 * Writes the output of a command as an image, or its last set as an array where the file ends in .npy, or as a table where they
 * are rows of one; shows it in a terminal; and prints its path, with --json together with `details`.
 */
export async function finishImageGrid(
  grid: ImageGrid,
  { out, json }: OutputOptions,
  about: {
    readonly title: string;
    /** Default of --out. */
    readonly file: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly terminalRows?: number;
    /** The columns of examples that are rows of a table: a .csv file holds what a .npy file would in their terms, a row each. */
    readonly columns?: readonly Column[] | undefined;
    /** The array of a .npy file where it is not the last set. */
    readonly numbers?: { readonly shape: readonly number[]; readonly values: Float32Array };
  },
): Promise<void> {
  const { columns } = about;
  const { files, text } = kindOf(grid.kind);
  const file = out ?? about.file.replace(/\.png$/, files[0]);
  const ending = checkKind(file, files);
  const { shape, values } = about.numbers ?? { shape: [grid.count, ...grid.shape], values: grid.sets.at(-1)! };
  if (ending === ".npy") await writeFileAtomic(file, encodeNpy(shape, values));
  else if (text && columns) await writeFileAtomic(file, text(values, { count: shape[0]!, columns }));
  else await writePng(file, gridRaster(grid));
  if (json) {
    console.log(JSON.stringify({ file, shape, ...about.details }));
    return;
  }
  if (ending === ".png") showImageGrid(about.title, grid, about.terminalRows);
  console.log(`${about.title}: ${file}`);
}

/** Files that examples may be written to, before their kind is known. */
export const imageGridKinds: readonly FileKind[] = [".png", ".npy", ".csv"];

/** The kind of file asked for. Throws ConfigError for one that cannot be written, before anything is computed for it. */
export function checkKind(file: string, kinds: readonly FileKind[] = [".png", ".npy"]): FileKind {
  const kind = kinds.find((k) => k === extname(file).toLowerCase());
  if (kind !== undefined) return kind;
  throw new ConfigError(`--out: unknown file type, got "${file}", expected a name that ends in ${kinds.join(" or ")}`);
}
export type FileKind = ".png" | ".npy" | ".csv" | ".gif" | ".webp" | ".svg" | ".html" | ".json" | ".safetensors";

/** Where a run keeps its own pictures. */
export const samplesFile = (run: string, name: string): string => join(run, "samples", name);
