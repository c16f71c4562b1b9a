import type { OpenExtractor } from "../../evaluation/extractors/extractor.ts";
import { extractorOpener } from "../../evaluation/extractors/extractor-opener.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { onnxExtractor } from "./onnx-extractor.ts";
import { readSmallExtractor, smallExtractorCache } from "./small-28-file.ts";

/**
 * The extractor of a name, as extractorOpener says, or of a file: of `metrics train-extractor` (.safetensors), or any ONNX model
 * (.onnx). Throws ConfigError for an unknown name, DataError for a file or labels that are missing or do not fit.
 */
export const openExtractor: OpenExtractor = extractorOpener({
  device: () => cpuDevice(1),
  cache: smallExtractorCache,
  files: { ".safetensors": readSmallExtractor, ".onnx": onnxExtractor },
});
