/**
 * Tensors in safetensors files.
 *
 * @module latentkit/serialization
 */
export { readSafetensors, safetensorsChunks, type SafetensorsFile, type SafetensorsTensor } from "./safetensors.ts";
