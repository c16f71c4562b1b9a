import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import { encodeWebp } from "../../node/files/webp-film.ts";
import { encodeGif } from "../../pictures/gif.ts";
import type { Raster } from "../../pictures/raster.ts";
import { checkKind } from "./write-output.ts";

/** Files that a film is written to. */
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
