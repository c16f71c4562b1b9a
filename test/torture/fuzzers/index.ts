import type { Fuzzer } from "../fuzzing/fuzzer.ts";
import { cifar, idx, mat, npy, npz } from "./arrays.ts";
import { extractors } from "./extractors.ts";
import { images } from "./images.ts";
import { parquet } from "./parquet.ts";
import { configs, runFolders } from "./run-folders.ts";
import { safetensors } from "./safetensors.ts";
import { tables } from "./tables.ts";

/** One for every reader of files from outside. */
export const fuzzers: readonly Fuzzer[] = [
  parquet,
  tables,
  npy,
  npz,
  idx,
  mat,
  cifar,
  images,
  safetensors,
  runFolders,
  configs,
  extractors,
];
