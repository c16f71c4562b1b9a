import { ConfigError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";
import { nearestName } from "../../nearest-name.ts";
import { isImage } from "../../pictures/image-grid.ts";
import type { Device } from "../../runtime/device.ts";
import { quoted } from "../../serialization/quoted.ts";
import type { Extractor, ExtractorCache, OpenExtractor } from "./extractor.ts";
import { rawExtractor, rawName } from "./raw.ts";
import { small28, smallName } from "./small-28.ts";

/** What a platform has for extractors. */
export interface ExtractorResources {
  /** Where small-28 is trained and run: gives the same values each time. */
  readonly device: () => Promise<Device>;
  readonly cache?: ExtractorCache;
  /** How files are opened for examples of a shape, by the ending of their names: `.onnx`. */
  readonly files?: Readonly<Record<string, (path: string, shape: Shape) => Promise<Extractor>>>;
}

/**
 * What opens the extractors of a platform: `small-28`, trained on the source's own labeled examples or found in the cache; `raw`, their
 * values as they are; and files by their ending. Where none is named it takes small-28 for images and raw for all else, and throws
 * ConfigError for an unknown name.
 */
export function extractorOpener({ device, cache, files = {} }: ExtractorResources): OpenExtractor {
  return async (source, { spec, onTraining } = {}) => {
    const { shape } = source.train.dataset;
    const name = spec ?? (isImage(shape) ? smallName : rawName);
    if (name === rawName) return rawExtractor(shape);
    if (name === smallName) return small28(source, { device: await device(), cache, onTraining });
    const ending = /[^/\\](\.[^./\\]+)$/.exec(name)?.[1] ?? "";
    if (Object.hasOwn(files, ending)) return files[ending]!(name, shape);
    const endings = Object.keys(files).join(" or ");
    const nearest = nearestName(name, [smallName, rawName]);
    const known =
      endings === "" ? `${smallName} or ${rawName}` : `${smallName}, ${rawName}, or a file that ends in ${endings}`;
    throw new ConfigError(
      `--extractor: unknown extractor, got ${quoted(name)}, expected ${known}${nearest ? `; did you mean ${nearest}?` : ""}`,
    );
  };
}
