/** A reproduced table in text and Markdown: their values beside ours. */
import type { MeasuredRow } from "../../runs/studies/reproduce-row.ts";
import type { Reproduction, ReproductionColumn, ReproductionRow } from "../../reproductions/index.ts";
import { durationText } from "./progress.ts";

/** A row with its results, one of each seed. */
export interface ReproducedRow {
  readonly row: ReproductionRow;
  readonly measured: readonly MeasuredRow[];
}

type Ours = Pick<ReproductionColumn, "ours" | "of">;

const resultIn = ({ results }: MeasuredRow, { ours, of }: Ours): MeasuredRow["results"][number] | undefined =>
  (of ?? [undefined])
    .map((which) => results.find((result) => result.name === ours && (of === undefined || result.of === which)))
    .find((result) => result !== undefined);

/** A result of a row in each run of it; NaN where it was not measured. */
const valuesOf = ({ measured }: ReproducedRow, result: Ours): readonly number[] =>
  measured.map((run) => resultIn(run, result)?.value ?? Number.NaN);

/** The value in the middle, or the mean of two where they are even in number. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * Heading and rows: for each result a column of theirs, where there are any, then one of ours, the median over seeds where there are
 * several, below it each of them.
 */
export function reproductionCells(table: Reproduction, rows: readonly ReproducedRow[]): string[][] {
  const all = rows.map((reproduced) => ({ reproduced, columns: columnsOf(table, reproduced) }));
  const headings = [...table.columns, ...(table.ratios ?? [])].map(({ heading }) => heading);
  const known = headings.map((_, k) => all.some(({ columns }) => columns[k]!.theirs !== undefined));
  const head = [
    "",
    ...headings.flatMap((heading, k) => (known[k] ? [heading, "ours"] : [heading])),
    "epochs",
    "training",
  ];
  return [head, ...all.flatMap(({ reproduced, columns }) => rowCells(reproduced, columns, known))];
}

/** Theirs of a row, and ours in each run of it. */
interface Column {
  readonly theirs: number | string | undefined;
  readonly unverified: boolean;
  readonly ours: readonly number[];
  readonly digits: number;
  /** Of the first run. */
  readonly standardError?: number | undefined;
}

function columnsOf(table: Reproduction, reproduced: ReproducedRow): Column[] {
  const { row, measured } = reproduced;
  const { unverified = false } = row;
  const results = table.columns.map((result): Column => {
    const { standardError } = resultIn(measured[0]!, result) ?? {};
    return {
      theirs: row.theirs[result.name],
      unverified,
      ours: valuesOf(reproduced, result),
      digits: result.digits,
      standardError,
    };
  });
  const result = (name: string): Column => results[table.columns.findIndex((found) => found.name === name)]!;
  const ratios = (table.ratios ?? []).map((ratio): Column => {
    const [over, under] = [result(ratio.over), result(ratio.under)];
    const { theirs: top } = over;
    const { theirs: bottom } = under;
    const theirs = typeof top === "number" && typeof bottom === "number" ? top / bottom : undefined;
    return { theirs, unverified, ours: over.ours.map((value, i) => value / under.ours[i]!), digits: 2 };
  });
  return [...results, ...ratios];
}

const numberText = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : "-");

function rowCells({ row, measured }: ReproducedRow, columns: readonly Column[], known: readonly boolean[]): string[][] {
  const several = measured.length > 1;
  const summary = columns.flatMap(({ theirs = "-", unverified, ours, digits, standardError }, k) => {
    const error = several || standardError === undefined ? "" : ` ± ${numberText(standardError, digits)}`;
    const cell = numberText(median(ours), digits) + error;
    const reported = typeof theirs === "number" ? numberText(theirs, digits) : theirs;
    return known[k] ? [unverified && reported !== "-" ? `${reported}?` : reported, cell] : [cell];
  });
  const trained = ({ epochs, trainingSeconds }: MeasuredRow): readonly string[] => [
    String(Number(epochs.toFixed(1))),
    durationText(trainingSeconds),
  ];
  if (!several) return [[row.title, ...summary, ...trained(measured[0]!)]];
  const seedCells = (run: MeasuredRow, i: number): string[] => {
    const ours = columns.flatMap(({ ours: values, digits }, k) => {
      const cell = numberText(values[i]!, digits);
      return known[k] ? ["", cell] : [cell];
    });
    return [`  seed ${run.seed}`, ...ours, ...trained(run)];
  };
  return [[row.title, ...summary, "", ""], ...measured.map(seedCells)];
}

/** For each result, the number of pairs of rows that have the same order in both tables; unverified rows are left out. */
export function rankAgreement(table: Reproduction, rows: readonly ReproducedRow[]): string[] {
  return table.columns.flatMap((result) => {
    const points = rows.flatMap((reproduced) => {
      const theirs = reproduced.row.theirs[result.name];
      const ours = median(valuesOf(reproduced, result));
      return typeof theirs === "number" && !reproduced.row.unverified && Number.isFinite(ours)
        ? [{ theirs, ours }]
        : [];
    });
    const pairs = points.flatMap((a, i) => points.slice(i + 1).map((b) => (a.theirs - b.theirs) * (a.ours - b.ours)));
    const same = pairs.filter((product) => product > 0).length;
    return pairs.length === 0 ? [] : [`${result.heading} ${same} of ${pairs.length}`];
  });
}
