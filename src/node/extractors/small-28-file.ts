import { readSmall28, type SmallTraining, smallName, trainSmall28 } from "../../evaluation/extractors/small-28.ts";
import type { Extractor, ExtractorCache } from "../../evaluation/extractors/extractor.ts";
import type { DataSource } from "../../data/split.ts";
import type { Shape } from "../../graph/shape.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { cachedFile, pruneCache, writeCached } from "../files/cache.ts";
import { readExtractorFile } from "./read-extractor-file.ts";

/** 3 channels and 256 classes take 2 MB. */
const mostBytes = 16_000_000;
const mostCachedBytes = 200_000_000;
const ending = `.${smallName}.safetensors`;

/** As readSmall28, from a file. */
export const readSmallExtractor = async (path: string, shape: Shape): Promise<Extractor> =>
  readSmall28(await readExtractorFile(path, mostBytes), { where: path, device: await cpuDevice(1), shape });

/** As trainSmall28, on one thread of the CPU. */
export const trainSmallExtractor = async (
  source: DataSource,
  options: Omit<SmallTraining, "device"> = {},
): Promise<readonly Uint8Array[]> => trainSmall28(source, { ...options, device: await cpuDevice(1) });

/** Keeps trained extractors among the user's cached files. */
export const smallExtractorCache: ExtractorCache = {
  async read(name) {
    const path = await cachedFile(`${name}${ending}`);
    return path === undefined ? undefined : { bytes: await readExtractorFile(path, mostBytes), where: path };
  },
  async write(name, pieces) {
    await writeCached(`${name}${ending}`, pieces);
    await pruneCache(ending, mostCachedBytes);
  },
};
