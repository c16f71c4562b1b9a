export { Batches, type BatchOptions, type Cursor } from "./batches.ts";
export { BINARIZATIONS, parseBinarization, type Binarization } from "./binarize.ts";
export { createDataset, exampleSize, type Dataset } from "./dataset.ts";
export { digits, digitsSource, type DigitsOptions, type DigitsSourceOptions } from "./generators/digits.ts";
export { readIdxDataset, type IdxDatasetFiles } from "./formats/idx-dataset.ts";
export type { ByteFile, SlicedFile } from "./formats/byte-file.ts";
export { readIdx, type IdxArray, type ReadIdxOptions } from "./formats/idx.ts";
export { createDataSource, split, whole, type DataSource, type Split, type SplitOptions } from "./split.ts";
