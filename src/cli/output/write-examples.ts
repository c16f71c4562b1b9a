import { extname } from "node:path";
import { type ExampleIndex, saysMore } from "../../data/examples/example-index.ts";
import { csvLine, type CsvLine } from "../../data/formats/csv.ts";
import { encodeNpy, npyBytes, npyHeader } from "../../data/formats/npy.ts";
import { toDataUnits } from "../../data/arrays/units.ts";
import { kindOf } from "../../kinds/registry.ts";
import { writeFileAtomic } from "../../node/files/atomic-write.ts";
import type { RunInfo } from "../../runs/run-info.ts";

/** What the examples of a file are of: columns and units of the data a run was trained on. */
export type ExampleUnits = Pick<RunInfo["data"], "kind" | "columns" | "range" | "standardization">;

/** Examples in pieces, as a model gives them, and what stands beside them. */
export interface WrittenExamples {
  readonly count: number;
  /** Of one example. */
  readonly shape: readonly number[];
  readonly pieces: Iterable<Float32Array> | AsyncIterable<Float32Array>;
  readonly units: ExampleUnits;
  /** Further columns of a table, before or after its own. */
  readonly before?: ExampleIndex;
  readonly after?: ExampleIndex;
  readonly line?: CsvLine;
}

/** Writes examples to a .csv file in the terms of their table, else as an array in the units of the data. */
export async function writeExamples(file: string, examples: WrittenExamples): Promise<void> {
  const { columns, kind } = examples.units;
  const rows = kindOf(kind).rows;
  const csv = extname(file).toLowerCase() === ".csv" && rows && columns;
  await writeFileAtomic(file, csv ? csvBytes(examples, { columns, rows }) : arrayBytes(examples));
}

async function* arrayBytes({ count, shape, pieces, units }: WrittenExamples): AsyncGenerator<Uint8Array> {
  yield npyHeader([count, ...shape]);
  for await (const piece of pieces) yield npyBytes(toDataUnits(units, piece));
}

/** Lines that are encoded together. */
const together = 1000;

async function* csvBytes(
  { pieces, before, after, line = csvLine }: WrittenExamples,
  {
    columns,
    rows,
  }: {
    readonly columns: NonNullable<ExampleUnits["columns"]>;
    readonly rows: NonNullable<ReturnType<typeof kindOf>["rows"]>;
  },
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const names = columns.map(({ name }) => name);
  let lines = [line([...(before?.names ?? []), ...names, ...(after?.names ?? [])])];
  let place = 0;
  for await (const piece of pieces)
    for (const fields of rows(piece, columns)) {
      lines.push(line([...(before?.row(place) ?? []), ...fields, ...(after?.row(place) ?? [])]));
      place += 1;
      if (lines.length < together) continue;
      yield encoder.encode(lines.join(""));
      lines = [];
    }
  yield encoder.encode(lines.join(""));
}

/** A file of the same name with another ending. */
export const beside = (file: string, ending: string): string =>
  `${file.slice(0, file.length - extname(file).length)}${ending}`;

/** Writes what rows of a file are called beside it, as `NAME.index.csv`, and returns that file. */
export async function writeIndexBeside(
  file: string,
  count: number,
  { names, row }: ExampleIndex,
  line: CsvLine = csvLine,
): Promise<string> {
  const index = beside(file, ".index.csv");
  const lines = function* () {
    const encoder = new TextEncoder();
    yield encoder.encode(line(names));
    for (let place = 0; place < count; place++) yield encoder.encode(line(row(place)));
  };
  await writeFileAtomic(index, lines());
  return index;
}

/**
 * Writes codes [examples, dim] to a .csv file with what each example is called, or as an array: then that is beside it, where it is more than
 * the number of an example. Returns both files.
 */
export async function writeCodes(
  file: string,
  { codes, dim, index, line }: CodesOfExamples,
): Promise<{ readonly file: string; readonly index?: string }> {
  const examples = codes.length / dim;
  if (extname(file).toLowerCase() === ".npy") {
    await writeFileAtomic(file, encodeNpy([examples, dim], codes));
    return { file, ...(saysMore(index) && { index: await writeIndexBeside(file, examples, index, line) }) };
  }
  const names = Array.from({ length: dim }, (_, i) => `z${i}`);
  const rows = Array.from({ length: examples }, (_, i) => [
    ...index.row(i),
    ...Array.from(codes.subarray(i * dim, (i + 1) * dim), String),
  ]);
  await writeFileAtomic(file, [[...index.names, ...names], ...rows].map(line).join(""));
  return { file };
}

export interface CodesOfExamples {
  readonly codes: Float32Array;
  readonly dim: number;
  readonly index: ExampleIndex;
  readonly line: CsvLine;
}
