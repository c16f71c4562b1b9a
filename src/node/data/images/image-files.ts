import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { DataError } from "../../../errors.ts";

/** Files are images by their names' endings; those of formats that cannot be read count as broken images. */
const IMAGE_NAME = /\.(jpe?g|png|webp|gif|tiff?|avif|bmp|heic|heif|jp2|jxl)$/i;

export const isImageName = (path: string): boolean => IMAGE_NAME.test(path);

const partNames = {
  train: ["train", "training"],
  validation: ["val", "valid", "validation"],
  test: ["test", "testing"],
} as const;
export type ImagePart = keyof typeof partNames;

export interface ImageFile {
  /** From the folder, with slashes. */
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  /** What its folder says it is for, where folders do. */
  readonly part: ImagePart | undefined;
  /** The subfolder it is in, where all are in one: its class. */
  readonly label: string | undefined;
}

/** Stats at a time. */
const TOGETHER = 256;

/**
 * The image files of a folder and its subfolders by path. Subfolders named train and val or test are parts; the subfolders of
 * those, or of the folder itself, are classes where every image lies in one. Throws `DataError` where there are none.
 */
export async function listImages(folder: string): Promise<readonly ImageFile[]> {
  const entries = await filesBelow(folder).catch((cause: unknown) => {
    throw new DataError(`${folder}: cannot be read, got ${String(cause)}, expected a folder that can`, { cause });
  });
  const paths = entries
    .filter(({ name }) => IMAGE_NAME.test(name) && !name.startsWith("."))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .toSorted(byCodeUnits);
  if (paths.length === 0)
    throw new DataError(
      `${folder}: neither MNIST's four files nor images, got ${entries.length} other entries, expected .jpg, .png, .webp, .gif, .tif or .avif files, or train-images-idx3-ubyte`,
    );
  const parted = paths.some((path) => partOf(path) === "train") && paths.every((path) => partOf(path) !== undefined);
  const inParts = paths.map((path) => (parted ? path.slice(path.indexOf("/") + 1) : path));
  const labeled = inParts.every((path) => path.includes("/"));
  const files: ImageFile[] = [];
  for (let first = 0; first < paths.length; first += TOGETHER) {
    const some = paths.slice(first, first + TOGETHER);
    const stats = await Promise.all(some.map((path) => stat(join(folder, path)).catch(() => undefined)));
    some.forEach((path, i) =>
      files.push({
        path,
        size: stats[i]?.size ?? 0,
        modified: stats[i]?.mtimeMs ?? 0,
        part: parted ? partOf(path) : undefined,
        label: labeled ? inParts[first + i]!.slice(0, inParts[first + i]!.indexOf("/")) : undefined,
      }),
    );
  }
  return files;
}

/** All entries of a folder and its subfolders that are no folders. Links to folders are entries: Node 26 would follow them, around a circle too. */
async function filesBelow(folder: string): Promise<readonly Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const below = await Promise.all(
    entries.map(async (entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [entry])),
  );
  return below.flat();
}

/** One image, of no part or class. */
export async function imageFile(path: string): Promise<ImageFile> {
  const { size, mtimeMs } = await stat(path);
  return { path: basename(path), size, modified: mtimeMs, part: undefined, label: undefined };
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function partOf(path: string): ImagePart | undefined {
  const top = path.includes("/") ? path.slice(0, path.indexOf("/")).toLowerCase() : "";
  return (Object.keys(partNames) as ImagePart[]).find((part) => partNames[part].some((name) => name === top));
}
