/**
 * Data: built-in generators, readers of array and table formats, splits and batches.
 *
 * @module latentkit/data
 */
export { Batches, type BatchOptions, type Cursor } from "./batches.ts";
export { BINARIZATIONS, type Binarization, parseBinarization } from "./binarize.ts";
export { createDataset, type Dataset, exampleSize, type ExampleStore } from "./dataset.ts";
export { arrayDatasets } from "./arrays/array-dataset.ts";
export type { ByteFile, SlicedFile } from "./formats/byte-file.ts";
export { type IdxDatasetFiles, readIdxDataset } from "./formats/idx-dataset.ts";
export { type IdxArray, readIdx, type ReadIdxOptions } from "./formats/idx.ts";
export { readMat } from "./formats/mat.ts";
export { encodeNpy } from "./formats/npy.ts";
export type { NpzPart } from "./arrays/array-keys.ts";
export { readNpz } from "./formats/npz.ts";
export { type NpyArray, readNpy, type ReadNpyOptions } from "./formats/read-npy.ts";
export { digits, type DigitsOptions, digitsSource, type DigitsSourceOptions } from "./generators/digits.ts";
export type { Factors } from "./generators/factors.ts";
export { type KnownDataSource, openGeneratedSource } from "./generators/generated-sources.ts";
export { sprites, spritesSource, type SpritesSourceOptions } from "./generators/sprites.ts";
export { toySource, type ToySourceOptions } from "./generators/toy-source.ts";
export { findToy, sampleToy, type Toy, toys } from "./generators/toys.ts";
export { toDataUnits, toModelUnits, type Units } from "./arrays/units.ts";
export { drawnExamples } from "./examples/drawn-examples.ts";
export { everyExample } from "./examples/every-example.ts";
export { firstExamples } from "./first-examples.ts";
export type { DataSourceOptions, LoadProgress, OnLoadProgress } from "./options.ts";
export {
  createDataSource,
  type DataSource,
  type Split,
  split as splitDataset,
  type SplitOptions,
  whole,
} from "./split.ts";
export { splitSpec } from "./split-spec.ts";
export { type ColumnSpec, type DataSpec, dataSpec, type FieldSpec } from "./spec.ts";
export { type CategoryColumn, type Column, type NumberColumn } from "./tables/column.ts";
export { rowText } from "./tables/row-text.ts";
export { type TableOptions, TableReader, type TableReaderOptions } from "./tables/table.ts";
