import { readNpy } from "../../data/formats/read-npy.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { checkMask } from "../../evaluation/samples/editing.ts";
import { checkCompletes, isKeptPart, keptParts, maskKeeping } from "../../evaluation/samples/kept-part.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { imageDecoder } from "../../node/data/images/image-decoder.ts";
import { isImageName } from "../../node/data/images/image-files.ts";
import { openFile } from "../../node/data/open-file.ts";
import { isImage } from "../../pictures/image-grid.ts";

/**
 * The mask of a file for examples of this shape: 1 where they are sampled anew, 0 where they are kept. Of an image one for all channels. Throws
 * DataError for another size, ConfigError for other values than black and white, or 0 and 1.
 */
export async function readMask(path: string, shape: Shape): Promise<Float32Array> {
  const file = await openFile(path);
  if (!file)
    throw new DataError(
      `${path}: no such file, got nothing to read, expected a mask: an image, or a .npy file of 1 and 0`,
    );
  const { extent, values } = isImageName(path) ? await imageMask(path, shape) : await arrayMask(file);
  const one = shape.slice(1).join();
  const [wanted, found] = [shape.join(), extent.join()];
  const perChannel = isImage(shape) && (found === one || found === `1,${one}`);
  if (found !== wanted && !perChannel)
    throw new DataError(
      `${path}: the mask does not fit the examples, got [${extent.join(", ")}], expected [${shape.join(", ")}]`,
    );
  const mask = Float32Array.from({ length: sizeOf(shape) }, (_, i) => values[i % values.length]!);
  checkMask(path, mask, { shape, count: 1 });
  return mask;
}

/** The mask of what --keep says: a part by name, or a file as of --mask. Throws ConfigError where it keeps all or nothing. */
export async function readKept(keep: string, shape: Shape): Promise<Float32Array> {
  if (isKeptPart(keep)) return maskKeeping(keep, shape);
  if (!/\.\w+$/.test(keep))
    throw new ConfigError(
      `--keep: neither a part nor a file, got ${keep}, expected ${keptParts.join(", ")}, or a mask: an image or a .npy file`,
    );
  const mask = await readMask(keep, shape);
  checkCompletes(keep, mask, shape);
  return mask;
}

interface MaskValues {
  readonly extent: readonly number[];
  readonly values: Float32Array;
}

const arrayMask = async (file: Parameters<typeof readNpy>[0]): Promise<MaskValues> => {
  const { shape, values } = await readNpy(file);
  return { extent: shape, values: Float32Array.from(values) };
};

async function imageMask(path: string, shape: Shape): Promise<MaskValues> {
  if (!isImage(shape))
    throw new DataError(
      `${path}: an image for examples that are none, got examples of [${shape.join(", ")}], expected a mask in a .npy file`,
    );
  const decoder = await imageDecoder();
  const { width, height } = await decoder.head(path);
  const values = await decoder.decode(path, { width, height, channels: 1 });
  return { extent: [1, height, width], values: Float32Array.from(values, (value) => value / 255) };
}
